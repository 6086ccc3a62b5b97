"""The tree of takes: growing, rewinding, branching, retaking, finishing, and what becomes stale."""

from __future__ import annotations

from dataclasses import replace

import pytest

from studio.project import edits, history
from studio.project.edits import EditError
from studio.project.model import Clock, RenderSettings
from tests.project.builders import film, generated, prompts, rendered


def test_a_branch_grows_take_by_take() -> None:
    project = generated(film("a", "b"), 2)
    assert [take.segment.prompt for take in project.film()] == ["a", "b"]
    assert len(project.branches) == 1 and project.head == project.current().tip
    with pytest.raises(EditError, match="Add a segment"):
        edits.next_segment(project)


def test_rewind_moves_only_the_head() -> None:
    project = generated(film("a", "b", "c"), 3)
    first = project.path()[0]
    back = edits.rewind(project, first.id)
    assert back.film() == (first,) and len(back.path()) == 3
    assert edits.next_segment(back) == (1, first.id)
    assert edits.next_segment(edits.rewind(project, None)) == (0, None)


def test_generating_after_a_rewind_opens_a_branch() -> None:
    project = generated(film("a", "b", "c"), 3)
    main = project.branch
    back = edits.edit_segment(edits.rewind(project, project.path()[0].id), 1, prompt="b, but at night")
    forked = generated(back)
    assert [b.name for b in forked.branches] == ["Main", "Branch 2"]
    assert prompts(forked) == ["a", "b, but at night", "c"]
    assert len(forked.path()) == 2 and not edits.stale_takes(forked)
    left = edits.switch(forked, main)
    assert prompts(left) == ["a", "b", "c"], "the edit belongs to the new branch"
    assert len(left.film()) == 3 and not edits.stale_takes(left)


def test_branch_copies_what_was_rendered_and_what_is_planned() -> None:
    project = generated(film("a", "b", "c", "d"), 2)
    edited = edits.edit_segment(project, 0, prompt="A")
    made = edits.branch(edited, edited.path()[0].id)
    assert prompts(made) == ["a", "b", "c", "d"] and len(made.film()) == 1
    assert prompts(edits.switch(made, edited.branch)) == ["A", "b", "c", "d"]
    assert edits.branch(made, None, "  Night ").current().name == "Night"


def test_a_take_of_another_branch_is_reached_by_rewinding() -> None:
    project = generated(film("a", "b"), 2)
    last = project.path()[-1]
    forked = generated(edits.rewind(project, project.path()[0].id))
    back = edits.rewind(forked, last.id)
    assert back.branch == project.branch and back.head == last.id


def test_a_loose_take_gets_a_branch_of_its_own() -> None:
    empty = film("a", "b")
    steps = history.do(history.UndoHistory(empty), generated(empty))
    undone = history.undo(steps).present
    (loose,) = undone.takes
    found = edits.rewind(undone, loose)
    assert found.head == loose and len(found.branches) == 2 and prompts(found) == ["a", "b"]


def test_unknown_takes_and_branches() -> None:
    project = generated(film("a"))
    for verb in (
        lambda: edits.rewind(project, "nothere"),
        lambda: edits.branch(project, "nothere"),
        lambda: edits.switch(project, "nothere"),
        lambda: edits.rename_branch(project, "nothere", "x"),
        lambda: edits.drop_branch(project, "nothere"),
        lambda: edits.add_take(project, rendered(project, project.current().segments[0], "nothere")),
    ):
        with pytest.raises(EditError):
            verb()


def test_branches_are_dropped_and_their_takes_stay() -> None:
    project = generated(film("a", "b"), 2)
    with pytest.raises(EditError, match="only branch"):
        edits.drop_branch(project, project.branch)
    forked = generated(edits.rewind(project, None))
    dropped = edits.drop_branch(forked, forked.branch)
    assert dropped.branch == project.branch and dropped.head == project.head
    assert dropped.takes == forked.takes
    other = edits.drop_branch(forked, project.branch)
    assert other.branch == forked.branch and other.head == forked.head


def test_names_of_branches_do_not_repeat() -> None:
    project = film("a")
    for _ in range(3):
        project = edits.branch(project, None)
    assert [b.name for b in project.branches] == ["Main", "Branch 2", "Branch 3", "Branch 4"]
    assert edits.rename_branch(project, project.branch, "Night").current().name == "Night"


def test_an_edit_makes_the_take_and_all_after_it_stale() -> None:
    project = generated(film("a", "b", "c"), 3)
    ids = [take.id for take in project.path()]
    assert edits.stale_takes(project) == frozenset()
    assert edits.stale_takes(edits.edit_segment(project, 1, prompt="B")) == set(ids[1:])
    assert edits.stale_takes(edits.edit_segment(project, 2, seed=99)) == {ids[2]}
    assert edits.stale_takes(edits.edit_segment(project, 0, frames=72)) == set(ids)
    assert edits.stale_takes(edits.edit_segment(project, 0, frames=40)) == frozenset(), "40 frames are one section, as 36 are"


