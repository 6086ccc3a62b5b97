"""A take that sees the frames before it in another look: the newest latents decoded, changed and encoded, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from studio.engine import take_folder
from studio.engine.events import Failed, SeenColours, TakeDone
from studio.engine.jobs import Stop
from studio.engine.render import Renderer
from studio.media.clip import read_clip
from studio.media.look import lab
from studio.memory.snapshot import read_snapshot
from tests.engine.conftest import Ask, Take, take_inputs

LIGHTER = SeenColours((1.0, 1.0, 1.0), (12.0, 0.0, 0.0), 9)
SAME = SeenColours((1.0, 1.0, 1.0), (0.0, 0.0, 0.0), 19)


def lightness(folder: Path) -> float:
    return float(np.mean([lab(frame)[..., 0].mean() for frame in read_clip(folder / take_folder.CLIP)[::9]]))


def test_the_next_section_goes_on_in_the_look(take: Take, tmp_path: Path) -> None:
    take("a")
    kept = (tmp_path / "a" / take_folder.SNAPSHOT).read_bytes()
    for name, colours in (("plain", None), ("lighter", LIGHTER), ("again", LIGHTER), ("same", SAME)):
        assert isinstance(take(name, tmp_path / "a", colours=colours), TakeDone)
    plain, lighter, same = (lightness(tmp_path / name) for name in ("plain", "lighter", "same"))
    assert 8 < lighter - plain < 14 and abs(same - plain) < 0.1
    one, other = (read_clip(tmp_path / name / take_folder.CLIP) for name in ("lighter", "again"))
    assert np.array_equal(one, other), "made again exactly"
    assert (tmp_path / "a" / take_folder.SNAPSHOT).read_bytes() == kept, "what the film remembers of the take before stays"
    psi = [read_snapshot(tmp_path / name / take_folder.SNAPSHOT).psi for name in ("plain", "lighter")]
    assert psi[0] is not None and psi[1] is not None and not torch.equal(psi[0], psi[1]), "what it shows itself is remembered so"


@pytest.mark.parametrize("renderer", ["small"], indirect=True)
def test_a_learned_codec_changes_the_newest_latents_alone(renderer: Renderer, ask: Ask) -> None:
    before = ask("a", sections=2)
    list(renderer.render(before, Stop()))
    request = ask("b", parent=before.folder)
    plain = take_inputs(renderer, request).snapshot
    seen = take_inputs(renderer, replace(request, colours=replace(LIGHTER, latents=5))).snapshot
    assert torch.equal(seen.recent[:, :, :-5], plain.recent[:, :, :-5]) and torch.equal(seen.start, plain.start)
    assert bool((seen.recent[:, :, -5:] != plain.recent[:, :, -5:]).any()) and bool(torch.isfinite(seen.recent).all())


@pytest.mark.parametrize("renderer", ["helios"], indirect=True)
def test_a_model_that_cannot(renderer: Renderer, ask: Ask) -> None:
    before = ask("a", model=renderer.model.card.name)
    list(renderer.render(before, Stop()))
    failed = list(renderer.render(ask("b", parent=before.folder, model=renderer.model.card.name, colours=LIGHTER), Stop()))[-1]
    assert isinstance(failed, Failed) and "Take the look off" in failed.message
