"""The lapped autoencoder: shapes, groups that are encoded alone, an orthonormal basis, saving and loading at half precision."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from studio.backbones.animatic.autoencoder import VALUES, LappedAutoencoder
from studio.backbones.animatic.film_size import PATCH
from studio.backbones.animatic.lapped import border_rotation
from tests.bases import of_colours, of_grey


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def model() -> LappedAutoencoder:
    """Small, with a random orthonormal basis, uneven deviations and a mean."""
    made = LappedAutoencoder(24)
    basis = torch.linalg.qr(random(VALUES, 24)).Q.T
    made.set_basis(basis, torch.linspace(2, 0.5, 24), torch.linspace(-0.3, 0.3, VALUES))
    return made.eval().requires_grad_(False)


def test_shapes(model: LappedAutoencoder) -> None:
    frames = random(2, 3, 9, 32, 48)
    latents = model.encode(frames)
    assert latents.shape == (2, 24, 3, 2, 3)
    assert model.channels == 24
    assert model.decode(latents).shape == frames.shape
    assert model.preview(latents).shape == (2, 3, 3, 8, 12)


def test_one_frame_works(model: LappedAutoencoder) -> None:
    frame = random(1, 3, 1, 32, 32)
    latent = model.encode(frame)
    assert latent.shape == (1, 24, 1, 2, 2)
    assert model.decode(latent).shape == frame.shape
    assert torch.equal(latent[:, :, 0], model.encode_group(frame.expand(-1, -1, 4, -1, -1)))


def test_wrong_sizes_are_refused(model: LappedAutoencoder) -> None:
    with pytest.raises(ValueError, match=r"\(4, 32, 32\); they must be 1 \+ 4 k frames"):
        model.encode(torch.zeros(1, 3, 4, 32, 32))
    for height, width in ((40, 32), (32, 24)):
        with pytest.raises(ValueError, match="multiples of 16 pixels"):
            model.encode(torch.zeros(1, 3, 5, height, width))


def test_groups_are_encoded_alone(model: LappedAutoencoder) -> None:
    """A latent does not change when other frames do, so a film's history can be cut anywhere."""
    frames = random(1, 3, 9, 32, 32)
    other = frames.clone()
    other[:, :, 5:] = 0
    assert torch.equal(model.encode(frames)[:, :, :2], model.encode(other)[:, :, :2])
    assert not torch.equal(model.encode(frames)[:, :, 2], model.encode(other)[:, :, 2])


def test_a_film_decoded_as_it_grows_has_the_bits_of_one_decoded_at_once(model: LappedAutoencoder) -> None:
    latents = random(1, 24, 10, 2, 3)
    whole = model.decode(latents)
    for end in (1, 2, 7):
        assert torch.equal(model.decode(latents[:, :, :end]), whole[:, :, : 4 * end - 3])
    late = torch.cat([model.decode_group(latents[:, :, at].clone()) for at in (7, 8, 9)], dim=2)
    assert torch.equal(late, whole[:, :, -12:])


def test_encoding_what_was_decoded_gives_the_latent_again(model: LappedAutoencoder) -> None:
    latents = random(2, 24, 4, 3, 2)
    again = model.encode(model.decode(latents))
    assert torch.allclose(again[:, :, 1:], latents[:, :, 1:], atol=1e-4)
    assert torch.allclose(model.encode_group(model.decode_group(latents[:, :, 0])), latents[:, :, 0], atol=1e-4)


def test_a_full_basis_loses_nothing_and_a_smaller_one_the_fine_detail() -> None:
    film = random(1, 1, 9, 48, 32).expand(-1, 3, -1, -1, -1)
    grey, coarse = of_grey(), of_colours(4)
    assert torch.allclose(grey.decode(grey.encode(film)), film, atol=1e-4)
    smooth = F.interpolate(random(1, 3, 3, 2), (48, 32), mode="bicubic").unsqueeze(2)
    kept = coarse.decode(coarse.encode(smooth))
    assert (kept - smooth).square().mean() < 0.02 * smooth.square().mean()
    still = film[:, :, :1]
    assert (coarse.decode(coarse.encode(still)) - still).square().mean() > 0.8 * still.square().mean()


def test_coarse_structure_stays_larger_than_fine_detail() -> None:
    """A channel whose coefficients are four times as wide comes out twice as wide, not alike."""
    model = LappedAutoencoder(2)
    basis = torch.linalg.qr(random(VALUES, 2)).Q.T
    model.set_basis(basis, torch.tensor([4.0, 1.0]), torch.zeros(VALUES))
    patches = (random(400, 2) * torch.tensor([4.0, 1.0])) @ basis
    frames = F.pixel_shuffle(patches.view(400, VALUES, 1, 1), PATCH).unflatten(1, (3, 4))
    wide, narrow = model.encode_group(frames).std(dim=(0, 2, 3)).tolist()
    assert wide / narrow == pytest.approx(2.0, rel=0.2)


def test_some_channels_are_a_prefix_of_all(model: LappedAutoencoder) -> None:
    group = random(2, 3, 4, 32, 48)
    assert model.encode_group(group, 5).shape == (2, 5, 2, 3)
    assert torch.allclose(model.encode_group(group, 5), model.encode_group(group)[:, :5], atol=1e-5)


def test_a_look_is_the_mean_colour_of_every_four_pixels(model: LappedAutoencoder) -> None:
    """Exact for plain patches; with lapped ones it is near for smooth pictures."""
    plain = LappedAutoencoder(24)
    plain.load_state_dict(model.state_dict())
    plain.turn.copy_(torch.eye(PATCH))
    latents = 0.3 * random(1, 24, 2, 2, 3)
    last = plain.decode_group(latents[:, :, 1])[:, :, -1]
    assert torch.allclose(plain.preview(latents)[:, :, 1], F.avg_pool2d(last, 4).clamp(-1, 1), atol=1e-5)
    colours = of_colours(4)
    smooth = F.interpolate(0.5 * random(1, 3, 2, 2), (64, 64), mode="bilinear").unsqueeze(2)
    latent = colours.encode(smooth)
    assert (colours.preview(latent)[:, :, 0] - F.avg_pool2d(smooth[:, :, 0], 4)).abs().mean() < 0.05


def test_saved_and_loaded(model: LappedAutoencoder, tmp_path: Path) -> None:
    model.save_pretrained(tmp_path / "vae")
    again = LappedAutoencoder.from_pretrained(tmp_path / "vae").eval()
    latents = random(1, 24, 2, 2, 2)
    assert torch.equal(again.decode(latents), model.decode(latents))
    assert again.config.latent_channels == 24


def test_weights_of_half_precision_are_loaded_and_used_at_full(model: LappedAutoencoder, tmp_path: Path) -> None:
    half = LappedAutoencoder(24)
    half.load_state_dict(model.state_dict())
    half.to(torch.float16).save_pretrained(tmp_path / "vae")
    again = LappedAutoencoder.from_pretrained(tmp_path / "vae", torch_dtype=torch.float32).eval()
    assert {tensor.dtype for tensor in again.buffers()} == {torch.float32}
    assert torch.equal(again.turn, border_rotation(PATCH))  # the filter is not stored: it would lose digits
    latents = random(1, 24, 2, 2, 2)
    made, true = again.decode(latents), model.decode(latents)
    assert (made - true).abs().max() < 0.01
