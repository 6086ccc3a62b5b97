"""Pins, and places that are forgotten: refused or set, stored, and part of what a take was asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from studio.project import choices, edits, history
from studio.project.codec import parse_project, parse_take, project_table, take_table
from studio.project.history import UndoHistory
from studio.project.limits import EditError
from studio.project.memory_edits import MOST_FORGOTTEN, MOST_PINS, forget, forget_take, pin, remember_take, unpin
from studio.project.memory_tests import section_after, segment_after
from studio.project.rules import FormatError
from studio.project.take_requests import new_request, request_take
from tests.project.builders import film, generated


def test_pins_are_set_stored_and_kept_with_takes() -> None:
    project = generated(film("a", "b", "c"), 2)
    first, second = project.film()
    assert "pins" not in project_table(project) and "pins" not in take_table(first), "documents are written as before"
    pinned = pin(pin(project, second.id), first.id)
    assert pinned.pins == (second.id, first.id) and pin(pinned, second.id).pins == (first.id, second.id), "the last one outweighs"
    assert parse_project(project_table(pinned)) == pinned and not edits.stale_takes(pinned), "takes that are there do not change"
    take = request_take(pinned, pinned.current().segments[2], second.id)
    assert take.pins == pinned.pins and parse_take(take_table(take)) == take
    assert unpin(unpin(pinned, first.id), second.id) == project
    table = project_table(pinned)
    table["pins"] = [second.id, "gone", second.id]
    assert parse_project(table).pins == (second.id,)
    table["pins"] = [3]
    with pytest.raises(FormatError, match="pins"):
        parse_project(table)
    undone = history.undo(history.do(UndoHistory(project), pinned))
    assert undone.present.pins == ()


def test_pins_that_are_refused() -> None:
    project = generated(film(*"abcdefghijklmn"), MOST_PINS + 1)
    takes = [take.id for take in project.film()]
    for take in takes[:MOST_PINS]:
        project = pin(project, take)
    with pytest.raises(EditError, match="which is the most"):
        pin(project, takes[-1])
    assert pin(project, takes[0]).pins[-1] == takes[0], "one that is pinned is only moved"
    with pytest.raises(EditError, match="not in the film"):
        pin(project, "nowhere")


def test_takes_are_forgotten_stored_and_kept_with_takes() -> None:
    project = generated(film("a", "b", "c"), 2)
    first, second = project.film()
    assert "forgotten" not in project_table(project) and "forgotten" not in take_table(first)
    gone = forget_take(forget_take(pin(project, second.id), first.id), second.id)
    assert (gone.forgotten, gone.pins) == ((first.id, second.id), ()) and not edits.stale_takes(gone)
    assert pin(gone, first.id).forgotten == (second.id,), "what is pinned is not forgotten"
    assert parse_project(project_table(gone)) == gone
    segment = gone.current().segments[2]
    take = request_take(gone, segment, second.id)
    assert take.forgotten == gone.forgotten and parse_take(take_table(take)) == take
    assert new_request(project, first.segment, None).new_seed and not new_request(gone, first.segment, None).new_seed
    assert remember_take(remember_take(gone, second.id), first.id) == project
    table = project_table(gone)
    for wrong, kept in (([second.id, "nowhere", second.id], (second.id,)), ([], ())):
        table["forgotten"] = wrong
        assert parse_project(table).forgotten == kept
    table["forgotten"] = [3]
    with pytest.raises(FormatError, match="forgotten"):
        parse_project(table)


def test_takes_that_cannot_be_forgotten() -> None:
    project = generated(film("a"), 1)
    only = project.film()[0].id
    with pytest.raises(EditError, match="which is the most"):
        forget_take(replace(project, forgotten=tuple(map(str, range(MOST_FORGOTTEN)))), only)
    with pytest.raises(EditError, match="not in the film"):
        forget_take(project, "nowhere")
    with pytest.raises(EditError, match="in the trash"):
        forget_take(choices.drop_takes(project, [only]), only)


def test_what_is_made_with_other_pins_is_no_repetition() -> None:
    project = generated(film("a", "b"), 2)
    first, second = project.film()
    segment = project.current().segments[1]
    assert new_request(project, segment, first.id).new_seed
    assert not new_request(pin(project, first.id), segment, first.id).new_seed
    assert second.pins == ()


def test_places_are_forgotten_before_a_segment() -> None:
    project = generated(film("a", "b", "c"), 2)
    second = project.film()[1]
    changed = forget(project, 1, [7, 3, 7])
    assert changed.current().segments[1].forget == (3, 7) and edits.stale_takes(changed) == {second.id}
    assert parse_project(project_table(changed)) == changed
    segments = project_table(changed)["branches"][0]["segments"]
    assert "forget" not in segments[0] and segments[1]["forget"] == [3, 7]
    assert forget(changed, 1, ()) == project
    kept = edits.keep_stale(changed)
    assert not edits.stale_takes(kept) and edits.stale_takes(forget(kept, 1, [4])) == {second.id}
    for cells, index, words in (([1], 0, "nothing to forget"), ([-1], 1, "no such place"), ([2**20], 1, "no such place")):
        with pytest.raises(EditError, match=words):
            forget(project, index, cells)
    for wrong in ([-1], [1.5], ["x"], [True]):
        table = project_table(changed)
        table["branches"][0]["segments"][1]["forget"] = wrong
        with pytest.raises(FormatError, match="forget"):
            parse_project(table)


def test_a_memory_test_forgets_and_pins_nothing() -> None:
    project = generated(film("a", "b"), 1)
    project = forget(replace(pin(project, project.film()[0].id), forgotten=("b",)), 1, [5])
    tested = replace(project.film()[0], pins=())
    section = section_after(project, tested, segment_after(project, tested, None))
    assert (section.pins, section.forgotten, section.segment.forget, section.segment.prompt) == ((), (), (), "b")
