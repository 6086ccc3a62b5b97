"""Edits of what the film remembers: takes that are pinned or forgotten, and places that are forgotten before a segment.

They are settings of the takes that are made next: takes that are there do not change.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from studio.language import sentence
from studio.project.limits import EditError
from studio.project.model import Project
from studio.project.tree import known_take, segment_index, usable_take, with_segments

MOST_PINS = 12
MOST_FORGOTTEN = 48
CELLS = 65_536
"""Cells of a memory's map, at most."""


def pin(project: Project, take: str) -> Project:
    """Pin a take: takes that are made from now on keep what the memory knows of it, and read it first.

    What is kept are its places in a memory that is a map, of which the take that is pinned last outweighs the others, and its
    sections in one that keeps all sections. It is not forgotten any more. Raises EditError: no such take, or too many are pinned.
    """
    usable_take(project, take)
    pins = _without(project.pins, take)
    if len(pins) >= MOST_PINS:
        raise EditError(sentence(
            "{most} takes are pinned, which is the most. Unpin one first; nothing was changed.", most=MOST_PINS))
    return replace(project, pins=(*pins, take), forgotten=_without(project.forgotten, take))


def unpin(project: Project, take: str) -> Project:
    """Let a take be one of many for the memory again. Raises EditError: no such take."""
    known_take(project, take)
    return replace(project, pins=_without(project.pins, take))


def forget_take(project: Project, take: str) -> Project:
    """Forget a take: takes that are made from now on do not read what its sections wrote into the memory.

    It is not pinned any more.

    Raises:
        EditError: no such take, or too many are forgotten.
    """
    usable_take(project, take)
    forgotten = _without(project.forgotten, take)
    if len(forgotten) >= MOST_FORGOTTEN:
        raise EditError(sentence(
            "{most} takes are forgotten, which is the most. Let one be remembered again first; nothing was changed.",
            most=MOST_FORGOTTEN))
    return replace(project, forgotten=(*forgotten, take), pins=_without(project.pins, take))


def remember_take(project: Project, take: str) -> Project:
    """Let a take that is forgotten be read again. Raises EditError: no such take."""
    known_take(project, take)
    return replace(project, forgotten=_without(project.forgotten, take))


def _without(takes: Iterable[str], take: str) -> tuple[str, ...]:
    return tuple(each for each in takes if each != take)


def forget(project: Project, index: int, cells: Iterable[int]) -> Project:
    """Set the cells of the memory's map that are forgotten before a segment; without any, nothing is. A take of it becomes stale.

    Raises:
        EditError: no such segment, it is the first one, or there is no such cell.
    """
    segments = project.current().segments
    index, chosen = segment_index(index, len(segments)), tuple(sorted(set(cells)))
    if index == 0 and chosen:
        raise EditError(sentence("Before the first segment there is nothing to forget. Choose a later one."))
    if chosen and not 0 <= chosen[0] <= chosen[-1] < CELLS:
        raise EditError(sentence("The memory’s map has no such place. Nothing was changed."))
    return with_segments(project, (*segments[:index], replace(segments[index], forget=chosen), *segments[index + 1 :]))
