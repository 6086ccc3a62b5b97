"""The patch autoencoder: shapes, streaming bit for bit, what it keeps of pictures, saving and loading."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from studio.diffusion.autoencoder import VALUES, PatchVideoAutoencoder


@pytest.fixture(scope="module")
def model() -> PatchVideoAutoencoder:
    """Small, with a random orthonormal basis and decoder convolutions that do something."""
    torch.manual_seed(0)
    made = PatchVideoAutoencoder(latent_channels=24, width=32, blocks=1, fine_width=8, fine_blocks=1)
    basis = torch.linalg.qr(torch.randn(VALUES, 24)).Q.T
    made.set_basis(basis, torch.linspace(2, 0.5, 24), torch.full((VALUES,), 0.1))
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    return made.eval().requires_grad_(False)


def test_shapes(model: PatchVideoAutoencoder) -> None:
    frames = torch.rand(2, 3, 9, 32, 48) * 2 - 1
    latents = model.encode(frames)
    assert latents.shape == (2, 24, 3, 2, 3)
    assert model.decode(latents).shape == frames.shape
    assert model.linear_rgb(latents).shape == (2, 3, 3, 8, 12)


def test_one_frame(model: PatchVideoAutoencoder) -> None:
    frame = torch.rand(1, 3, 1, 32, 32) * 2 - 1
    latent = model.encode(frame)
    assert latent.shape == (1, 24, 1, 2, 2)
    assert model.decode(latent).shape == frame.shape


def test_wrong_sizes_are_refused(model: PatchVideoAutoencoder) -> None:
    with pytest.raises(ValueError, match="1 \\+ 4 k"):
        model.encode(torch.zeros(1, 3, 4, 32, 32))
    with pytest.raises(ValueError, match="multiples of 16"):
        model.encode(torch.zeros(1, 3, 5, 40, 32))


def test_stream_equals_one_shot(model: PatchVideoAutoencoder) -> None:
    latents = torch.randn(1, 24, 10, 2, 3)
    whole = model.decode(latents)
    first = model.decode(latents[:, :, :1])
    second = model.decode_next(latents[:, :, 1:4], latents[:, :, :1])
    third = model.decode_next(latents[:, :, 4:], latents[:, :, 3:4])
    assert torch.equal(whole, torch.cat([first, second, third], dim=2))


def test_groups_are_encoded_alone(model: PatchVideoAutoencoder) -> None:
    """A latent does not change when other frames do, so a film's history can be cut anywhere."""
    frames = torch.rand(1, 3, 9, 32, 32) * 2 - 1
    other = frames.clone()
    other[:, :, 5:] = 0
    assert torch.equal(model.encode(frames)[:, :, :2], model.encode(other)[:, :, :2])
    assert not torch.equal(model.encode(frames)[:, :, 2], model.encode(other)[:, :, 2])


def test_a_new_one_projects_on_its_basis() -> None:
    """Before any training, decoding undoes encoding for frames that the basis can hold; a preview shows their mean colour."""
    model = PatchVideoAutoencoder(latent_channels=4, width=16, blocks=1, fine_width=4, fine_blocks=1)
    flat = torch.zeros(4, 3, VALUES // 3)
    for channel in range(3):
        flat[channel, channel] = (VALUES / 3) ** -0.5
    flat[3] = torch.linalg.qr(torch.cat([flat[:3].view(3, -1), torch.randn(1, VALUES)]).T).Q[:, 3].view(3, -1)
    model.set_basis(flat.view(4, VALUES), torch.tensor([9.0, 4.0, 4.0, 1.0]), torch.zeros(VALUES))
    colour = torch.tensor([0.5, -0.25, 0.8]).view(1, 3, 1, 1, 1).expand(1, 3, 5, 32, 32)
    with torch.no_grad():
        latents = model.encode(colour)
        assert torch.allclose(model.decode(latents), colour, atol=1e-4)
        assert torch.allclose(model.linear_rgb(latents)[0, :, 0, 0, 0], torch.tensor([0.5, -0.25, 0.8]), atol=1e-4)


def test_saved_and_loaded(model: PatchVideoAutoencoder, tmp_path: Path) -> None:
    model.save_pretrained(tmp_path / "vae")
    again = PatchVideoAutoencoder.from_pretrained(tmp_path / "vae").eval()
    latents = torch.randn(1, 24, 2, 2, 2)
    with torch.no_grad():
        assert torch.equal(again.decode(latents), model.decode(latents))
    assert again.config.latent_channels == 24
