"""Takes that blend with the one before: the light eases over the blend, exactly the same after a stop, and never without one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from studio.backbones.load import load
from studio.catalogue.cards import ModelCard
from studio.diffusion.blend import section_blend
from studio.engine import take_folder
from studio.engine.events import Cancelled, RenderRequest, SectionDone, TakeDone
from studio.engine.jobs import Stop
from studio.engine.render import Renderer
from studio.full_prompt import Words
from studio.media.clip import read_clip
from studio.memory.snapshot import Snapshot, read_snapshot
from tests.engine.conftest import SMALL, Ask, take_inputs

SHIPPED = Path(__file__).parents[2] / "models" / "memorypack-mini"
NOON = Words("bright light")


@pytest.fixture(autouse=True)
def _undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks at what memories hold here, and drawing it takes a sixth of the time."""
    monkeypatch.setattr("studio.engine.render.draw_memory", lambda *_: None)


def run(renderer: Renderer, request: RenderRequest, stop_after: int | None = None) -> Snapshot | None:
    """Render a take, or its first sections."""
    stop = Stop()
    for event in renderer.render(request, stop):
        if isinstance(event, SectionDone) and event.section + 1 == stop_after:
            stop.set()
    assert isinstance(event, TakeDone if stop_after is None else Cancelled), event
    return read_snapshot(request.folder / take_folder.SNAPSHOT)


def brightness(*folders: Path) -> NDArray[np.float64]:
    """The mean brightness of each frame of takes that follow each other."""
    return np.concatenate([read_clip(folder / take_folder.CLIP).mean(axis=(1, 2, 3)) for folder in folders])


@pytest.fixture()
def take(shipped: Renderer, ask: Ask) -> Callable[..., RenderRequest]:
    """Requests of the model that ships."""

    def make(name: str, prompt: str, **changes: object) -> RenderRequest:
        return ask(name, **{"model": "memorypack-mini", "size": SMALL, "steps": 1, "prompt": prompt, **changes})

    return make


def test_night_after_noon_has_no_steep_step_with_a_blend(shipped: Renderer, take: Callable[..., RenderRequest]) -> None:
    size = (192, 128)                            # a limit of one level is too fine for SMALL
    noon = take("noon", NOON.prompt, size=size)
    run(shipped, noon)
    after = {"parent": noon.folder, "before": NOON, "size": size}
    plain = take("plain", "night falls", sections=2, **after)
    blended = take("blended", "night falls", sections=2, blend=72, **after)
    run(shipped, plain)
    run(shipped, blended)
    steep, eased = (np.diff(brightness(noon.folder, one.folder)) for one in (plain, blended))
    end = len(brightness(noon.folder)) - 1
    assert -steep[end:].min() > 6 > 4.5 > -eased[end:].min(), "without a blend the light changes within one section"
    assert np.abs(eased[end : end + 2]).max() < 1.5, "it begins softly at the boundary"
    assert abs(brightness(plain.folder)[-1] - brightness(blended.folder)[-1]) < 3, "both end in the same night"
    assert (brightness(blended.folder)[36] - brightness(plain.folder)[36]) > 25, "half of the way is left after one section"
    bare = take("bare", "night falls", size=size, parent=noon.folder)
    run(shipped, bare)
    plain_clip = read_clip(plain.folder / take_folder.CLIP)
    clip = read_clip(bare.folder / take_folder.CLIP)
    assert np.array_equal(clip, plain_clip[: len(clip)]), "without a blend what came before changes nothing"


def test_a_blend_is_the_same_after_a_stop(models: dict[str, ModelCard], ask: Ask) -> None:
    renderer = Renderer(load(models["small"], "cpu"))                    # of the kind that ships, in sections of 12 frames
    noon = ask("noon", prompt=NOON.prompt)
    run(renderer, noon)

    def latents(name: str, stop_after: int | None = None, **changes: object) -> torch.Tensor:
        request = ask(name, prompt="night falls", parent=noon.folder, before=NOON, sections=2, **changes)
        if stop_after:
            run(renderer, request, stop_after)
        return run(renderer, request).recent                                               # type: ignore[union-attr]

    made = latents("blended", blend=24)
    assert torch.equal(latents("again", 1, blend=24), made)
    assert not torch.equal(latents("plain"), made)


@pytest.mark.slow
def test_a_pan_turns_round_without_a_jerk(shipped: Renderer, take: Callable[..., RenderRequest]) -> None:
    right = take("right", "the camera pans right")
    run(shipped, right)
    jerks = []
    for blend in (0, 36):
        left = take(f"left{blend}", "the camera pans left", parent=right.folder, before=Words("the camera pans right"), blend=blend)
        pose = run(shipped, left).recent[0, -10, :, 0, 0]                                  # type: ignore[union-attr]
        jerks.append(float(pose.diff().diff().abs().max()))                                 # cells a latent
    assert jerks[0] > 1.5 and jerks[1] < 0.7, jerks


def test_embeddings_are_mixed_where_the_model_does_not_blend_by_itself(models: dict[str, ModelCard], ask: Ask) -> None:
    renderer = Renderer(load(models["large"], "cpu"))                    # sections of 12 frames
    first = ask("first", model="large", prompt="noon")
    run(renderer, first)

    def after(name: str, prompt: str = "night", **changes: object) -> torch.Tensor:
        request = ask(name, model="large", prompt=prompt, parent=first.folder, **changes)
        return run(renderer, request).recent                                                # type: ignore[union-attr]

    plain, noon = after("plain"), after("noon", "noon")
    blended = after("blended", before=Words("noon"), blend=12)
    assert not torch.equal(blended, plain) and not torch.equal(blended, noon)
    assert torch.equal(after("at_once", before=Words("noon")), plain), "without a blend nothing is mixed"
    assert torch.equal(after("same", "noon", before=Words("noon"), blend=12), noon), "the same words mixed are the same words"

    def inputs(blend: int) -> list[torch.Tensor]:
        request = ask("read", model="large", prompt="night", parent=first.folder, before=Words("noon"), blend=blend)
        made = take_inputs(renderer, request)
        return [made.section(section_blend(blend, index, 12)).text for index in range(3)]

    early, late, own = inputs(24)
    own_words, before = (renderer.model.conditioner(text, torch.zeros(1, 3, 32, 64)).text for text in ("night", "noon"))
    assert torch.equal(own, own_words)
    assert torch.allclose(early[0, 0], torch.lerp(before[0, 0], own_words[0, 0], 0.15625), atol=1e-5)
    assert torch.allclose(late[0, 0], torch.lerp(before[0, 0], own_words[0, 0], 0.84375), atol=1e-5)
