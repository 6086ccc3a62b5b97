"""The panorama model that ships, and films made with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from studio.backbones.film_model import FilmModel
from studio.backbones.load import load
from studio.catalogue.cards import read_card
from studio.diffusion import flow
from studio.diffusion.section import Sampling, SectionResult, denoise_section
from studio.memory.snapshot import Snapshot

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def model() -> FilmModel:
    return load(read_card(ROOT / "models" / "panorama-mini"))


@pytest.fixture(scope="session")
def picture() -> Tensor:
    """[1, 3, 256, 256] the middle of a sample picture."""
    with Image.open(ROOT / "assets/examples/lighthouse/lighthouse.jpg") as image:
        side = min(image.size)
        square = image.convert("RGB").crop((0, 0, side, side)).resize((256, 256))
    return torch.from_numpy(np.asarray(square).astype(np.float32)).movedim(2, 0)[None] / 127.5 - 1


def begin(model: FilmModel, picture: Tensor) -> Snapshot:
    return Snapshot.initial(model.codec.encode(picture), model.fingerprint)


def section(model: FilmModel, picture: Tensor, snapshot: Snapshot, prompt: str, seed: int) -> SectionResult:
    noise = flow.noise((1, 5, 2, 16, 16), seed)
    sampling = Sampling(model.card.steps, 1.0, model.card.window, model.card.shift)
    *_, result = denoise_section(
        model.backbone, snapshot, model.conditioner(prompt, picture), noise, sampling, memory=model.memory, rope=model.rope)
    assert isinstance(result, SectionResult)
    return result


def film(model: FilmModel, picture: Tensor, *prompts: str) -> list[SectionResult]:
    """A film of a section for each prompt."""
    snapshot, made = begin(model, picture), list[SectionResult]()
    for seed, prompt in enumerate(prompts):
        made.append(section(model, picture, snapshot, prompt, seed))
        snapshot = made[-1].snapshot
    return made
