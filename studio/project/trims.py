"""What the film shows of its takes: from which frame to which, and how often. The takes stay as they were made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from studio.language import sentence
from studio.project.limits import EditError
from studio.project.model import Loop, Project, Take, Trim
from studio.project.tree import usable_take
from studio.project.trim_tables import LOOPS, MOST_TIMES

WHOLE = Trim()


def set_trim(project: Project, take: str, first: int = 0, end: int = 0, loop: Loop = "once", times: int = 1) -> Project:
    """Show a part of a take in the film, or show it several times. All of it, once, is no trim.

    Args:
        project: the project.
        take: id of the take.
        first: its first frame that is shown, from 0.
        end: the frame after the last one; 0: the take's end.
        loop: how it is played again.
        times: how often in all; of no matter for a take that is played once.

    Raises:
        EditError: no such take, or it has no such frames.
    """
    found = usable_take(project, take)
    stop = end or found.frames
    if not 0 <= first < stop <= found.frames:
        raise EditError(sentence(
            "A take is shown from one of its {frames} frames to a later one. Nothing was changed.", frames=found.frames))
    if loop not in LOOPS or not 1 <= times <= MOST_TIMES:
        raise EditError(sentence(
            "A take is played once, or up to {most} times, again or there and back. Nothing was changed.", most=MOST_TIMES))
    again = loop if times > 1 else "once"
    unknown = project.trims.get(take, WHOLE).unknown
    trim = Trim(first, 0 if stop == found.frames else stop, again, 1 if again == "once" else times, unknown)
    others = {one: known for one, known in project.trims.items() if one != take}
    return replace(project, trims=others if trim == WHOLE else {**others, take: trim})


def part(project: Project, take: Take) -> tuple[int, int]:
    """The part of a take that the film shows: its first frame, and the one after the last. A take may have grown or been cut."""
    trim = project.trims.get(take.id, WHOLE)
    first = min(trim.first, max(0, take.frames - 1))
    return first, max(first + 1, min(trim.end or take.frames, take.frames)) if take.frames else 0


def shown_frames(project: Project, take: Take) -> int:
    """How many frames of the film a take makes."""
    trim = project.trims.get(take.id, WHOLE)
    first, end = part(project, take)
    again = end - first - (trim.loop == "there and back")
    return end - first + (trim.times - 1) * again if trim.loop != "once" else end - first


def passes(first: int, end: int, loop: Loop, times: int) -> Iterator[range]:
    """The frames of a take in the order in which they are played, a range for each time."""
    yield range(first, end)
    for number in range(1, times if loop != "once" else 1):
        if loop == "repeat":
            yield range(first, end)
        else:
            yield range(end - 2, first - 1, -1) if number % 2 else range(first + 1, end)


def film_frames(project: Project, takes: Iterable[Take]) -> int:
    """How many frames of the film some takes make."""
    return sum(shown_frames(project, take) for take in takes)
