"""Rescuing a damaged project: one project with everything that any readable copy of it has. Reads pictures' sizes, writes nothing.

A copy is a JSON object as `codec.project_table` makes it, whole or in part. There are the document, the version saved before it,
and the plan that lies beside each take as it was when the take was begun or finished.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from studio.language import sentence, sentences
from studio.project import edits
from studio.project.choices import drop_takes
from studio.project.codec import parse_project, parse_take, project_table
from studio.project.model import Branch, Project, Take
from studio.project.repair import Findings, add_takes
from studio.project.rescued_branches import join_branches, path_to
from studio.project.rules import FormatError
from studio.project.sources import Reference
from studio.project.table_reader import Table, as_list

FIELDS = (
    "id", "name", "model", "size", "clock", "settings", "reference", "frame", "marks", "style", "cast", "votes", "looks", "retries",
    "from_words", "trims", "pins", "forgotten", "dropped_branches", "sound", "markers", "tags", "later_looks",
    "later_trims",
)

TRASH = ("trash", "dropped")


@dataclass(frozen=True)
class Copies:
    """What is left of a project, the newest first."""

    documents: tuple[Table, ...]
    plans: tuple[Table, ...]
    takes: tuple[Take, ...]
    """Finished and partial takes as their own files describe them, the oldest first."""
    dropped: Mapping[str, str | None] = field(default_factory=dict)
    """When takes came into the trash, as their own files say; None: they are not there. Files of older studios do not say it."""


def rescue(folder: Path, copies: Copies) -> tuple[Project, Findings]:
    """The project in `folder` as the copies describe it together; the first finding says where it came from.

    Every value is taken from the newest copy in which it can be read. Branches and segments of all documents are joined, and where
    none has a whole list of branches those of all takes' plans too: none is lost, but one that had been removed may come back.
    """
    project, findings = _joined(folder, copies)
    return _with_trash(project, copies), findings


def _joined(folder: Path, copies: Copies) -> tuple[Project, Findings]:
    """The project as the copies describe it together, but with nothing in the trash; and the findings."""
    known = _collect_takes(copies)
    branches, whole = join_branches(copies.documents, copies.plans, known)
    project = _project(copies, branches, known) if branches else None
    if project is None:
        project, findings = add_takes(_with_fields(_bare(folder, copies.takes), copies), copies.takes)
        built = sentences(
            "It was built again from one take; branches and segments not rendered yet are lost.",
            "It was built again from {number} takes; branches and segments not rendered yet are lost.", len(copies.takes))
        return project, (built, *findings[1:])
    project, findings = add_takes(project, copies.takes)
    if any(as_list(table.get("branches")) for table in copies.documents):
        here = sentence("What could be read of it and of the version saved before is here.") if whole else sentence(
            "What could be read of it and of the version saved before is here, and the rest as it was when the takes were made.")
        return project, (here, *findings)
    message = sentence("It was built again from its takes, as it was when the last one was made.")
    return _with_last_take(project, copies), (message, *findings)


def _project(copies: Copies, branches: Mapping[str, Branch], takes: Mapping[str, Take]) -> Project:
    """The project of these branches and takes, with the newest readable value of every other field."""
    tables = [*copies.documents, *copies.plans]
    chosen = (table.get("branch") for table in tables)
    current = next((key for key in chosen if isinstance(key, str) and key in branches), next(iter(branches)))
    path = path_to(branches[current].tip, takes)
    heads = [t["head"] for t in tables if "head" in t and (t["head"] is None or t["head"] in path)]
    blank = replace(edits.new(), takes=takes, branches=tuple(branches.values()), branch=current, head=None)
    project = _with_fields(replace(blank, head=heads[0] if heads else branches[current].tip), copies)
    return parse_project(project_table(project))


def _with_fields(project: Project, copies: Copies) -> Project:
    """The project with the newest readable value of each simple field, and with the fields of a newer format."""
    table, tables = project_table(project), [*copies.documents, *copies.plans]
    blank = project_table(edits.new())
    for key in FIELDS:
        value = next((t[key] for t in tables if key in t and _is_readable(blank, key, t[key])), None)
        if value is not None:
            table[key] = value
    unknown = {key: value for t in reversed(tables) for key, value in t.items() if key not in {*table, *FIELDS, *TRASH, "format"}}
    return parse_project({**unknown, **table})


def _is_readable(blank: Table, key: str, value: object) -> bool:
    try:
        parse_project({**blank, key: value})
    except FormatError:
        return False
    return True


def _collect_takes(copies: Copies) -> dict[str, Take]:
    """Takes that the documents list or name, or all takes where no document lists any; each as its own file describes it.

    A take whose parent is gone begins a film of its own.
    """
    own = {take.id: take for take in copies.takes}
    listed = {take.id: take for table in reversed(copies.documents) for take in _takes(table)}
    branches = [branch for table in copies.documents for branch in as_list(table.get("branches"))]
    named = [branch.get("tip") for branch in branches if isinstance(branch, dict)]
    wanted = [*listed, *named] if any("takes" in table for table in copies.documents) else [*own, *listed]
    known: dict[str, Take] = {}
    while wanted:
        key = wanted.pop()
        if isinstance(key, str) and key not in known and (take := own.get(key) or listed.get(key)):
            known[key] = take
            wanted.append(take.parent or "")
    for take in list(known.values()):
        trail: set[str | None] = set()
        at: Take | None = take
        while at and at.id not in trail:
            trail.add(at.id)
            at = known.get(at.parent or "")
        if at or take.parent not in {None, *known}:      # it continues itself, or a take that is gone
            known[take.id] = replace(take, parent=None)
    return known


def _takes(table: Table) -> Iterator[Take]:
    """The takes of a copy that can be read."""
    for entry in as_list(table.get("takes")):
        with contextlib.suppress(FormatError):
            yield parse_take(entry)


def _with_trash(project: Project, copies: Copies) -> Project:
    """The project with takes in the trash, and with branches that end before them.

    What a take's own file says counts. Where it does not say it, the newest copy with branches does, for takes on no branch.
    """
    tables = (table for table in (*copies.documents, *copies.plans) if as_list(table.get("branches")))
    listed: Table = next(tables, {})
    times = found if isinstance(found := listed.get("dropped"), dict) else {}
    shown = {take for branch in project.branches for take in path_to(branch.tip, project.takes)}
    when = {take: time if isinstance(time := times.get(take), str) else "" for take in as_list(listed.get("trash"))
            if isinstance(take, str) and take not in shown}
    when = {take: time for take, time in (when | dict(copies.dropped)).items() if time is not None and take in project.takes}
    if not when:
        return project
    kept = drop_takes(project, when)
    known = {branch.branch.id for branch in project.dropped_branches}
    lost = tuple(each for each in kept.dropped_branches[len(project.dropped_branches) :] if each.branch.id not in known)
    return replace(
        kept, dropped={take: time for take, time in (dict(kept.dropped) | when).items() if time},
        dropped_branches=project.dropped_branches + lost)


def _with_last_take(project: Project, copies: Copies) -> Project:
    """The project with its newest take on a branch. The newest plan does not know it yet where it was written before the take."""
    last = copies.takes[-1] if copies.takes else None
    if last is None or project.head != last.parent or any(branch.tip == last.id for branch in project.branches):
        return project
    if any(project.children(last.id)):
        return project
    earlier = {key: take for key, take in project.takes.items() if key != last.id}
    return edits.add_take(replace(project, takes=earlier), project.takes[last.id])


def _bare(folder: Path, takes: Sequence[Take]) -> Project:
    """A project without takes, with the model, size and settings of its last one."""
    project = edits.new()
    if not takes:
        return replace(project, reference=_reference(folder, (folder / "media").glob("?" * 16 + ".png")))
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
        from_words=not last.reference,
        frame=last.frame,
        marks=last.marks,
        style=last.style,
        cast=last.cast,
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
