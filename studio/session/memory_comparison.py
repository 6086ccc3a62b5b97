"""What a memory test found: sections made with other memories beside the one made with the film's own. Kept as a small file."""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from studio.engine import take_folder
from studio.media.clip import read_clip
from studio.media.difference import draw_difference, psnr, visible_difference
from studio.media.picture import save_poster
from studio.project.files import read_json, write_json
from studio.project.table_reader import TableReader

FILE = "result.json"
FORMAT = 1
Psi = Literal["own", "begin", "other"]
"""Whose psi a section was given: the film's own, psi_0, or that of another branch."""
Basis = Literal["recalled", "different"]
"""What the part of a test is: pixels that the model says came from memory alone, or those in which psi_0 makes a difference."""
PARTS: dict[str, Basis] = {"recalled": "recalled", "different": "different"}
LEAST = 1e-4
"""A part that is a smaller share of the section than this is none."""


@dataclass(frozen=True)
class Comparison:
    """A section that was made with another psi, beside the one with the film's own."""

    psi: str                       # begin or other
    whole: float | None            # PSNR in decibels; None: the same, pixel for pixel
    part: float | None             # the same of the part that memory supplied


@dataclass(frozen=True)
class MemoryTestResult:
    """What a memory test found."""

    folder: Path
    basis: Basis
    share: float                   # of the section's pixels that are the part; 0: there is no such part
    branch: str                    # whose psi was the other one; "": there is no other branch
    comparisons: tuple[Comparison, ...]

    def clip(self, psi: str) -> Path:
        """The section that was made with a psi."""
        return self.folder / psi / take_folder.CLIP

    def difference(self, psi: str) -> Path:
        """The picture of where it differs from that with the film's own psi."""
        return self.folder / f"difference-{psi}.webp"


def compare(folder: Path, others: tuple[Psi, ...], branch: str) -> MemoryTestResult:
    """Compare the sections in a test's folder and keep the result there; what is not needed any more is removed.

    Args:
        folder: of the test, with a folder for each psi.
        others: those beside the film's own; psi_0 is the first.
        branch: the name of the other psi's branch; "" without one.

    Raises:
        MediaError: a clip cannot be read, or the disk is full.
        StoreError: the result cannot be written.
    """
    own = read_clip(folder / "own" / take_folder.CLIP)
    clips = {psi: read_clip(folder / psi / take_folder.CLIP) for psi in others}
    part, basis = take_folder.read_recalled(folder / "own"), PARTS["recalled"]
    if part is None or part.shape != own.shape[:3]:
        part, basis = visible_difference(own, clips[others[0]]), PARTS["different"]
    share = float(part.mean())
    used = part if share >= LEAST else None
    found = []
    for psi, frames in clips.items():
        found.append(Comparison(psi, psnr(own, frames), None if used is None else psnr(own, frames, used)))
        save_poster(draw_difference(own, frames, used), folder / f"difference-{psi}.webp")
    result = MemoryTestResult(folder, basis, share if used is not None else 0.0, branch, tuple(found))
    table = {"format": FORMAT, **asdict(result), "comparisons": [asdict(each) for each in found]}
    del table["folder"]
    write_json(folder / FILE, table)
    for psi in ("own", *others):
        with contextlib.suppress(OSError):           # it only takes room
            (folder / psi / take_folder.SNAPSHOT).unlink(missing_ok=True)
    return result


def read_result(folder: Path) -> MemoryTestResult | None:
    """The result of an earlier test; None if there is none, or its files are damaged or gone."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        read = TableReader(read_json(folder / FILE), "memory test")
        if read.count("format") != FORMAT:
            return None
        found = []
        for entry in (TableReader(table, "comparison") for table in read("comparisons", list)):
            values = [None if entry.optional(name, object) is None else entry.number(name) for name in ("whole", "part")]
            found.append(Comparison(entry.id("psi"), *values))
        result = MemoryTestResult(folder, PARTS[read("basis", str)], read.number("share"), read.words("branch"), tuple(found))
        needed = [result.clip("own"), *(path for each in found for path in (result.clip(each.psi), result.difference(each.psi)))]
        return result if all(path.is_file() for path in needed) else None
    return None
