"""Fitting a toy autoencoder: the basis is that of the films' patches, and a stopped run gathers what a straight one gathers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from studio.backbones.animatic.autoencoder import VALUES, LappedAutoencoder
from studio.backbones.animatic.film_size import PATCH
from studio.backbones.animatic.lapped import border_rotation
from studio.lab.train import autoencoder
from studio.lab.train.autoencoder import AutoencoderRecipe, PatchDataset, basis, lapped_patches, still_part, train


def toy(run: Path) -> AutoencoderRecipe:
    return AutoencoderRecipe(run=str(run), channels=8, films=4, width=48, height=32, groups=2, workers=0, save_every=2)


def test_the_basis_is_of_principal_components() -> None:
    """Patches of one pixel with three known directions of known deviations (two stand still, one changes), around a mean."""
    rng = torch.Generator().manual_seed(0)
    stands, changes = torch.linalg.qr(torch.randn(3, 3, generator=rng)).Q, torch.tensor([1.0, 1.0, -1.0, -1.0]) / 2
    first, second = (row.repeat_interleave(4) / 2 for row in stands[:2])
    true = torch.stack([first, torch.outer(stands[2], changes).flatten(), second])
    middle = torch.linspace(-1, 1, 3).repeat_interleave(4)
    found = torch.randn(20_000, 3, generator=rng) * torch.tensor([4.0, 2.0, 1.0]) @ true + middle
    found = found + 0.1 * torch.randn(20_000, 12, generator=rng)
    components, deviation, mean, kept = basis(found.sum(0), found.T @ found, len(found), 3)
    assert torch.allclose(components @ components.T, torch.eye(3), atol=1e-5)
    assert torch.allclose((components @ true.T).abs(), torch.eye(3), atol=0.05)
    assert torch.allclose(deviation, torch.tensor([4.0, 2.0, 1.0]), rtol=0.03)
    assert torch.allclose(mean, middle, atol=0.1)
    assert kept == pytest.approx(21 / 21.12, abs=0.002)


def test_a_still_picture_decoded_and_encoded_again_stays_as_it_is() -> None:
    rng = torch.Generator().manual_seed(0)
    mixing = torch.randn(48, 48, generator=rng)                          # 2 x 2 pixels, where standing and changing go together
    found = torch.randn(4000, 48, generator=rng) @ mixing
    components, _, mean, _ = basis(found.sum(0), found.T @ found, len(found), 20)
    patch = still_part(torch.randn(48, generator=rng))
    once = components.T @ (components @ (patch - mean)) + mean
    assert torch.allclose(once, still_part(once), atol=1e-5) and not torch.allclose(once, patch, atol=0.1)
    assert all(min(float((row - still_part(row)).norm()), float(still_part(row).norm())) < 1e-4 for row in components)


def test_patches_are_what_the_autoencoder_sees() -> None:
    """The inner product of a patch and a component is the latent."""
    model = LappedAutoencoder(4)
    rows = torch.linalg.qr(torch.randn(VALUES, 4)).Q.T
    model.set_basis(rows, torch.ones(4), torch.zeros(VALUES))
    groups = torch.randn(2, 3, 4, 32, 48)
    found = lapped_patches(groups, border_rotation(PATCH)) @ rows.T
    assert torch.allclose(found.view(2, 2, 3, 4).movedim(-1, 1), model.encode_group(groups), atol=1e-4)


def test_a_film_gives_groups_over_its_length_and_a_still_one() -> None:
    recipe = toy(Path())
    found = PatchDataset(recipe)[1]
    assert found.shape == ((2 + 1) * 2 * 3, VALUES)
    still = found[-6:].view(6, 3, 4, PATCH, PATCH)
    assert torch.equal(still[:, :, 0], still[:, :, 3])
    assert torch.equal(found, PatchDataset(recipe)[1])
    assert not torch.equal(found, PatchDataset(replace(recipe, seed=2))[1])


def test_a_stopped_run_gathers_what_a_straight_one_gathers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gathered: list[tuple[Tensor, Tensor, int]] = []

    def noted(total: Tensor, square: Tensor, count: int, channels: int) -> tuple[Tensor, Tensor, Tensor, float]:
        gathered.append((total, square, count))
        return torch.eye(VALUES)[:channels], torch.arange(channels, 0, -1).float(), total / count, 0.9

    monkeypatch.setattr(autoencoder, "basis", noted)      # the decomposition of 3072 x 3072 takes long, and is tested above
    train(toy(tmp_path / "straight"))
    train(replace(toy(tmp_path / "stopped"), films=2))
    train(toy(tmp_path / "stopped"))
    straight, half, whole = gathered
    assert torch.equal(straight[1], whole[1])
    assert torch.equal(straight[0], whole[0])
    assert straight[2] == whole[2] == 2 * half[2] == 4 * 18
    written = LappedAutoencoder.from_pretrained(tmp_path / "stopped" / "vae")
    assert torch.equal(written.components, torch.eye(VALUES)[:8])
    assert torch.allclose(written.mean, whole[0] / whole[2])
    assert (written.scale.diff() < 0).all()
