"""Undo and redo, and what they never do: remove a take."""

from __future__ import annotations

from dataclasses import replace

from studio.project import edits, history
from studio.project.history import DEPTH, History
from tests.project.builders import film, generated


def test_there_and_back() -> None:
    first = film("a")
    second = edits.rename(first, "Sea")
    steps = history.do(History(first), second)
    assert history.undo(steps).present == first
    assert history.redo(history.undo(steps)) == steps


def test_nothing_to_undo_or_redo() -> None:
    steps = History(film("a"))
    assert history.undo(steps) is steps and history.redo(steps) is steps


def test_no_step_without_a_change() -> None:
    steps = History(film("a"))
    assert history.do(steps, edits.rename(steps.present, steps.present.name)) is steps


def test_a_new_edit_gives_up_what_was_undone() -> None:
    steps = history.do(History(film("a")), film("b"))
    assert not history.do(history.undo(steps), film("c")).future


def test_takes_outlive_undo() -> None:
    project = film("a", "b")
    steps = History(project)
    for _ in range(2):
        steps = history.do(steps, generated(steps.present))
    back = history.undo(history.undo(steps))
    assert len(back.present.takes) == 2 and back.present.film() == () and back.present.path() == ()
    assert history.redo(history.redo(back)).present == steps.present


def test_a_take_completed_later_stays_complete_after_undo() -> None:
    project = generated(film("a"))
    (take,) = project.takes.values()
    partial = replace(project, takes={take.id: replace(take, state="partial", sections=0)})
    steps = history.do(History(partial), edits.rename(partial, "Sea"))
    steps = history.do(steps, edits.add_take(steps.present, take))
    assert history.undo(history.undo(steps)).present.takes[take.id].state == "done"


def test_history_is_bounded() -> None:
    steps = History(film("a"))
    for number in range(DEPTH + 50):
        steps = history.do(steps, edits.rename(steps.present, f"Film {number}"))
    assert len(steps.past) == DEPTH


def test_amending_is_no_step() -> None:
    steps = history.do(History(film("a")), film("b"))
    assert history.amend(steps, film("c")).past == steps.past
