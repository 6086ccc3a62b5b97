"""The notes beside takes: what was asked, what was made, and the plan around it. A lost document is built again from them."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from studio.project.codec import FORMAT, parse_clock, parse_take, project_table, take_table
from studio.project.files import read_json, write_json
from studio.project.model import Clock, Project, Take
from studio.project.rules import FormatError
from studio.project.table_reader import Table

TAKE_NOTE, REQUEST_NOTE = "take.json", "asked.json"
"""Names of the notes: of a take that is kept, and of one whose render was begun."""
_DROPPED = "dropped"
"""The field of a note that says when its take had come into the trash when the note was written: ISO 8601, UTC; null: it was not
there. Older notes lack it. Of the note of the trash: the same of all takes that are there, by id."""


@dataclass(frozen=True)
class _Note:
    """A take and the plan around it, as far as a note can be read, and when the note was changed."""

    take: Take | None
    table: Table
    plan: Table
    changed: float


def write_note(path: Path, take: Take, project: Project) -> None:
    """Write a take, whether it is in the trash, and the project around it without its other takes and the votes.

    That is enough to build the document again.

    Raises:
        StoreError: the disk refuses, or the note could not be read again.
    """

    def check(table: Table) -> None:
        if parse_take(table.get("take")) != take:
            raise FormatError("it reads differently from what was written")

    when, plan = _when_dropped(take.id, project), project_table(replace(project, takes={}, votes=()))
    write_json(path, {"format": FORMAT, "take": take_table(take), _DROPPED: when, "project": plan}, check)


def note_trash(path: Path, project: Project) -> None:
    """Write which takes are in the trash of `project`, and since when: one file, however many come into it at once.

    Raises:
        StoreError: the disk refuses.
    """
    write_json(path, {"format": FORMAT, _DROPPED: {take: _when_dropped(take, project) for take in sorted(project.trash)}})


def _when_dropped(take: str, project: Project) -> str | None:
    """When a take came into the trash, "" where nobody knows; None: it is not there."""
    return project.dropped.get(take, "") if take in project.trash else None


def read_dropped(folder: Path, note: Path) -> dict[str, str | None]:
    """When takes under `folder` came into the trash; None: they are not there.

    The `note` of all of them says it or, where it cannot be read, their own notes as they were when the takes were made. Those of
    older studios do not say it.
    """
    said = {own.take.id: own.table.get(_DROPPED, 0) for own in _notes(folder, TAKE_NOTE) if own.take}
    with contextlib.suppress(ValueError, OSError):
        table = read_json(note).get(_DROPPED)
        said = {**dict.fromkeys(said), **table} if isinstance(table, dict) else said
    return {take: when for take, when in said.items() if when is None or isinstance(when, str)}


def read_takes(folder: Path, name: str) -> tuple[Take, ...]:
    """Takes in the notes of that name under `folder`, oldest first. Notes that cannot be read are left out."""
    takes = {note.take.id: note.take for note in _notes(folder, name) if note.take}
    return tuple(sorted(takes.values(), key=lambda take: _age(take, takes)))


def read_plans(folder: Path) -> tuple[Table, ...]:
    """The plans in all notes under `folder`, newest first, as JSON objects that may be damaged."""
    notes = [*_notes(folder, REQUEST_NOTE), *_notes(folder, TAKE_NOTE)]
    takes = {note.take.id: note.take for note in notes if note.take}
    notes.sort(key=lambda note: (*_age(note.take, takes), note.changed), reverse=True)
    return tuple(note.plan for note in notes if note.plan)


def read_clock(path: Path) -> Clock | None:
    """The clock of the plan in a note; None where it cannot be read."""
    with contextlib.suppress(ValueError, OSError):
        plan = read_json(path).get("project")
        return parse_clock(plan.get("clock") if isinstance(plan, dict) else None)
    return None


def _notes(folder: Path, name: str) -> list[_Note]:
    """What the notes of that name hold. Those that are no JSON are left out."""
    notes = []
    for path in sorted(folder.glob(f"*/{name}")):
        with contextlib.suppress(ValueError, OSError):
            table, take = read_json(path), None
            with contextlib.suppress(FormatError):
                take = parse_take(table.get("take"))
            plan = table.get("project")
            own = take if take and take.id == path.parent.name else None
            notes.append(_Note(own, table, plan if isinstance(plan, dict) else {}, path.stat().st_mtime))
    return notes


def _age(take: Take | None, takes: Mapping[str, Take]) -> tuple[str, int]:
    """Sorts takes from old to new: by when they were made, and after the takes that they continue, whatever the clock said."""
    latest, seen = "", set[str]()
    while take and take.id not in seen:
        seen.add(take.id)
        latest, take = max(latest, take.created), takes.get(take.parent or "")
    return latest, len(seen)
