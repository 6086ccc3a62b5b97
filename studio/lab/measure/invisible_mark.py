"""Measures the invisible mark: how it changes frames, how often it is read after a film was changed, and on what is not marked."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from studio.lab.measure.mark_films import CHANGES, FPS, RENDERED, SIZE, Change, changed, films, unmarked
from studio.media.clip import Frames, read_clip, write_clip
from studio.media.difference import psnr
from studio.media.invisible_mark import NUMBERS, InvisibleMark, luma
from studio.media.mark_reader import FALSE_ALARMS, THRESHOLD, detail, find_mark, read_mark, reduce

LENGTHS = (1, 3, 10)
"""Seconds."""
CROPS = 200
"""Random parts of unmarked pictures."""
Report = Callable[[str], None]


def measure(
    lengths: Sequence[int] = LENGTHS, changes: Sequence[Change] = CHANGES, crops: int = CROPS,
    rendered: Sequence[str] = RENDERED, size: tuple[int, int] = SIZE, report: Report = lambda _: None,
) -> dict[str, Any]:
    """Returns the figures, for JSON.

    Args:
        lengths: of the films, in seconds.
        changes: what happens to each.
        crops: how many random parts of unmarked pictures are read.
        rendered: stories that the embedded model films.
        size: of the films in pixels.
        report: called with each thing that is measured.
    """
    readings: list[dict[str, Any]] = []
    quality: list[dict[str, Any]] = []
    alarms: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, frames) in enumerate(films(max(lengths), rendered, size), 1):
            report(name)
            began = time.perf_counter()
            marked, plain = _exported(frames, number * 97 % NUMBERS, Path(folder) / "film.mp4"), frames
            quality.append({"film": name, "psnr": _psnr(plain, marked[0]), "seconds_per_frame":
                            (time.perf_counter() - began) / len(frames)})
            for seconds in lengths:
                if len(frames) >= seconds * FPS:
                    readings += _read_all(name, marked[1][: seconds * FPS], number * 97 % NUMBERS, seconds, changes, Path(folder))
            reading = read_mark(changed(plain, Change("unmarked"), Path(folder) / "plain.mp4"))
            alarms.append({"what": f"film {name}", "score": reading.score})
    report("what is not marked")
    alarms += [{"what": name, "score": find_mark(detail(reduce(luma(frame)))).score} for name, frame in unmarked(size, crops)]
    return {"threshold": THRESHOLD, "false_alarms": FALSE_ALARMS, "size": list(size), "quality": quality, "readings": readings,
            "unmarked": alarms}


def _exported(frames: Frames, number: int, out: Path) -> tuple[Frames, Frames]:
    """The marked frames, and how they come out of an exported film."""
    mark = InvisibleMark(number, frames.shape[2], frames.shape[1])
    marked = np.stack([mark.put(frame) for frame in frames])
    write_clip(out, marked, FPS)
    return marked, read_clip(out)


def _psnr(one: Frames, other: Frames) -> float:
    """The least PSNR of any of a film's frames, in decibels."""
    return min(psnr(a[None], b[None]) or math.inf for a, b in zip(one, other, strict=True))


def _read_all(
    name: str, frames: Frames, number: int, seconds: int, changes: Sequence[Change], folder: Path
) -> list[dict[str, Any]]:
    """What is read of a marked film after each change."""
    rows = []
    for change in changes:
        reading = read_mark(changed(frames, change, folder / "changed.mp4"))
        rows.append({"film": name, "seconds": seconds, "change": change.title, "score": reading.score, "found": reading.found,
                     "right": reading.found and reading.number == number})
    return rows


def markdown(figures: dict[str, Any]) -> str:
    """The figures as tables."""
    readings, threshold = figures["readings"], figures["threshold"]
    lengths = sorted({row["seconds"] for row in readings})
    width, height = figures["size"]
    lines = [
        f"Films of {width}x{height}. A mark counts from a score of {threshold:.2f} on. Of how many films it was read, with its "
        "number; in brackets the lowest and the middle score.", "",
        f"| | {' | '.join(f'{seconds} s' for seconds in lengths)} |", f"|---{'|---' * len(lengths)}|",
    ]  # fmt: skip
    for change in dict.fromkeys(row["change"] for row in readings):
        cells = (_cell([row for row in readings if (row["change"], row["seconds"]) == (change, each)]) for each in lengths)
        lines.append(f"| {change} | {' | '.join(cells)} |")
    wrong = sum(row["found"] and not row["right"] for row in readings)
    lines += ["", f"Marks that were found with a wrong number: {wrong}.", "",
              "| film | PSNR, the worst frame | not read after |", "|---|---|---|"]
    for row in figures["quality"]:
        missed = [each for each in readings if each["film"] == row["film"] and not each["right"]]
        lost = ", ".join(f"{each['change']} ({each['seconds']} s)" for each in missed)
        lines.append(f"| {row['film']} | {row['psnr']:.1f} dB | {lost or 'none'} |")
    scores = [row["score"] for row in figures["unmarked"]]
    most = max(figures["unmarked"], key=lambda row: row["score"])
    alarms = sum(score >= threshold for score in scores)
    lines += ["", f"Unmarked: {alarms} of {len(scores)} taken for marked; the highest score is {most['score']:.2f} "
              f"({most['what']}), the middle one {np.median(scores):.2f}."]
    return "\n".join(lines) + "\n"


def _cell(rows: list[dict[str, Any]]) -> str:
    """Of how many films the mark was read after a change, and the lowest and the middle score."""
    if not rows:
        return "-"
    scores = [row["score"] for row in rows]
    return f"{sum(row['right'] for row in rows)} of {len(rows)} ({min(scores):.1f}, {np.median(scores):.1f})"
