"""Votes on takes: kept, undone and stored; who plays for whom; Elo by hand-worked numbers, and its intervals."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from studio.project import edits, history
from studio.project.choices import drop_takes
from studio.project.codec import parse_project, project_table
from studio.project.edits import EditError
from studio.project.history import UndoHistory
from studio.project.model import Project
from studio.project.rules import FormatError
from studio.project.votes import VOTES, Contest, draw, elo_of, intervals, pairs, players, ratings
from tests.project.builders import film, generated, rendered

ALL = Contest()


def takes_of(project: Project, depth: int) -> list[str]:
    return [take for take in project.takes if len(project.lineage(take)) == depth + 1]


def retaken(project: Project, times: int = 1) -> Project:
    """The project after `times` other takes of the segment at the head."""
    head = project.film()[-1]
    for _ in range(times):
        project = edits.add_take(project, rendered(project, head.segment, head.parent), new_seed=True)
    return project


def three_takes() -> tuple[Project, list[str]]:
    project = retaken(generated(film("a")), 2)
    return project, takes_of(project, 0)


def test_a_vote_is_kept_undone_and_stored() -> None:
    project, (one, other, _) = three_takes()
    assert "votes" not in project_table(project), "a project without votes is written as before"
    steps = history.do(UndoHistory(project), edits.add_vote(project, one, other, "left"))
    (vote,) = steps.present.votes
    assert (vote.left, vote.right, vote.result) == (one, other, "left") and vote.created.endswith("+00:00")
    assert history.undo(steps).present.votes == () and history.redo(history.undo(steps)) == steps
    assert parse_project(project_table(steps.present)) == steps.present
    again = edits.add_vote(steps.present, other, one, "alike")
    assert edits.drop_vote(again).votes == (vote,)
    with pytest.raises(EditError, match="no vote to take back"):
        edits.drop_vote(project)


def test_votes_of_other_things_are_refused_in_a_sentence() -> None:
    project = generated(film("a", "b"), 2)
    first, second = project.takes
    for left, right, told in (
        (first, "gone", "not in the film any more"), (first, first, "two takes of the same segment"),
        (first, second, "two takes of the same segment"),
    ):  # fmt: skip
        with pytest.raises(EditError, match=told):
            edits.add_vote(project, left, right, "left")
    project, (one, other, _) = three_takes()
    with pytest.raises(EditError, match="left, right or alike"):
        edits.add_vote(project, one, other, "both")                                 # type: ignore[arg-type]
    full = replace(project, votes=edits.add_vote(project, one, other, "left").votes * VOTES)
    with pytest.raises(EditError, match="5,000 votes at most"):
        edits.add_vote(full, one, other, "left")


def test_votes_on_takes_that_are_gone_are_left_out_and_newer_fields_stay() -> None:
    project, (one, other, third) = three_takes()
    project = edits.add_vote(edits.add_vote(project, one, other, "left"), other, third, "alike")
    table = project_table(project)
    table["votes"][0]["voter"] = "guest"
    table["takes"] = [take for take in table["takes"] if take["id"] != third]
    table["branches"] = [branch for branch in table["branches"] if branch["tip"] != third]
    read = parse_project(table | {"branch": table["branches"][0]["id"], "head": None})
    assert [(vote.left, vote.right) for vote in read.votes] == [(one, other)]
    assert project_table(read)["votes"][0]["voter"] == "guest"


@pytest.mark.parametrize("votes", [7, {}, [7], [{}], [{"left": "a", "right": "b", "result": "up", "created": ""}],
                                   [{"left": "../a", "right": "b", "result": "left", "created": ""}]])
def test_documents_with_wrong_votes_are_not_read(votes: Any) -> None:
    with pytest.raises(FormatError, match="vote"):
        parse_project(project_table(film("a")) | {"votes": votes})


def test_elo_by_hand() -> None:
    """Equal players: half of K changes hands. Then 1516 against 1484 is expected to score 0.546, so a loss costs 17.47."""
    assert elo_of([(0, 1, 1.0)], 2) == [1516, 1484]
    assert elo_of([(0, 1, 1.0), (1, 0, 1.0)], 2) == pytest.approx([1498.53, 1501.47], abs=0.01)
    assert elo_of([(0, 1, 0.5)], 2) == [1500, 1500], "alike, of equals, changes nothing"
    assert elo_of([(0, 1, 1.0), (0, 1, 0.5)], 2) == pytest.approx([1514.53, 1485.47], abs=0.01)
    many = elo_of([(0, 1, 1.0), (1, 2, 1.0), (2, 0, 0.5)], 3)
    assert sum(many) == pytest.approx(4500), "what one wins another loses"


def test_ratings_count_and_rank() -> None:
    project, (one, other, third) = three_takes()
    assert ratings(project, ALL) == []
    for left, right, result in ((one, other, "left"), (other, one, "right"), (third, one, "right"), (other, third, "alike")):
        project = edits.add_vote(project, left, right, result)                      # type: ignore[arg-type]
    best, *rest = ratings(project, ALL)
    assert (best.player, best.votes, best.wins, best.losses, best.ties) == (one, 3, 3, 0, 0)
    assert {(r.player, r.votes, r.wins, r.losses, r.ties) for r in rest} == {(other, 3, 0, 2, 1), (third, 2, 0, 1, 1)}
    assert best.elo > 1540 and all(r.elo < 1500 for r in rest)
    assert all(r.low is None and r.high is None for r in (best, *rest)), "too few votes for an interval"


def test_intervals_surround_and_repeat_and_shrink() -> None:
    by = random.Random(4)
    games = [(0, 1, float(by.random() < 0.7)) for _ in range(60)]
    (low, high), _ = intervals(games, 2)                                            # type: ignore[misc]
    assert low < elo_of(games, 2)[0] < high and low > 1500, "seven of ten is more than chance, after sixty votes"
    assert intervals(games, 2) == intervals(games, 2), "a fixed seed"
    assert intervals([(0, 1, 1.0)] * 9, 2) == [None, None], "all the same: no interval, rather than one without width"
    assert intervals([(0, 1, 1.0), (0, 1, 0.0)], 2) == [None, None] and intervals([], 0) == []


def test_intervals_hold_what_they_promise() -> None:
    """Of players who are really equal, the interval holds the rating that they would have on average, 1500, in most runs."""
    by = random.Random(1)
    held = 0
    for _ in range(40):
        bounds, _ = intervals([(0, 1, float(by.random() < 0.5)) for _ in range(40)], 2)
        assert bounds
        held += bounds[0] <= 1500 <= bounds[1]
    assert held >= 34                                                               # of 40; 38 are expected


def test_pairs_are_of_one_segment_and_drawn_fairly() -> None:
    project = retaken(generated(film("a", "b"), 1), 1)
    project = retaken(generated(project, 1), 2)                                     # two takes of the first, three of the second
    assert len(pairs(project, ALL)) == 1 + 3
    assert len(pairs(project, Contest(segment=1))) == 3 and pairs(project, Contest(segment=5)) == []
    second = takes_of(project, 1)
    assert pairs(project, ALL, shown=second[:2]) == [(second[0], second[1])], "only takes that can be shown"
    binned = drop_takes(project, second[:1])
    assert all(second[0] not in pair for pair in pairs(binned, ALL)) and len(pairs(binned, Contest(segment=1))) == 1, "no trash"
    by = random.Random(0)
    choices = pairs(project, Contest(segment=1))
    drawn = Counter(draw(choices, (), by) for _ in range(600))
    assert len(drawn) == 6 and min(drawn.values()) > 60, "each pair, each way round"
    voted = edits.add_vote(edits.add_vote(project, *choices[0], "left"), choices[1][1], choices[1][0], "alike")
    assert {frozenset(draw(choices, voted.votes, by) or ()) for _ in range(20)} == {frozenset(choices[2])}, "fewest votes"
    assert draw([], (), by) is None


def test_two_branches_play_against_each_other() -> None:
    project = generated(film("a", "b", "c"), 3)
    shared, second, third = project.takes
    project = generated(edits.branch(project, shared), 1)
    main, side = (branch.id for branch in project.branches)
    other = str(project.head)
    contest = Contest(branches=(main, side))
    assert players(project, contest) == {second: main, third: main, other: side}, "the shared take plays for none"
    assert [set(pair) for pair in pairs(project, contest)] == [{second, other}]
    for result in ("left", "right", "left", "alike", "left", "left"):
        project = edits.add_vote(project, other, second, result)                    # type: ignore[arg-type]
    best, worst = ratings(project, contest)
    assert (best.player, best.wins, best.losses, best.ties) == (side, 4, 1, 1) and worst.player == main
    assert best.low is not None and best.high is not None and best.low < best.elo < best.high
    assert best.elo + worst.elo == pytest.approx(3000)
    assert ratings(project, Contest(branches=(side, main)))[0] == best, "the order of the branches does not matter"
    for wrong, told in (((main, "gone"), "not there any more"), ((main, main), "same branch")):
        with pytest.raises(EditError, match=told):
            players(project, Contest(branches=wrong))
