"""How much a take uses each earlier segment: which takes its first section was made after, and which of them can be left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from studio.language import sentence
from studio.project.model import Project, Take


@dataclass(frozen=True)
class EarlierTake:
    """A take before the one that is looked at."""

    take: Take                     # as the film shows it; it may be a copy
    number: int                    # of its segment, from 1 on
    copies: frozenset[str]         # it, and all takes that have its clip and memory
    problem: str = ""              # why it cannot be left out, in a sentence


def original(project: Project, take: Take) -> Take:
    """The take that was rendered, of one that may be a copy."""
    while take.copy_of and take.copy_of in project.takes:
        take = project.takes[take.copy_of]
    return take


def takes_before(project: Project, looked_at: Take) -> dict[str, Take]:
    """How the takes were made that a take was made after: by id, the take itself or, of a copy, the one that was rendered.

    `looked_at`: a take that was rendered. The snapshot of a copy goes on from what came before its original.
    """
    found: dict[str, Take] = {}
    waiting = [looked_at.parent]
    while waiting:
        take = waiting.pop()
        if take is not None and take in project.takes and take not in found:
            found[take] = original(project, project.takes[take])
            waiting += [project.takes[take].parent, found[take].parent]
    return found


def earlier_takes(
    project: Project, looked_at: Take, replays: bool, has_memory: Callable[[str], bool], reaches: Callable[[Take], bool]
) -> tuple[EarlierTake, ...]:
    """The takes before one, in film order.

    Args:
        project: of the takes.
        looked_at: a take that was rendered.
        replays: whether the memory is written again without a take, for which all snapshots from there on are needed.
        has_memory: whether the snapshot of the take with an id is there.
        reaches: whether all of a take's latents can be had, from its snapshot or by rendering it again.
    """
    path = project.lineage(looked_at.parent)
    found: list[EarlierTake] = []
    for number, take in enumerate(path, 1):
        own = original(project, take)
        copies = frozenset(each.id for each in project.takes.values() if original(project, each) == own)
        after = path[number:]
        needed = (*([take.parent] if take.parent else []), *(each.id for each in after)) if replays else ()
        lost = next((index for index, each in enumerate(path, 1) if each.id in needed and not has_memory(each.id)), 0)
        problem = ""
        if lost:
            problem = sentence("The memory after segment {number} was removed or lost, and is needed for this.", number=lost)
        elif replays and not all(map(reaches, after)):
            problem = sentence("The model has not kept all of a video after it.")
        found.append(EarlierTake(take, number, copies, problem))
    return tuple(found)
