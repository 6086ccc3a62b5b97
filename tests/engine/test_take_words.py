"""What a take's words become: one text for models that read it all, prompt and style apart for the embedded one."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from studio.backbones.load import load
from studio.catalogue.cards import ModelCard
from studio.engine import take_folder
from studio.engine.events import RenderRequest, TakeDone
from studio.engine.jobs import Stop
from studio.engine.render import Renderer
from studio.full_prompt import Words
from studio.memory.snapshot import read_snapshot
from tests.engine.conftest import LARGE, SMALL, Ask, take_inputs

SHIPPED = Path(__file__).parents[2] / "models" / "memorypack-mini"


@pytest.fixture(autouse=True)
def _undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks at what memories hold here, and drawing it takes a sixth of the time."""
    monkeypatch.setattr("studio.engine.render.draw_memory", lambda *_: None)


def latents(renderer: Renderer, request: RenderRequest) -> torch.Tensor:
    last = list(renderer.render(request, Stop()))[-1]
    assert isinstance(last, TakeDone), last
    return read_snapshot(request.folder / take_folder.SNAPSHOT).recent


def test_a_model_that_reads_it_all_is_given_one_text(models: dict[str, ModelCard], ask: Ask) -> None:
    renderer = Renderer(load(models["large"], "cpu"))
    made = latents(renderer, ask("a", model="large", prompt="one", cast="two", style="three", before=Words("x", "two", "three")))
    assert torch.equal(made, latents(renderer, ask("b", model="large", prompt="one. two. three")))
    assert not torch.equal(made, latents(renderer, ask("c", model="large", prompt="one")))


@pytest.mark.parametrize("size", [SMALL, pytest.param(LARGE, marks=pytest.mark.slow)])
def test_the_embedded_model_follows_the_style_where_it_begins_and_no_cast(
    shipped: Renderer, ask: Ask, size: tuple[int, int]
) -> None:
    def request(name: str, **words: object) -> RenderRequest:
        return ask(name, model="memorypack-mini", size=size, steps=1, prompt="the camera pans left", **words)

    def given(**words: object) -> list[Tensor]:
        """What the network is given of a take's words: with the snapshot, the seed and the settings it makes the take."""
        read = take_inputs(shipped, request("read", **words)).conditioning
        return [part for part in vars(read).values() if isinstance(part, Tensor)]

    plain, night = latents(shipped, request("a")), latents(shipped, request("b", style="at night"))
    light = -7                                       # the channels of the light lie there, see `state`
    assert float(plain[:, light, -1].abs().max()) < 0.1 < float(-night[:, light, -1].mean())
    bare, dark = given(), given(style="at night")
    assert bare and not _equal(bare, dark)
    assert _equal(given(cast="Anna, whose hair flows in the wind"), bare)
    assert _equal(given(style="at night", before=Words(style="at night")), bare), "it lasts, so it is not asked for again"
    assert _equal(given(style="at night", before=Words(style="at noon")), dark)
    assert _equal(given(style="vintage super 8 footage"), bare)


def _equal(some: list[Tensor], others: list[Tensor]) -> bool:
    return len(some) == len(others) and all(map(torch.equal, some, others))
