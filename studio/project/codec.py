"""The document as JSON values and back. Unknown fields, of a newer format, are kept and written back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from studio.marks import Marks
from studio.project import limits
from studio.project.mark_tables import marks_table, parse_marks
from studio.project.model import Branch, Clock, Frame, Lora, Project, Reference, RenderSettings, Segment, Take
from studio.project.rules import FormatError, check_project

FORMAT = 1

Table = dict[str, Any]
T = TypeVar("T")

_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}")
_CONTENT = re.compile(r"[0-9a-f]{64}")
_PICTURE = re.compile(r"media/[0-9a-f]{16}\.png")
_LARGEST = 10_000


def project_table(project: Project) -> Table:
    """The document as a JSON object, without its format number."""
    return {
        **project.unknown,
        "id": project.id,
        "name": project.name,
        "model": project.model,
        "size": list(project.size),
        "clock": _clock_table(project.clock),
        "settings": _settings_table(project.settings),
        "reference": _reference_table(project.reference) if project.reference else None,
        **_frame_table(project.frame),
        **marks_table(project.marks),
        "takes": [take_table(take) for take in project.takes.values()],
        "branches": [branch_table(branch) for branch in project.branches],
        "branch": project.branch,
        "head": project.head,
    }


def parse_project(table: object) -> Project:
    """The project in a JSON object.

    Raises:
        FormatError: a field is missing or of the wrong kind, or the tree of takes is not consistent.
    """
    read = _Reader(table, "project")
    takes = [parse_take(entry) for entry in read("takes", list)]
    reference = read.optional("reference", dict)
    project = Project(
        id=read.id("id"),
        name=read("name", str),
        model=read("model", str),
        size=read.size("size"),
        clock=parse_clock(read("clock", dict)),
        settings=_settings(read("settings", dict)),
        reference=None if reference is None else _reference(reference),
        frame=read.frame("frame"),
        marks=read.marks("marks"),
        takes={take.id: take for take in takes},
        branches=tuple(parse_branch(entry) for entry in read("branches", list)),
        branch=read.id("branch"),
        head=read.link("head"),
        unknown=read.rest("format"),
    )
    check_project(project)
    return project


def take_table(take: Take) -> Table:
    """A take as a JSON object."""
    return {
        **take.unknown,
        "id": take.id,
        "parent": take.parent,
        "segment": _segment_table(take.segment),
        "settings": _settings_table(take.settings),
        "model": take.model,
        "reference": take.reference,
        **_frame_table(take.frame),
        **marks_table(take.marks),
        "size": list(take.size),
        "sections": take.sections,
        "frames": take.frames,
        "state": take.state,
        "seconds": take.seconds,
        "created": take.created,
        **({"at_edge": True} if take.at_edge else {}),
    }


def parse_take(table: object) -> Take:
    """The take in a JSON object. Raises FormatError: a field is missing or of the wrong kind."""
    read = _Reader(table, "take")
    state = read("state", str)
    if state not in ("done", "partial"):
        raise FormatError(f"take: 'state' is {state!r}")
    return Take(
        id=read.id("id"),
        parent=read.link("parent"),
        segment=parse_segment(read("segment", dict)),
        settings=_settings(read("settings", dict)),
        model=read("model", str),
        reference=read("reference", str),
        frame=read.frame("frame"),
        marks=read.marks("marks"),
        at_edge=read.optional("at_edge", bool) or False,
        size=read.size("size"),
        sections=read.count("sections"),
        frames=read.count("frames"),
        state="done" if state == "done" else "partial",
        seconds=read.number("seconds"),
        created=read("created", str),
        unknown=read.rest(),
    )


def _segment_table(segment: Segment) -> Table:
    known = {"id": segment.id, "prompt": segment.prompt, "frames": segment.frames, "seed": segment.seed}
    loras = [{**lora.unknown, "name": lora.name, "sha256": lora.sha256, "strength": lora.strength} for lora in segment.loras]
    return {**segment.unknown, **known, **({"loras": loras} if loras else {})}


def parse_segment(table: object) -> Segment:
    """The segment in a JSON object. Raises FormatError: a field is missing or of the wrong kind."""
    read = _Reader(table, "segment")
    loras = tuple(_lora(entry) for entry in read.optional("loras", list) or ())
    return Segment(read.id("id"), read("prompt", str), read.count("frames", 1), read.count("seed"), loras, read.rest())


def _lora(table: object) -> Lora:
    read = _Reader(table, "lora")
    content = read("sha256", str)
    if not _CONTENT.fullmatch(content):
        raise FormatError("lora: 'sha256' is not a checksum")
    return Lora(read("name", str), content, read.number("strength"), read.rest())


def _settings_table(settings: RenderSettings) -> Table:
    known = {"preset": settings.preset, "steps": settings.steps, "guidance": settings.guidance}
    return {**settings.unknown, **known, **({"cache": settings.cache} if settings.cache else {})}


def _settings(table: Table) -> RenderSettings:
    read = _Reader(table, "settings")
    cache = 0.0 if read.optional("cache", object) is None else read.number("cache")
    return RenderSettings(read("preset", str), read.count("steps", 1), read.number("guidance"), cache, read.rest())


def _clock_table(clock: Clock) -> Table:
    return {**clock.unknown, "fps": clock.fps, "section_frames": clock.section_frames}


def parse_clock(table: object) -> Clock:
    """The clock in a JSON object. Raises FormatError: a field is missing or of the wrong kind."""
    read = _Reader(table, "clock")
    return Clock(read.count("fps", 1), read.count("section_frames", 1), read.rest())


def branch_table(branch: Branch) -> Table:
    """A branch as a JSON object."""
    segments = [_segment_table(segment) for segment in branch.segments]
    return {**branch.unknown, "id": branch.id, "name": branch.name, "tip": branch.tip, "segments": segments}


def parse_branch(table: object) -> Branch:
    """The branch in a JSON object. Raises FormatError: a field is missing or of the wrong kind."""
    read = _Reader(table, "branch")
    segments = tuple(parse_segment(entry) for entry in read("segments", list))
    return Branch(read.id("id"), read("name", str), segments, read.link("tip"), read.rest())


def _reference_table(reference: Reference) -> Table:
    return {
        **reference.unknown,
        "file": reference.file,
        "sha256": reference.sha256,
        "width": reference.width,
        "height": reference.height,
        "name": reference.name,
    }


def _frame_table(frame: Frame | None) -> Table:
    """The field of a frame; without a frame there is none, as in documents from before there were frames."""
    return {"frame": list(frame)} if frame else {}


def _reference(table: Table) -> Reference:
    read = _Reader(table, "reference")
    file = read("file", str)
    if not _PICTURE.fullmatch(file):
        raise FormatError("reference: 'file' leads out of the project")
    return Reference(
        file, read("sha256", str), read.count("width", 1), read.count("height", 1), read("name", str), read.rest()
    )


# By hand: pydantic would check the fields, but collecting unknown ones at every level, and writing them back, would stay ours.
class _Reader:
    """Reads typed fields of a JSON object, and remembers which fields were read: `rest` returns the others."""

    def __init__(self, table: object, what: str) -> None:
        if not isinstance(table, dict):
            raise FormatError(f"{what}: not an object")
        self._table: Table = table
        self._what = what
        self._known: set[str] = set()

    def __call__(self, key: str, kind: type[T]) -> T:
        self._known.add(key)
        value = self._table.get(key)
        if not isinstance(value, kind):
            raise FormatError(f"{self._what}: '{key}' is missing or of the wrong kind")
        return value

    def optional(self, key: str, kind: type[T]) -> T | None:
        """The value of a field, or None if it is missing or null."""
        self._known.add(key)
        return None if self._table.get(key) is None else self(key, kind)

    def id(self, key: str) -> str:
        """The value of a field that holds an id."""
        value = self(key, str)
        if not _ID.fullmatch(value):
            raise FormatError(f"{self._what}: '{key}' is not an id")
        return value

    def link(self, key: str) -> str | None:
        """The value of a field that holds an id or null."""
        return None if self.optional(key, str) is None else self.id(key)

    def count(self, key: str, least: int = 0) -> int:
        """The value of a field that holds a whole number of at least `least`."""
        value = self(key, int)
        if isinstance(value, bool) or not least <= value < 2**53:
            raise FormatError(f"{self._what}: '{key}' is out of range")
        return value

    def number(self, key: str) -> float:
        """The value of a field that holds a finite number."""
        value: object = self(key, object)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 2**53:
            raise FormatError(f"{self._what}: '{key}' is not a number")
        return float(value)

    def size(self, key: str) -> tuple[int, int]:
        """The value of a field that holds a width and a height."""
        value = self(key, list)
        if len(value) != 2 or not all(type(side) is int and 0 < side <= _LARGEST for side in value):
            raise FormatError(f"{self._what}: '{key}' is not a width and a height")
        return value[0], value[1]

    def frame(self, key: str) -> Frame | None:
        """The value of a field that holds a part of a picture; None if it is missing or null."""
        value = self.optional(key, list)
        try:
            return None if value is None else limits.frame(value)
        except limits.EditError:
            raise FormatError(f"{self._what}: '{key}' is not a part of a picture") from None

    def marks(self, key: str) -> Marks:
        """The value of a field that holds marks on the picture; no marks if it is missing or null."""
        self._known.add(key)
        return parse_marks(self._table.get(key), self._what)

    def rest(self, *known: str) -> Mapping[str, Any]:
        """Fields that were not read: those of a newer format."""
        return {key: value for key, value in self._table.items() if key not in self._known and key not in known}
