"""The shot list of a film: a CSV file with a line for each segment, which spreadsheets open as it is meant."""

from __future__ import annotations

from pathlib import Path

from studio.media.spreadsheet import write_table
from studio.project.model import Project
from studio.session.exports.cut import Cut, film_cuts, take_notes, take_text

COLUMNS = (
    "segment", "shot", "prompt", "cast", "style", "start", "end", "frames", "seconds", "fps", "seed", "take", "other takes", "star",
    "notes", "model",
)
"""Names of the columns. `start` and `end` are timecodes in the film; a segment ends where the next one starts."""


def write_shot_list(project: Project, out: Path) -> None:
    """Write the segments up to the head, in film order.

    Raises:
        MediaError: the disk is full or cannot be written.
    """
    write_table(COLUMNS, (_row(project, cut) for cut in film_cuts(project)), out)


def _row(project: Project, cut: Cut) -> tuple[object, ...]:
    take, clock = cut.take, project.clock
    return (
        cut.number, cut.shot, take_text(take), take.cast_words or take.cast, take.style_words or take.style,
        clock.timecode(cut.start), clock.timecode(cut.end), cut.frames, round(clock.seconds(cut.frames), 3), clock.fps,
        take.segment.seed, cut.name, len(cut.alternates), "★" if take.id in project.stars else "", take_notes(project, take),
        take.model,
    )  # fmt: skip