@pytest.mark.parametrize(
    "change",
    [
        lambda p: edits.set_settings(p, RenderSettings("fine", 16)),
        lambda p: edits.set_settings(p, replace(p.settings, cache=0.06)),
        lambda p: edits.set_size(p, (64, 64)),
        lambda p: edits.set_reference(p, None),
        lambda p: edits.set_model(p, "other", Clock(), p.size),
    ],
)
def test_what_holds_for_the_whole_film_makes_every_take_stale(change) -> None:  # type: ignore[no-untyped-def]
    project = generated(film("a", "b"), 2)
    assert edits.stale_takes(change(project)) == {take.id for take in project.path()}


def test_a_preset_of_another_name_and_the_same_numbers_changes_nothing() -> None:
    project = generated(film("a"))
    assert not edits.stale_takes(edits.set_settings(project, replace(project.settings, preset="mine")))


def test_a_take_in_another_size_or_by_another_model_is_not_continued() -> None:
    project = generated(film("a", "b"))
    for changed, what in (
        (edits.set_size(project, (64, 64)), "another size"),
        (edits.set_model(project, "other", Clock(), project.size), "another model"),
        (edits.set_reference(project, replace(project.reference, sha256="f" * 64)), "another picture"),  # type: ignore[type-var]
    ):
        with pytest.raises(EditError, match=what):
            edits.next_segment(changed)
        assert edits.next_segment(edits.rewind(changed, None)) == (0, None)


def partial_film() -> tuple:  # type: ignore[type-arg]
    project = edits.edit_segment(film("a", "b"), 0, frames=108)
    take = rendered(project, project.current().segments[0], None, sections=1, frames=36, state="partial")
    return edits.add_take(project, take), take


def test_a_partial_take_is_completed_in_place() -> None:
    project, take = partial_film()
    assert edits.next_segment(project) == (0, None) and edits.unfinished_take(project) == take
    assert not edits.stale_takes(project)
    whole = edits.add_take(project, replace(take, sections=3, frames=108, state="done"))
    assert whole.takes[take.id].frames == 108 and len(whole.branches) == 1 and whole.head == take.id
    assert edits.next_segment(whole) == (1, take.id) and edits.unfinished_take(whole) is None


def test_a_partial_take_whose_prompt_changed_is_rendered_anew() -> None:
    project, _ = partial_film()
    changed = edits.edit_segment(project, 0, prompt="other")
    assert edits.next_segment(changed) == (0, None) and edits.unfinished_take(changed) is None


def test_a_partial_take_is_enough_when_the_segment_is_shortened_to_it() -> None:
    project, take = partial_film()
    short = edits.edit_segment(project, 0, frames=36)
    assert not edits.stale_takes(short) and edits.next_segment(short) == (1, take.id)


def test_a_partial_take_that_is_continued_stays_as_it_is() -> None:
    project, take = partial_film()
    more = edits.add_take(project, rendered(project, project.current().segments[1], take.id))
    assert edits.unfinished_take(edits.rewind(more, take.id)) is None
    assert edits.next_segment(edits.rewind(more, take.id)) == (1, take.id)


def test_finished_takes_do_not_change() -> None:
    project = generated(film("a"))
    with pytest.raises(EditError, match="finished"):
        edits.add_take(project, project.path()[0])


def test_a_take_finds_its_segment_though_it_was_moved_meanwhile() -> None:
    project = film("a", "b", "c")
    take = rendered(project, project.current().segments[0], None)
    moved = edits.move_segment(project, 0, 2)
    assert prompts(edits.add_take(moved, take)) == ["a", "b", "c"]
    removed = edits.remove_segment(project, 0)
    assert prompts(edits.add_take(removed, take)) == ["a", "b", "c"]


def test_a_take_grows_its_own_branch_though_the_artist_is_elsewhere() -> None:
    project = generated(film("a", "b"))
    take = rendered(project, project.current().segments[1], project.head)
    elsewhere = edits.branch(project, None)
    kept = edits.add_take(elsewhere, take, branch=project.branch, follow=False)
    assert (kept.branch, kept.head) == (elsewhere.branch, None)
    assert edits.switch(kept, project.branch).head == take.id


def test_repeating_a_take_is_noticed() -> None:
    project = generated(film("a", "b"), 2)
    second = project.path()[1]
    assert edits.find_same_take(project, second.segment, second.parent) == second
    assert edits.find_same_take(project, replace(second.segment, seed=123), second.parent) is None
    assert edits.find_same_take(project, second.segment, None) is None


def test_a_segment_rendered_twice_on_one_path_is_planned_twice() -> None:
    project = generated(film("a", "b"))
    again = edits.add_take(project, rendered(project, project.current().segments[0], project.head))
    assert prompts(again) == ["a", "a", "b"]
    assert len({segment.id for segment in again.current().segments}) == 3


def test_a_take_whose_branch_is_gone_opens_one_without_repeating_segments() -> None:
    project = generated(film("a", "b", "c"))
    take = rendered(project, project.current().segments[1], project.head)
    elsewhere = edits.move_segment(edits.branch(project, None), 0, 2)                # plans b, c, a
    alone = edits.drop_branch(elsewhere, project.branch)
    kept = edits.add_take(alone, take, branch=project.branch)
    assert prompts(kept) == ["a", "b"] and [t.segment.prompt for t in kept.film()] == ["a", "b"]
    assert prompts(edits.switch(kept, elsewhere.branch)) == ["b", "c", "a"]
