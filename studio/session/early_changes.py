"""Changes of rendered segments as the artist asks for them, and what each way of going on costs."""

from __future__ import annotations

from dataclasses import dataclass

from studio.language import sentence
from studio.project import early
from studio.project.early import BRIDGE, EarlyChange, Then
from studio.project.edits import EditError
from studio.project.model import Project
from studio.session.estimates import Estimator


@dataclass(frozen=True)
class Cost:
    """What a change costs: takes and sections that are made, and seconds, None where no take was made before."""

    takes: int
    sections: int
    seconds: float | None


@dataclass(frozen=True)
class Wish:
    """What is to be changed: the rendered segment at `index` was edited, is removed or moved, or gets one before it."""

    what: str                      # edit, insert, remove or move
    index: int = 0
    to: int = 0                    # the place that it is moved to
    prompt: str = ""               # of the one that is inserted
    frames: float | None = None    # of the one that is inserted; None: as many as the one after it


def plan(project: Project, wish: Wish, then: Then, frames: int = BRIDGE) -> EarlyChange:
    """The change that a wish asks for. Raises EditError: it is not possible."""
    segments, again = project.current().segments, None
    if wish.what == "insert":
        segments = early.insert(project, wish.index, wish.prompt, wish.frames)
    elif wish.what == "remove":
        if len(segments) < 2:
            raise EditError(sentence("This is the only segment. Write another prompt into it instead."))
        segments = early.remove(project, wish.index)
    elif wish.what == "move":
        again = segments[wish.index].id if wish.index < len(segments) else None
        segments = early.move(project, wish.index, wish.to)
    return early.plan_change(project, segments, then, frames, again)


def costs(project: Project, wish: Wish, estimator: Estimator) -> dict[Then, Cost]:
    """What each way of going on costs. Raises EditError: the change is not possible."""
    found: dict[Then, Cost] = {}
    ways: tuple[Then, ...] = ("keep", "again", "bridge")
    for then in ways:
        steps = plan(project, wish, then, min(BRIDGE, project.clock.section_frames)).steps
        sections = sum(step.sections(project.clock) for step in steps)
        seconds = estimator.seconds(project, sections)
        found[then] = Cost(sum(step.is_rendered for step in steps), sections, seconds)
    return found
