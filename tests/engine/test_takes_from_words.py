"""Takes of films that begin from words alone: what holds for all takes holds for them, and the first frame is the film's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from studio.backbones.load import load
from studio.catalogue.cards import ModelCard
from studio.engine import left_out, take_folder
from studio.engine.events import Failed, LeftOut, RenderRequest, ShotStart, TakeDone
from studio.engine.jobs import Stop
from studio.engine.render import Renderer
from studio.memory.context_sizes import RECENT
from studio.memory.snapshot import Snapshot, read_snapshot
from tests.engine.conftest import Ask, take_inputs
from tests.engine.test_left_out import result

# What holds for takes of all models is tested here once more: these functions find `renderer` and `ask` of this file.
from tests.engine.test_render import (  # noqa: F401
    test_a_take_of_two_sections,
    test_one_take_of_two_sections_equals_the_same_sections_interrupted_and_finished,
    test_the_memory_lives_in_the_snapshot_and_is_written_on,
    test_the_same_request_gives_the_same_bits,
)


@pytest.fixture(scope="session")
def renderer(models: dict[str, ModelCard]) -> Renderer:
    return Renderer(load(models["helios"], "cpu"))


@pytest.fixture()
def ask(ask: Ask) -> Ask:
    def make(take: str = "a", **changes: Any) -> RenderRequest:
        return ask(take, **{"reference": None, "model": "helios", **changes})

    return make


def run(renderer: Renderer, request: RenderRequest) -> Snapshot:
    last = list(renderer.render(request, Stop()))[-1]
    assert isinstance(last, TakeDone), last
    return read_snapshot(request.folder / take_folder.SNAPSHOT)


def test_the_first_frame_is_the_films_start_ever_after(renderer: Renderer, ask: Ask) -> None:
    window = renderer.model.card.window
    empty = take_inputs(renderer, ask("a")).snapshot
    assert empty.open and not empty.start.any() and not empty.recent.any()
    first = run(renderer, ask("a"))
    assert not first.open and torch.equal(first.start, first.recent[:, :, -window:][:, :, :1]) and first.start.any()
    assert torch.equal(run(renderer, ask("b", parent=ask("a").folder, sections=2)).start, first.start)
    assert torch.equal(run(renderer, ask("again")).recent, first.recent)
    assert not torch.equal(run(renderer, ask("other", seed=8)).recent, first.recent)


def test_a_shot_begins_from_words_too(renderer: Renderer, ask: Ask, tmp_path: Path) -> None:
    """After a shot of a picture as at the film's beginning, since Helios remembers nothing else; and a shot may have a picture."""
    alone = run(renderer, ask("alone", seed=3))
    pictured = ask("a", reference=tmp_path / "reference.png")
    run(renderer, pictured)
    cut = run(renderer, ask("cut", seed=3, parent=pictured.folder, shot=ShotStart(None)))
    assert torch.equal(cut.start, alone.start) and torch.equal(cut.recent, alone.recent)
    shown = ask("b", seed=3, parent=ask("alone").folder, shot=ShotStart(None), reference=tmp_path / "reference.png")
    assert torch.equal(run(renderer, shown).start, read_snapshot(pictured.folder / take_folder.SNAPSHOT).start)


def test_the_first_take_left_out_takes_the_start_with_it(renderer: Renderer, ask: Ask, tmp_path: Path) -> None:
    first, second, third = ask("a"), ask("b", parent=ask("a").folder), ask("c", parent=ask("b").folder)
    run(renderer, first)
    run(renderer, second)
    given = take_inputs(renderer, third)
    for take, stays in ((first, False), (second, True)):
        left = LeftOut(frozenset({take.folder}), (first, second), True)
        without = result(left_out.leave_out(renderer.model, renderer._inputs, third, left, given, lambda _: pytest.fail("")))
        assert torch.equal(without.snapshot.start, given.snapshot.start if stays else torch.zeros_like(given.snapshot.start))
        assert without.snapshot.recent[:, :, -RECENT:].any()


def test_a_model_that_begins_with_a_picture_says_so(models: dict[str, ModelCard], ask: Ask) -> None:
    last = list(Renderer(load(models["large"], "cpu")).render(ask("a", model="large"), Stop()))[-1]
    assert isinstance(last, Failed) and last.message.startswith("Large begins films with a picture. Choose a reference picture")


def test_a_beginning_survives_its_file(tmp_path: Path) -> None:
    """No take writes one, since a section follows; but a file would not lose that its start is still open."""
    Snapshot.empty(4, (4, 8), "some").write(tmp_path / "empty.safetensors")
    read = read_snapshot(tmp_path / "empty.safetensors")
    assert read.open and read.advance(torch.ones(1, 4, 3, 4, 8)).start.all()
