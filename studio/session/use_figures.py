"""How much a section uses an earlier segment, as figures, and as a small file beside a film."""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from studio.project.files import read_json, write_json
from studio.project.table_reader import TableReader

FILE = "uses.json"
FORMAT = 1
Way = Literal["none", "rows", "again"]
"""How a segment is left out of the long-term memory: there is nothing of it, its rows are not read, or psi is written again."""


@dataclass(frozen=True)
class SegmentUse:
    """How much a section uses an earlier segment."""

    number: int                    # of the segment, from 1 on
    take: str
    prompt: str
    problem: str = ""              # why it is not known, in a sentence
    known: bool = False
    read: bool = False             # whether the section reads anything of it
    change: float = 0.0            # of the section without it: levels of 255, in the mean of all pixels and channels
    decibels: float | None = None  # PSNR of the section without it; None: it is the same, pixel for pixel


def keep_uses(folder: Path, segments: tuple[SegmentUse, ...]) -> None:
    """Write the figures that are known into their folder. Raises StoreError: the disk refuses."""
    facts = ("number", "read", "change", "decibels")
    found = [{name: asdict(each)[name] for name in facts} for each in segments if each.known]
    write_json(folder / FILE, {"format": FORMAT, "segments": found})


def read_uses(folder: Path, segments: tuple[SegmentUse, ...]) -> tuple[SegmentUse, ...] | None:
    """The segments with the figures of an earlier question; None if there are none, or the file is damaged."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        read = TableReader(read_json(folder / FILE), "memory uses")
        if read.count("format") != FORMAT:
            return None
        found = {entry.count("number"): entry for entry in (TableReader(each, "segment") for each in read("segments", list))}
        return tuple(_filled(each, found.get(each.number)) for each in segments)
    return None


def _filled(segment: SegmentUse, read: TableReader | None) -> SegmentUse:
    """The segment with its figures, if there are some. Raises FormatError."""
    if read is None:
        return segment
    decibels = None if read.optional("decibels", object) is None else read.number("decibels")
    return replace(
        segment, problem="", known=True, read=read("read", bool), change=read.number("change"), decibels=decibels)
