"""Undo and redo, and what they never do: remove a take."""

from __future__ import annotations

from dataclasses import replace

from studio.project import edits, history
from studio.project.history import DEPTH, PAUSE, EditBurst, UndoHistory
from tests.project.builders import film, generated


def test_there_and_back() -> None:
    first = film("a")
    second = edits.rename(first, "Sea")
    steps = history.do(UndoHistory(first), second)
    assert history.undo(steps).present == first
    assert history.redo(history.undo(steps)) == steps


def test_nothing_to_undo_or_redo() -> None:
    steps = UndoHistory(film("a"))
    assert history.undo(steps) is steps and history.redo(steps) is steps


def test_no_step_without_a_change() -> None:
    steps = UndoHistory(film("a"))
    assert history.do(steps, edits.rename(steps.present, steps.present.name)) is steps


def test_a_new_edit_gives_up_what_was_undone() -> None:
    steps = history.do(UndoHistory(film("a")), film("b"))
    assert not history.do(history.undo(steps), film("c")).future


def test_takes_outlive_undo() -> None:
    project = film("a", "b")
    steps = UndoHistory(project)
    for _ in range(2):
        steps = history.do(steps, generated(steps.present))
    back = history.undo(history.undo(steps))
    assert len(back.present.takes) == 2 and back.present.film() == () and back.present.path() == ()
    assert history.redo(history.redo(back)).present == steps.present


def test_a_take_completed_later_stays_complete_after_undo() -> None:
    project = generated(film("a"))
    (take,) = project.takes.values()
    partial = replace(project, takes={take.id: replace(take, state="partial", sections=0)})
    steps = history.do(UndoHistory(partial), edits.rename(partial, "Sea"))
    steps = history.do(steps, edits.add_take(steps.present, take))
    assert history.undo(history.undo(steps)).present.takes[take.id].state == "done"


def test_history_is_bounded() -> None:
    steps = UndoHistory(film("a"))
    for number in range(DEPTH + 50):
        steps = history.do(steps, edits.rename(steps.present, f"Film {number}"))
    assert len(steps.past) == DEPTH


def test_amending_is_no_step() -> None:
    steps = history.do(UndoHistory(film("a")), film("b"))
    assert history.amend(steps, film("c")).past == steps.past


def typed(steps: UndoHistory, *words: str, what: str = "prompt", at: float = 0.0, every: float = 0.4) -> UndoHistory:
    for place, word in enumerate(words):
        steps = history.do(steps, edits.edit_segment(steps.present, 0, prompt=word), EditBurst(what, at + place * every))
    return steps


def test_typing_is_one_step() -> None:
    steps = typed(UndoHistory(film("")), "a", "a sea", "a sea at dawn")
    assert steps.present.current().segments[0].prompt == "a sea at dawn"
    back = history.undo(steps)
    assert back.present.current().segments[0].prompt == "" and not back.past
    assert history.redo(back).present == steps.present


def test_typing_that_pauses_or_moves_elsewhere_is_another_step() -> None:
    first = typed(UndoHistory(film("")), "a")
    assert len(typed(first, "a sea", at=PAUSE + 0.1).past) == 2
    assert len(typed(first, "a sea", at=PAUSE - 0.1).past) == 1
    assert len(typed(first, "a sea", what="another field", at=0.1).past) == 2
    assert len(typed(first, "a sea", at=-1.0).past) == 2, "a clock that went back proves nothing"


def test_anything_between_ends_the_typing() -> None:
    first = typed(UndoHistory(film("")), "a")
    for between in (
        history.do(first, edits.rename(first.present, "Sea")),
        history.do(first, generated(first.present)),
        history.redo(history.undo(first)),
        history.amend(first, edits.rename(first.present, "Sea")),
    ):
        assert len(typed(between, "a sea", at=0.1).past) == len(between.past) + 1


def test_undone_typing_does_not_swallow_the_step_before() -> None:
    steps = typed(history.do(UndoHistory(film("")), edits.rename(film(""), "Sea")), "a")
    back = history.undo(steps)
    assert len(typed(back, "b", at=0.1).past) == len(back.past) + 1


def test_typing_that_comes_to_nothing_is_no_step() -> None:
    steps = typed(UndoHistory(film("old")), "older", "old")
    assert not steps.past and steps.present.current().segments[0].prompt == "old"
