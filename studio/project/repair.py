"""Repairing a project: adding takes that the document lacks, and building a lost document from its takes. Writes nothing."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from studio.project import edits
from studio.project.codec import parse_project, take_table
from studio.project.model import Project, Reference, Take
from studio.project.rules import FormatError

Findings = tuple[str, ...]


def add_takes(project: Project, takes: Sequence[Take]) -> tuple[Project, Findings]:
    """The project with those of `takes`, oldest first, that it lacks because the studio was stopped before it was saved.

    A take whose parent is lost becomes the start of a film of its own, so that it can still be watched.
    """
    waiting = [take for take in takes if take.id not in project.takes]
    longer = [take for take in takes if take.id in project.takes and take.sections > project.takes[take.id].sections]
    found = len(waiting) + len(longer)
    orphans = 0
    for take in longer:
        if project.takes[take.id].state == "partial" and project.takes[take.id].parent == take.parent:
            project = edits.add_take(project, take, follow=False)
    while waiting:
        ready = [take for take in waiting if take.parent is None or take.parent in project.takes]
        if not ready:
            known = {take.id for take in waiting}
            rootless = next((take for take in waiting if take.parent not in known), waiting[0])
            ready, orphans = [rootless], orphans + 1
        for take in ready:
            waiting.remove(take)
            rooted = take if take.parent is None or take.parent in project.takes else replace(take, parent=None)
            project = edits.add_take(project, rooted, follow=project.head == rooted.parent)
    findings = []
    if found:
        back = "it is" if found == 1 else "they are"
        findings.append(f"{_count(found)} finished just before the studio was stopped; {back} back in the film.")
    if orphans:
        findings.append(f"{_count(orphans)} continued takes that are gone; each begins a film of its own now.")
    return project, tuple(findings)


def rebuild(folder: Path, notes: Sequence[dict[str, Any]], takes: Sequence[Take]) -> tuple[Project, Findings]:
    """A project built from the notes of its takes, the newest usable one; the first finding says how much was recovered."""
    for note in reversed(notes):
        table = note.get("project")
        if isinstance(table, dict):
            try:
                project = parse_project({**table, "takes": [take_table(take) for take in takes]})
            except FormatError:
                continue
            last = takes[-1]
            if all(b.tip != last.id for b in project.branches) and project.head == last.parent:
                bare = {take_id: take for take_id, take in project.takes.items() if take_id != last.id}
                project = edits.add_take(replace(project, takes=bare), last)
            return project, ("It was built again from its takes, as it was when the last one was finished.",)
    project, findings = add_takes(_bare(folder, takes), takes)
    message = f"It was built again from {_count(len(takes))}; names, branches and segments not rendered yet are lost."
    return project, (message, *findings[1:])


def _bare(folder: Path, takes: Sequence[Take]) -> Project:
    """A project without takes, with the model, size and settings of its last one."""
    project = edits.new()
    if not takes:
        return replace(project, reference=_reference(folder, (folder / "media").glob("*.png")))
    last = takes[-1]
    empty = replace(project.current(), segments=())
    per_section = max(1, last.frames // max(1, last.sections))
    return replace(
        project,
        model=last.model,
        size=last.size,
        settings=last.settings,
        clock=replace(project.clock, section_frames=per_section),
        branches=(empty,),
        reference=_reference(folder, [folder / "media" / f"{last.reference[:16]}.png"], last.reference),
    )


def _reference(folder: Path, pictures: Iterable[Path], sha256: str = "") -> Reference | None:
    """The first of `pictures` that is there, measured by its PNG header."""
    for picture in pictures:
        try:
            with picture.open("rb") as file:
                width, height = struct.unpack(">II", file.read(24)[16:])
        except (OSError, struct.error):
            continue
        return Reference(picture.relative_to(folder).as_posix(), sha256 or picture.stem, width, height)
    return None


def _count(takes: int) -> str:
    return "One take" if takes == 1 else f"{takes} takes"
