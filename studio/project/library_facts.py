"""What the library shows of a film, and what it is found by: read from the film's document without opening the film."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from studio.project.rules import FormatError
from studio.project.tags import parse_tags
from studio.project.trim_tables import parse_trims
from studio.project.trims import passes


@dataclass(frozen=True)
class Facts:
    """What one document says."""

    id: str = ""
    name: str | None = None         # None: the document has none
    posters: tuple[str, ...] = ()   # files in the film's folder that may be its poster, the best first
    tags: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()     # prompts of all segments and takes, style and cast, without repetitions
    takes: tuple[str, ...] = ()     # ids
    seconds: float = 0.0            # that the film lasts, up to the head
    made: float | None = None       # when its oldest take was begun, in seconds since 1970; None: it has no take
    empty: bool = True              # it has no name of its own, no picture and no take


def read_facts(table: dict[str, Any], unnamed: str) -> Facts:
    """The facts in a document as a JSON object; what is not as it should be counts as not there.

    `unnamed`: the name of a film that nobody has named yet.
    """
    takes = {take["id"]: take for take in _objects(table.get("takes")) if isinstance(take.get("id"), str)}
    branches = [each.get("branch") for each in _objects(table.get("dropped_branches"))]
    segments = [segment for branch in (*_objects(table.get("branches")), *_objects(branches))
                for segment in _objects(branch.get("segments"))]
    segments += _objects([take.get("segment") for take in takes.values()])
    texts = [table.get("style"), table.get("cast"), *(segment.get("prompt") for segment in segments)]
    name, posters = table.get("name"), tuple(_posters(table))
    return Facts(
        id=_text(table.get("id")),
        name=name if isinstance(name, str) else None,
        posters=posters,
        tags=parse_tags(table.get("tags")),
        texts=tuple(dict.fromkeys(text for text in texts if isinstance(text, str) and text)),
        takes=tuple(takes),
        seconds=_seconds(table, takes),
        made=min((when for take in takes.values() if (when := moment(take.get("created"))) is not None), default=None),
        empty=name == unnamed and not posters and not takes,
    )


def moment(text: object) -> float | None:
    """Seconds since 1970 of an ISO 8601 text; None where it is none."""
    try:
        return datetime.fromisoformat(text).timestamp() if isinstance(text, str) else None
    except (ValueError, OverflowError, OSError):
        return None


def _posters(table: dict[str, Any]) -> Iterable[str]:
    """The poster of the take at the head, and the reference picture."""
    head, reference = table.get("head"), table.get("reference")
    if isinstance(head, str) and head.isalnum():
        yield f"takes/{head}/poster.webp"
    if isinstance(reference, dict) and (content := _text(reference.get("sha256"))).isalnum():
        yield f"media/{content[:16]}.png"


def find_poster(folder: Path, facts: Facts) -> Path | None:
    """The first of a film's posters that is there."""
    return next((folder / name for name in facts.posters if (folder / name).is_file()), None)


def _seconds(table: dict[str, Any], takes: dict[str, dict[str, Any]]) -> float:
    """How long the film is, up to its head, as its takes are shown."""
    frames, seen, clock = 0, set(), table.get("clock")
    head = table.get("head")
    while isinstance(head, str) and head in takes and head not in seen:
        seen.add(head)
        frames += _shown(table, head, _count(takes[head].get("frames")))
        head = takes[head].get("parent")
    fps = _count(clock.get("fps")) if isinstance(clock, dict) else 0
    return frames / fps if fps else 0.0


def _shown(table: dict[str, Any], take: str, frames: int) -> int:
    """How many frames of the film a take of so many makes."""
    trims = table.get("trims")
    if not isinstance(trims, dict) or take not in trims:
        return frames
    try:
        trim = parse_trims(trims, {take: None})[take]
    except FormatError:
        return frames
    return sum(map(len, passes(trim.first, min(trim.end or frames, frames), trim.loop, trim.times)))


def _objects(values: object) -> list[dict[str, Any]]:
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
