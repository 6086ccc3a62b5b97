"""The note of a job that is not done: what is left of it, beside the project's document, so that it can go on after a restart."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from studio.language import sentence
from studio.project import take_requests
from studio.project.codec import parse_take, take_table
from studio.project.early import Step, step_request
from studio.project.edits import EditError
from studio.project.files import read_json, write_json
from studio.project.model import Project
from studio.project.rules import FormatError
from studio.project.segment_tables import parse_segment, segment_table
from studio.project.table_reader import Table, TableReader
from studio.project.take_requests import TakeRequest

NAME = "job.json"


@dataclass(frozen=True)
class JobNote:
    """What is left of a job: the take that was begun last, those that wait, and what follows: the timeline, or steps."""

    asks: tuple[TakeRequest, ...]
    rest: bool
    branch: str
    paused: bool = False           # by the artist; otherwise the studio was stopped
    steps: tuple[Step, ...] = ()   # of an early change


def write_note(folder: Path, note: JobNote) -> None:
    """Write the note into a project's folder.

    Raises:
        StoreError: the disk refuses, or the note could not be read again.
    """
    table: Table = {
        "asks": [_ask_table(ask) for ask in note.asks], "rest": note.rest, "branch": note.branch, "paused": note.paused,
        "steps": [{"segment": segment_table(s.segment), "copy_of": s.copy_of, "bridge": s.bridge} for s in note.steps],
    }  # fmt: skip

    def check(written: Table) -> None:
        if _parse(written) != note:
            raise FormatError("it reads differently from what was written")

    write_json(folder / NAME, table, check)


def read_note(folder: Path) -> JobNote | None:
    """The note in a project's folder; None if there is none that can be read."""
    with contextlib.suppress(OSError, ValueError):
        return _parse(read_json(folder / NAME))
    return None


def remove_note(folder: Path) -> None:
    """Remove the note: the job is done, or nobody wants it any more."""
    with contextlib.suppress(OSError):
        (folder / NAME).unlink()


def requests_left(
    note: JobNote, project: Project, last: str | None
) -> tuple[tuple[TakeRequest, ...], tuple[Step, ...]]:
    """The requests that make what is left of a job, and the steps after them; with `rest` the timeline follows.

    Args:
        note: the job.
        project: the project by now.
        last: the take that was made last, if one was.

    Raises:
        EditError: nothing is left of it, or it cannot go on.
    """
    left, steps, made = _unmade(note, project), note.steps, last or note.asks[0].retry_of or note.asks[0].take.id
    if not left and made in project.takes:
        if steps:
            left, steps = (step_request(project, steps[0], made),), steps[1:]
        elif note.rest and (ask := take_requests.request_after(project, note.branch, made)):
            left = (ask,)
    if not left:
        raise EditError(sentence("Nothing is left of the job that was paused. Generate the next segment instead."))
    return left, steps


def _unmade(note: JobNote, project: Project) -> tuple[TakeRequest, ...]:
    """The requests of the note without takes that are made, and the rest of one that is made in part."""
    left = []
    for ask in note.asks:
        made = project.takes.get(ask.take.id)
        if made is None:
            left.append(ask)
        elif made.state == "partial" and made.sections < ask.sections:
            left.append(replace(ask, take=made))
    return tuple(left)


def _ask_table(ask: TakeRequest) -> Table:
    known = {"take": take_table(ask.take), "sections": ask.sections, "index": ask.index}
    retry = {"retry": ask.retry, "retry_of": ask.retry_of} if ask.retry_of else {}
    exact = {"exact": True} if ask.exact else {}
    return {**known, "new_seed": ask.new_seed, "audition": ask.audition, **retry, **exact}


def _parse(table: object) -> JobNote:
    read = TableReader(table, "job")
    asks: Sequence[object] = read("asks", list)
    steps = tuple(map(_step, read.optional("steps", list) or ()))
    note = JobNote(tuple(map(_ask, asks)), read("rest", bool), read.id("branch"), read("paused", bool), steps)
    if not note.asks:
        raise FormatError("job: no take is asked for")
    return note


def _ask(table: object) -> TakeRequest:
    read = TableReader(table, "job")
    take = parse_take(read("take", dict))
    retry_of = read.link("retry_of") or ""
    return TakeRequest(take, read.count("sections", 1), read.count("index"), read("new_seed", bool), read("audition", bool),
                       read.count("retry") if retry_of else 0, retry_of, read.optional("exact", bool) or False)


def _step(table: object) -> Step:
    read = TableReader(table, "job")
    return Step(parse_segment(read("segment", dict)), read.link("copy_of"), read.count("bridge"))
