"""Edits of what the film remembers: takes whose places are pinned, and places that are forgotten before a segment.

They are settings of the takes that are made next: takes that are there do not change.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from studio.project.limits import EditError
from studio.project.model import Project
from studio.project.tree import known_take, segment_index, usable_take, with_segments

MOST_PINS = 12
CELLS = 65_536
"""Cells of a memory's map, at most."""


def pin(project: Project, take: str) -> Project:
    """Pin a take: what the memory knows of its places is not written over by takes that are made from now on.

    The take that is pinned last outweighs the others. Raises EditError: no such take, or too many are pinned.
    """
    usable_take(project, take)
    pins = tuple(each for each in project.pins if each != take)
    if len(pins) >= MOST_PINS:
        raise EditError(f"{MOST_PINS} takes are pinned, which is the most. Unpin one first; nothing was changed.")
    return replace(project, pins=(*pins, take))


def unpin(project: Project, take: str) -> Project:
    """Let a take's places be written over again. Raises EditError: no such take."""
    known_take(project, take)
    return replace(project, pins=tuple(each for each in project.pins if each != take))


def forget(project: Project, index: int, cells: Iterable[int]) -> Project:
    """Set the cells of the memory's map that are forgotten before a segment; without any, nothing is. A take of it becomes stale.

    Raises:
        EditError: no such segment, it is the first one, or there is no such cell.
    """
    segments = project.current().segments
    index, chosen = segment_index(index, len(segments)), tuple(sorted(set(cells)))
    if index == 0 and chosen:
        raise EditError("Before the first segment there is nothing to forget. Choose a later one.")
    if chosen and not 0 <= chosen[0] <= chosen[-1] < CELLS:
        raise EditError("The memory’s map has no such place. Nothing was changed.")
    return with_segments(project, (*segments[:index], replace(segments[index], forget=chosen), *segments[index + 1 :]))
