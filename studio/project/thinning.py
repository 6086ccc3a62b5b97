"""Which takes can do without their snapshot: their clips stay, and the memory after them can be made again from the take before."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from studio.project.model import Project, Take
from studio.project.shots import takes_of_shots

EVERY = (2, 100)
"""Every so many takes of a line keep their snapshot: at least and at most."""


def thinnable(project: Project, every: int, needed: Collection[str] = ()) -> tuple[Take, ...]:
    """The takes whose snapshots can be removed.

    Kept are those of heads and ends of branches, of takes with several takes after them or a new shot, of takes at whose frames a
    shot begins, of starred, pinned and forgotten ones, of every take of a line whose number `every` divides, of videos, copies
    and bridges, which cannot be made again from their seed, and of takes of which is not known by which ratios their steps were
    left out. Takes in the trash are left alone.

    Args:
        project: the film.
        every: see above; EVERY.
        needed: further takes that keep theirs, such as those that a paused job goes on from.
    """
    children: dict[str | None, list[Take]] = {}
    for take in project.takes.values():
        if take.id not in project.trash:
            children.setdefault(take.parent, []).append(take)
    tips = {branch.tip for branch in (*project.branches, *(each.branch for each in project.dropped_branches))}
    named = {other for take in project.takes.values() for other in (*take.pins, *take.forgotten, take.copy_of)}
    chosen = {*project.stars, *project.pins, *project.forgotten, *project.trash, project.head}
    kept = chosen | {*tips, *named, *needed, *takes_of_shots(project)}

    def can_go(take: Take) -> bool:
        """Whether nothing goes on from a take's snapshot that could not be made again."""
        after = children.get(take.id, [])
        made = take.state == "done" and not take.thinned and not take.copy_of and take.segment.video is None
        plain = len(after) < 2 and not any(other.segment.shot for other in after)
        return made and plain and not take.lacks_ratios and take.id not in kept and len(project.lineage(take.id)) % every != 0

    return tuple(take for take in project.takes.values() if can_go(take))


def set_thinned(project: Project, takes: Collection[str], thinned: bool) -> Project:
    """Note that takes have no snapshot any more, or have one again. Takes that are not there are passed over."""
    changed = {key: replace(project.takes[key], thinned=thinned) for key in takes if key in project.takes}
    return replace(project, takes={**project.takes, **changed})


def to_make_again(project: Project, take: str) -> tuple[Take, ...]:
    """The takes that have to be made again so that a take has its snapshot, in that order; none where it has one."""
    needed: list[Take] = []
    for at in reversed(project.lineage(take)):
        if not at.thinned:
            break
        needed.append(at)
    return tuple(reversed(needed))


def last_with_memory(project: Project, take: str, has_memory: Callable[[str], bool]) -> int:
    """The number, from 1 on, of the newest take before one whose memory is there; 0: there is none, and the film begins anew.

    `has_memory`: whether the snapshot of the take with an id is there.
    """
    before = project.lineage(take)[:-1]
    return max((number for number, each in enumerate(before, 1) if has_memory(each.id)), default=0)
