"""Stars and the trash: takes that go take their followers along, nothing is lost, and the branches stay consistent."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.project import choices, edits
from studio.project.codec import parse_project, project_table
from studio.project.edits import EditError
from studio.project.model import Project
from studio.project.rules import FormatError, check_project
from tests.project.builders import film, generated, rendered


def forked() -> Project:
    """Main: a, b, c; Branch 2: a, b'."""
    project = generated(film("a", "b", "c"), 3)
    return generated(edits.edit_segment(edits.rewind(project, project.path()[0].id), 1, prompt="b'"))


def test_a_dropped_take_is_planned_again() -> None:
    project = generated(film("a", "b", "c"), 3)
    second = project.path()[1]
    dropped = choices.drop_takes(project, [second.id])
    assert [t.segment.prompt for t in dropped.path()] == ["a"] and dropped.head == project.path()[0].id
    assert [s.prompt for s in dropped.current().segments] == ["a", "b", "c"]
    assert dropped.trash == {t.id for t in project.path()[1:]}, "those that continue it go with it"
    assert set(dropped.takes) == set(project.takes), "nothing is lost"
    check_project(dropped)


def test_a_branch_that_has_nothing_of_its_own_left_is_removed() -> None:
    project = forked()
    others = choices.drop_takes(edits.switch(project, project.branches[0].id), [project.path()[1].id])
    assert [b.name for b in others.branches] == ["Main"]
    current = choices.drop_takes(project, [project.path()[1].id])
    assert len(current.branches) == 2 and current.branch == project.branch, "the current branch stays"
    check_project(others)
    check_project(current)


def test_restored_takes_come_back_with_what_they_continue() -> None:
    project = generated(film("a", "b", "c"), 3)
    first, second, third = project.path()
    dropped = choices.drop_takes(project, [first.id])
    back = choices.restore_takes(dropped, [second.id])
    assert back.trash == {third.id}
    assert [t.id for t in edits.rewind(back, second.id).film()] == [first.id, second.id]


@pytest.mark.parametrize("verb", [edits.rewind, edits.branch, choices.use_take])
def test_nothing_goes_on_from_the_trash(verb: object) -> None:
    project = generated(film("a", "b"), 2)
    last = project.path()[1].id
    with pytest.raises(EditError, match="Restore it"):
        verb(choices.drop_takes(project, [last]), last)  # type: ignore[operator]


def test_a_take_that_was_rendering_when_its_parent_was_dropped() -> None:
    project = generated(film("a", "b"), 1)
    coming = rendered(project, project.current().segments[1], project.head)
    dropped = choices.drop_takes(project, [str(project.head)])
    kept = edits.add_take(dropped, coming)
    assert coming.id in kept.takes and coming.id in kept.trash and kept.head is None
    check_project(kept)


def test_stars() -> None:
    project = generated(film("a"), 1)
    take = str(project.head)
    starred = choices.set_star(project, take, True)
    assert starred.stars == {take} and choices.set_star(starred, take, False) == project
    assert not choices.drop_takes(starred, [take]).stars
    with pytest.raises(EditError, match="not in the film"):
        choices.set_star(project, "nowhere", True)


def test_stars_and_trash_in_the_document() -> None:
    project = forked()
    assert not {"stars", "trash"} & set(project_table(project)), "documents without them stay as they were"
    kept = choices.set_star(choices.drop_takes(project, [project.path()[1].id]), project.path()[0].id, True)
    table = json.loads(json.dumps(project_table(kept)))
    assert parse_project(table) == kept
    table["stars"] += ["gone", 7]
    assert parse_project(table) == kept, "takes that are not there are left out"
    with pytest.raises(FormatError, match="trash"):
        check_project(replace(project, trash=frozenset({project.path()[0].id})))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 30)), max_size=25))
def test_any_order_of_choices_leaves_a_consistent_project(steps: list[tuple[int, int]]) -> None:
    project = forked()
    for verb, number in steps:
        take = sorted(project.takes)[number % len(project.takes)]
        try:
            project = [
                lambda p, t: choices.drop_takes(p, [t]), lambda p, t: choices.restore_takes(p, [t]), choices.use_take, edits.branch,
                edits.rewind, lambda p, t: edits.add_take(p, rendered(p, p.takes[t].segment, t)),
            ][verb](project, take)  # fmt: skip
        except EditError:
            continue
        check_project(project)
        assert parse_project(json.loads(json.dumps(project_table(project)))) == project
