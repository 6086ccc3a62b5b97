"""What a family says its models see of the film is what their networks read: no latent less, and none more."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

import app
from studio.backbones.load import load
from studio.backbones.registry import context_of
from studio.catalogue.cards import read_card
from studio.diffusion import flow
from studio.diffusion.section import Sampling, SectionResult, denoise_section
from studio.memory.context_sizes import RECENT
from studio.memory.snapshot import Snapshot
from tests import folders
from tests.fake_engine import card as tiny_card

MADE = {"animatic": folders.small, "framepack": folders.large, "helios": folders.helios}


@pytest.mark.parametrize("kind", ["animatic", "framepack", "helios", "panorama"])
def test_a_familys_context_is_what_it_reads(kind: str, tmp_path: Path) -> None:
    card = MADE[kind](tmp_path) if kind in MADE else read_card(app.MODELS / "panorama-mini")
    model = load(card, "cpu")
    conditioning = model.conditioner("the camera pans left", torch.zeros(1, 3, *reversed(card.sizes[0])))
    height, width = model.codec.latent_size(*card.sizes[0])
    torch.manual_seed(0)
    start, recent = (torch.randn(1, model.channels, count, height, width) for count in (1, RECENT))

    def section(snapshot: Snapshot) -> Tensor:
        noise = flow.noise((1, model.channels, card.window, height, width), 3)
        *_, last = denoise_section(model.backbone, snapshot, conditioning, noise, Sampling(4, 4.5, card.window, 1.0))
        assert isinstance(last, SectionResult)
        return last.latents

    plain = section(Snapshot(start, recent, sections=3))
    reads = [not torch.equal(section(Snapshot(start, changed(recent, at), sections=3)), plain) for at in range(RECENT)]
    context = context_of(card)
    assert reads == [False] * (RECENT - context.recent) + [True] * context.recent
    assert (not torch.equal(section(Snapshot(changed(start, 0), recent, sections=3)), plain)) == context.start


def changed(latents: Tensor, at: int) -> Tensor:
    other = latents.clone()
    other[:, :, at] += 1
    return other


def test_an_unknown_family_is_taken_for_framepacks() -> None:
    assert context_of(tiny_card(kind="unknown")).sizes == (16, 2, 1)
