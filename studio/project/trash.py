"""The trash of a film: branches that come back, and takes that go for good, from the document and from all steps of undo.

Takes come into the trash, and out of it, in `choices`; branches come into it in `tree`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from studio.language import sentence
from studio.project.choices import restore_takes, with_followers
from studio.project.limits import EditError, fresh_id
from studio.project.model import DroppedBranch, Project
from studio.project.shots import takes_of_shots
from studio.project.table_reader import Table
from studio.project.tree import known_take

Heirs = Mapping[str, str | None]
"""For each take that goes, the nearest take before it that stays; None: the film's beginning."""


def restore_branch(project: Project, branch: str) -> Project:
    """Take a branch out of the trash, with its takes. It stands behind the others, and the head stays where it is.

    Raises:
        EditError: no such branch is in the trash.
    """
    found = _dropped(project, branch)
    back = restore_takes(project, [found.branch.tip]) if found.branch.tip else project
    taken = {other.id for other in project.branches}
    again = replace(found.branch, id=fresh_id()) if branch in taken else found.branch
    asked = tuple(take.segment for take in project.lineage(again.tip)[len(again.segments) :])
    again = replace(again, segments=again.segments + asked)
    rest = tuple(each for each in project.dropped_branches if each is not found)
    return replace(back, branches=(*project.branches, again), dropped_branches=rest)


def check_dropped(project: Project, branches: Collection[str]) -> None:
    """Check that branches are in the trash. Raises EditError: one is not there."""
    for branch in branches:
        _dropped(project, branch)


def deletable(project: Project, takes: Collection[str]) -> tuple[frozenset[str], frozenset[str]]:
    """The takes that go for good with `takes`, and those that must stay.

    What continues a take goes with it. What must stay, with all that it continues: takes at whose frames another shot begins, takes
    whose look others are held to, and pinned ones.

    Raises:
        EditError: no such take, or it is not in the trash.
    """
    for take in takes:
        if known_take(project, take).id not in project.trash:
            raise EditError(sentence("This take is not in the trash. Nothing was deleted."))
    gone = with_followers(project, takes)
    kept: set[str] = set()
    while needed := {take for take in _needed(project, gone - kept) if take not in kept}:
        kept |= {take.id for one in needed for take in project.lineage(one)}
    return frozenset(gone - kept), frozenset(kept & gone)


def heirs(project: Project, gone: Collection[str]) -> Heirs:
    """What takes the place of each take that goes, where something ends or stands there."""
    return {take: next((t.id for t in reversed(project.lineage(take)) if t.id not in gone), None) for take in gone}


def forget_takes(project: Project, left: Heirs, branches: Collection[str] = ()) -> Project:
    """The project without takes, as if they had never been made. Branches and head move to the takes before them.

    `branches`: those that are gone from the trash, too; their other takes stay.
    """

    def heir(take: str | None) -> str | None:
        return left.get(take, take) if take else None

    kept = {key: take for key, take in project.takes.items() if key not in left}
    return replace(
        project,
        takes=kept,
        branches=tuple(replace(branch, tip=heir(branch.tip)) for branch in project.branches),
        dropped_branches=tuple(
            replace(d, branch=replace(d.branch, tip=heir(d.branch.tip)))
            for d in project.dropped_branches if d.branch.id not in branches),
        head=heir(project.head),
        stars=project.stars - left.keys(),
        trash=project.trash - left.keys(),
        dropped={take: when for take, when in project.dropped.items() if take not in left},
        votes=tuple(vote for vote in project.votes if vote.left in kept and vote.right in kept),
        looks={take: look for take, look in project.looks.items() if take not in left and look.match not in left},
        trims={take: trim for take, trim in project.trims.items() if take not in left},
        later_looks={take: look for take, look in project.later_looks.items() if take not in left and look.match not in left},
        later_trims={take: trim for take, trim in project.later_trims.items() if take not in left},
        pins=tuple(take for take in project.pins if take not in left),
        forgotten=tuple(take for take in project.forgotten if take not in left),
        accepted={take: what for take, what in project.accepted.items() if take not in left},
    )


def forget_in_state(state: Table, left: Heirs, branches: Collection[str] = ()) -> Table:
    """The same for a state of undo, as JSON: its branches and its head. Its other fields are read without takes that are gone."""

    def heir(branch: Any) -> Any:
        return {**branch, "tip": left[branch["tip"]]} if isinstance(branch, dict) and branch.get("tip") in left else branch

    known = [each for each in state.get("dropped_branches", ()) if each["branch"].get("id") not in branches]
    dropped = [{**each, "branch": heir(each["branch"])} for each in known]
    return {
        **{name: value for name, value in state.items() if name != "dropped_branches"},
        "branches": [heir(branch) for branch in state["branches"]],
        "head": left.get(state["head"], state["head"]),
        **({"dropped_branches": dropped} if dropped else {}),
    }


def _dropped(project: Project, branch: str) -> DroppedBranch:
    for found in project.dropped_branches:
        if found.branch.id == branch:
            return found
    raise EditError(sentence("This branch is not in the trash any more. Look at the trash again."))


def _needed(project: Project, gone: Collection[str]) -> Iterator[str]:
    """Takes among `gone` without which something that stays could not be made or shown."""
    kept = [take for take in project.takes.values() if take.id not in gone]
    yield from takes_of_shots(project, gone) & frozenset(gone)
    yield from (look.match for take, look in project.looks.items() if look.match in gone and take not in gone)
    named = [project.pins, *(take.pins for take in kept), *(take.forgotten for take in kept)]
    yield from (take for takes in named for take in takes if take in gone)
