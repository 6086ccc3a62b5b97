"""What a take's words become: one text for models that read it all, prompt and style apart for the embedded one."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from studio.backbones.load import load
from studio.catalogue.cards import ModelCard, read_card
from studio.engine import take_folder
from studio.engine.events import RenderRequest, TakeDone
from studio.engine.jobs import Stop
from studio.engine.render import Renderer
from studio.full_prompt import Words
from studio.memory.snapshot import read_snapshot
from tests.engine.conftest import Ask

SHIPPED = Path(__file__).parents[2] / "models" / "memorypack-mini"


def latents(renderer: Renderer, request: RenderRequest) -> torch.Tensor:
    last = list(renderer.render(request, Stop()))[-1]
    assert isinstance(last, TakeDone), last
    return read_snapshot(request.folder / take_folder.SNAPSHOT).recent


def test_a_model_that_reads_it_all_is_given_one_text(models: dict[str, ModelCard], ask: Ask) -> None:
    renderer = Renderer(load(models["large"], "cpu"))
    made = latents(renderer, ask("a", model="large", prompt="one", cast="two", style="three", before=Words("x", "two", "three")))
    assert torch.equal(made, latents(renderer, ask("b", model="large", prompt="one. two. three")))
    assert not torch.equal(made, latents(renderer, ask("c", model="large", prompt="one")))


@pytest.fixture(scope="module")
def embedded() -> Renderer:
    return Renderer(load(read_card(SHIPPED), "cpu"))


@pytest.mark.parametrize("size", [(320, 192), pytest.param((640, 384), marks=pytest.mark.slow)])
def test_the_embedded_model_follows_the_style_where_it_begins_and_no_cast(
    embedded: Renderer, ask: Ask, size: tuple[int, int]
) -> None:
    def take(name: str, **words: object) -> torch.Tensor:
        return latents(embedded, ask(name, model="memorypack-mini", size=size, steps=1, prompt="the camera pans left", **words))

    plain, night = take("a"), take("b", style="at night")
    light = -7                                       # the channels of the light lie there, see `state`
    assert float(plain[:, light, -1].abs().max()) < 0.1 < float(-night[:, light, -1].mean())
    assert torch.equal(take("c", cast="Anna, whose hair flows in the wind"), plain)
    assert torch.equal(take("d", style="at night", before=Words(style="at night")), plain), "it lasts, so it is not asked for again"
    assert torch.equal(take("e", style="at night", before=Words(style="at noon")), night)
    assert torch.equal(take("f", style="vintage super 8 footage"), plain)
