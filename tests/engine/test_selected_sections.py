"""Pinned and forgotten takes of a memory that keeps every section: through the section loop, files, and a session on an engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from studio.backbones.load import load
from studio.backbones.registry import edits_memory, selects_sections
from studio.catalogue.cards import ModelCard
from studio.engine import take_folder
from studio.engine.engine import Engine
from studio.engine.events import Event, Failed, LeftOut, Pin, TakeDone
from studio.engine.jobs import Stop
from studio.engine.left_out import leave_out
from studio.engine.render import Renderer
from studio.memory.protocol import read_psi
from studio.memory.snapshot import read_snapshot
from studio.project import choices, edits
from studio.project.store import Store
from studio.session import EditError, Session, Studio
from tests import folders
from tests.engine.conftest import Ask, take_inputs
from tests.shelves import make_film, render_all, wait_for_job

Take = Callable[..., Event]


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    return folders.readable(tmp_path_factory.mktemp("readable"))


@pytest.fixture(scope="module")
def renderer(card: ModelCard) -> Renderer:
    return Renderer(load(card, "cpu"))


@pytest.fixture()
def take(renderer: Renderer, ask: Ask, tmp_path: Path) -> Take:
    def render(name: str, parent: str | None = None, seed: int = 7, **changes: object) -> Event:
        request = ask(name, parent=tmp_path / parent if parent else None, seed=seed, **changes)
        return list(renderer.render(request, Stop()))[-1]

    return render


def state(folder: Path) -> Tensor:
    """The newest latents after a take."""
    return read_snapshot(folder / take_folder.SNAPSHOT).recent


@pytest.fixture()
def film(take: Take, tmp_path: Path) -> Path:
    """A film of four takes, of which the second has two sections, and another first take."""
    for seed, (name, parent, sections) in enumerate((("a", None, 1), ("b", "a", 2), ("c", "b", 1), ("d", "c", 1), ("z", None, 1))):
        assert isinstance(take(name, parent, seed, sections=sections), TakeDone)
    return tmp_path


def test_pins_and_forgotten_takes_of_the_film(take: Take, film: Path) -> None:
    for name, changes in (
        ("plain", {}), ("pinned", {"pins": (Pin(film / "b", 2),)}), ("newest", {"pins": (Pin(film / "d", 1),)}),
        ("gone", {"forgotten": (Pin(film / "d", 1),)}), ("old", {"forgotten": (Pin(film / "b", 2),)}),
        ("both", {"pins": (Pin(film / "b", 2),), "forgotten": (Pin(film / "b", 2),)}), ("other", {"pins": (Pin(film / "z", 1),)}),
    ):
        assert isinstance(take(name, "d", **changes), TakeDone), name
    names = ("pinned", "newest", "gone", "old", "both", "other")
    same = {name: torch.equal(state(film / name), state(film / "plain")) for name in names}
    # Two psi are asked: psi_0 and the newest. So a pinned older take is read besides, and to forget it changes nothing.
    assert same == {"pinned": False, "newest": True, "gone": False, "old": True, "both": True, "other": False}
    take("again", "d", pins=(Pin(film / "b", 2),))
    assert torch.equal(state(film / "again"), state(film / "pinned")), "the same snapshot and pins: the same section"
    plain, pinned = (read_snapshot(film / name / take_folder.SNAPSHOT) for name in ("plain", "pinned"))
    assert plain.psi is not None and pinned.psi is not None and plain.blocks[:-1] == pinned.blocks[:-1]
    assert torch.equal(plain.psi[:, : -plain.blocks[-1].rows], pinned.psi[:, : -plain.blocks[-1].rows]), "no row of psi is changed"


def test_a_take_that_is_left_out_is_not_read(renderer: Renderer, film: Path, ask: Ask) -> None:
    """psi stays as it is, bit for bit: only what is read of it, and the recent latents, are others."""
    parents = {"a": None, "b": "a", "c": "b", "d": "c"}
    made = tuple(ask(name, parent=film / parent if parent else None, sections=2 if name == "b" else 1)
                 for name, parent in parents.items())
    request = ask("e", parent=film / "d")
    inputs, gone = take_inputs(renderer, request), take_inputs(renderer, replace(request, forgotten=(Pin(film / "d", 1),)))
    left = LeftOut(frozenset({film / "d"}), made, True)
    leaving = leave_out(renderer.model, renderer._inputs, request, left, inputs, lambda _: pytest.fail("psi is not written again"))
    with pytest.raises(StopIteration) as done:
        next(leaving)
    without, psi = done.value.value, inputs.snapshot.psi
    section = (*inputs.snapshot.start.shape[:2], renderer.model.card.window, *inputs.snapshot.start.shape[3:])
    assert psi is not None and torch.equal(without.snapshot.psi, psi) and without.snapshot.blocks == inputs.snapshot.blocks
    read, forgotten, whole = (read_psi(each.memory, psi, section) for each in (without, gone, inputs))
    assert torch.equal(read, forgotten) and (read.shape != whole.shape or not torch.equal(read, whole))


def test_a_take_that_was_stopped_goes_on_after_a_restart(take: Take, film: Path, ask: Ask, card: ModelCard) -> None:
    pins, forgotten = (Pin(film / "b", 2),), (Pin(film / "d", 1),)
    take("whole", "d", sections=2, pins=pins, forgotten=forgotten)
    request = ask("cut", parent=film / "d", sections=2, pins=pins, forgotten=forgotten)
    first, stop = Renderer(load(card, "cpu")), Stop()
    for event in first.render(request, stop):
        if type(event).__name__ == "SectionDone":
            stop.set()
    list(Renderer(load(card, "cpu")).render(request, Stop()))
    assert torch.equal(state(film / "cut"), state(film / "whole"))


def test_a_forgotten_or_pinned_take_without_files(take: Take, film: Path) -> None:
    for changes in ({"pins": (Pin(film / "nowhere", 1),)}, {"forgotten": (Pin(film / "nowhere", 1),)}):
        failed = take("e", "d", **changes)
        assert isinstance(failed, Failed) and "is missing" in failed.message
    read = read_snapshot(film / "d" / take_folder.SNAPSHOT)
    (film / "c" / read.blocks[-2].file).write_bytes(b"damaged")
    failed = take("e", "d", pins=(Pin(film / "c", 1),))
    assert isinstance(failed, Failed) and "cannot be" in failed.message


@pytest.fixture()
def session(card: ModelCard, tmp_path: Path) -> Session:
    """Three takes of a film on a real engine, and a segment to come."""
    engine = Engine((card,), device="cpu")
    engine.start()
    session = render_all(make_film(Studio(tmp_path / "projects", engine, (card,)), "a", "b", "c"))
    session.edit(edits.add_segment, prompt="d", frames=4, seed=3)
    return session


def made(session: Session) -> Tensor:
    """The newest latents after a take of the last segment, which is made and dropped again."""
    session.jobs.generate_next()
    assert wait_for_job(session).state == "done", session.job
    take = session.project.film()[-1]
    latents = state(session.folder / "takes" / take.id)
    session.edit(edits.rewind, take.parent)
    return latents


def test_through_a_session(session: Session, card: ModelCard) -> None:
    assert selects_sections(card) and not edits_memory(card, (64, 32)) and not selects_sections(replace(card, files=()))
    first, second, third = session.project.film()
    seen = session.memory_edits.map()
    assert (seen.problem, seen.takes) == ("", True)
    plain = made(session)
    session.memory_edits.pin(first.id)
    pinned = made(session)
    session.memory_edits.forget_take(third.id)
    session.memory_edits.unpin(first.id)
    forgotten = made(session)
    assert not torch.equal(plain, pinned) and not torch.equal(plain, forgotten)
    newest = max(session.project.takes.values(), key=lambda take: take.created)
    assert (newest.pins, newest.forgotten) == ((), (third.id,))
    assert Store(session.folder).open().project == session.project
    session.undo()                              # the rewind, the take, the pin that was taken off
    while session.project.forgotten:
        session.undo()
    assert session.project.pins == (first.id,)
    session.memory_edits.forget_take(first.id)
    assert (session.project.pins, session.project.forgotten) == ((), (first.id,)), "forgotten, so not pinned"
    session.memory_edits.pin(first.id)
    assert (session.project.pins, session.project.forgotten) == ((first.id,), ()), "pinned, so not forgotten"
    session.memory_edits.forget_take(second.id)
    session.memory_edits.remember_take(second.id)
    assert session.project.forgotten == ()
    with pytest.raises(EditError, match="no map of places"):
        session.memory_edits.forget(3, [1])


def test_takes_in_the_trash_and_without_files(session: Session) -> None:
    first, _, third = session.project.film()
    session.edit(choices.drop_takes, [third.id])
    for edit in (session.memory_edits.pin, session.memory_edits.forget_take):
        with pytest.raises(EditError, match="in the trash"):
            edit(third.id)
    session.memory_edits.forget_take(first.id)
    (session.folder / "takes" / first.id / take_folder.SNAPSHOT).unlink()
    with pytest.raises(EditError, match="forgotten take of segment 1 has lost its files"):
        session.jobs.generate_next()
    session.memory_edits.remember_take(first.id)
    session.jobs.generate_next()
    assert wait_for_job(session).state == "done"
