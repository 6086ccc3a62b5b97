"""How long takes will need and how large they will be, by the film's own takes and by what this machine has measured."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from studio.engine.rates import Rates
from studio.project import edits
from studio.project.edits import EditError
from studio.project.model import Project

NEWEST = 8
"""Takes that are looked at, the newest ones."""


@dataclass(frozen=True)
class Estimate:
    """What so many sections cost; None where nothing is known."""

    frames: int
    seconds: float | None          # to render them
    size: float | None             # bytes on the disk


class Estimator:
    """Estimates for films on one machine."""

    def __init__(self, rates: Rates) -> None:
        """Estimate by the machine's `rates` where a film has no takes yet."""
        self._rates = rates

    def next_take(self, project: Project) -> float | None:
        """Seconds the next take will need; None where nothing is known, or when nothing is next."""
        try:
            index, _ = edits.next_segment(project)
        except EditError:
            return None
        wanted = project.clock.sections(project.current().segments[index].frames)
        if partial_take := edits.unfinished_take(project):
            wanted -= partial_take.sections
        return self.seconds(project, wanted)

    def seconds(self, project: Project, sections: float, steps: float | None = None) -> float | None:
        """Seconds to render sections of `steps` steps each (None: the film's), by the newest takes of the same model and size.

        Without such takes by the machine's rates; None where nothing was measured.
        """
        steps = project.settings.steps if steps is None else steps
        alike = project.model, project.size, None
        similar = [t for t in project.takes.values() if (t.model, t.size, t.segment.video) == alike]
        rates = [t.seconds / (t.sections * t.settings.steps) for t in similar if t.seconds > 0 and t.sections > 0]
        if rates:
            return median(rates[-NEWEST:]) * sections * steps
        rate = self._rates.rate(project.model, project.size)
        return rate.seconds(steps) * sections if rate else None

    def estimate(self, project: Project, sections: int) -> Estimate:
        """What so many sections of the film cost."""
        rate = self._rates.rate(project.model, project.size)
        frames = sections * project.clock.section_frames
        return Estimate(frames, self.seconds(project, sections), rate.size * sections if rate else None)
