"""Training a toy autoencoder: the basis comes from the world, the convolutions lower the loss, a stopped run goes on."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import torch

from studio.diffusion.autoencoder import PatchVideoAutoencoder
from studio.training.autoencoder import Clips, Recipe, basis, roundtrip, train


def toy(run: Path) -> Recipe:
    return Recipe(run=str(run), channels=8, basis_films=4, width=48, height=48, batch=2, groups=2, steps=8, every=4, rate=3e-3,
                  coarse=16, blocks=1, fine=4, threads=1, workers=0)


def test_the_basis_is_orthonormal_and_ordered(tmp_path: Path) -> None:
    components, deviation, mean = basis(toy(tmp_path))
    assert torch.allclose(components @ components.T, torch.eye(8), atol=1e-4)
    assert (deviation.diff() <= 0).all()
    assert mean.shape == (3072,)


def test_it_learns_and_resumes(tmp_path: Path) -> None:
    recipe = toy(tmp_path)
    train(replace(recipe, steps=4))
    train(recipe)
    rows = list(csv.reader((tmp_path / "curve.csv").open()))[1:]
    assert [float(row[0]) for row in rows] == list(range(1, 9))
    model = PatchVideoAutoencoder.from_pretrained(tmp_path / "vae").eval()
    clips = torch.stack([Clips(recipe.seed + 500, 48, 48, 2)[index] for index in range(4)])
    with torch.no_grad():
        made = roundtrip(model, clips)
        assert torch.allclose(made, model.decode(model.encode(clips)), atol=1e-5)
        assert (made - clips).abs().mean() < 0.5 * clips.std()
