"""Style and cast of the whole film: cleaned or refused, undoable, stored, and part of what a take was asked for."""

from __future__ import annotations

import pytest

from studio.full_prompt import Words
from studio.project import edits, history
from studio.project.codec import parse_project, parse_take, project_table, take_table
from studio.project.edits import EditError
from studio.project.history import UndoHistory
from studio.project.rules import FormatError
from studio.project.take_requests import next_request
from studio.project.words import words_of
from tests.project.builders import film, generated


def test_they_are_cleaned_undone_and_stored() -> None:
    steps = UndoHistory(film("a"))
    steps = history.do(steps, edits.set_style(steps.present, " dusk,\tfog\r\nand rain\0 "))
    steps = history.do(steps, edits.set_cast(steps.present, "Anna"))
    assert (steps.present.style, steps.present.cast) == ("dusk, fog\nand rain", "Anna")
    assert parse_project(project_table(steps.present)) == steps.present
    assert history.undo(history.undo(steps)).present == film_without(steps)
    with pytest.raises(EditError, match="2,001 characters; 2,000 is the most"):
        edits.set_style(steps.present, "x" * 2001)
    with pytest.raises(EditError, match="cast is text"):
        edits.set_cast(steps.present, 7)  # type: ignore[arg-type]


def film_without(steps: UndoHistory) -> object:
    return edits.set_cast(edits.set_style(steps.present, ""), "")


def test_a_film_without_them_is_written_as_before() -> None:
    table = project_table(generated(film("a")))
    assert not {"style", "cast"} & (table.keys() | table["takes"][0].keys())
    with pytest.raises(FormatError, match="'style'"):
        parse_project(table | {"style": 7})


def test_takes_keep_them_and_become_stale() -> None:
    project = edits.set_cast(edits.set_style(film("a", "b"), "dusk"), "Anna")
    take = next_request(project).take
    assert words_of(take) == Words("a", "Anna", "dusk") and parse_take(take_table(take)) == take
    made = edits.add_take(project, next_request(project).take)
    assert not edits.stale_takes(made)
    for changed in (edits.set_style(made, "noon"), edits.set_cast(made, "")):
        assert edits.stale_takes(changed) == set(made.takes)
