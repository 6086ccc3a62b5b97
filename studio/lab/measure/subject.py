"""Measures how well a subject is lifted from its picture by a stroke or a click, and draws what was lifted."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from studio.lab.measure.subject_cases import LONGEST, Case, Pixels, cases, overlap
from studio.media.subject import ground_behind, subject_alpha

HOWS = ("stroke", "click")
WIDE, HIGH, GAP, CAPTION = 300, 190, 8, 18
INSTEAD = (0, 190, 90)
"""The colour that the sheet shows instead of ground."""


def measure(out: Path, longest: int = LONGEST, report: Callable[[str], None] = lambda name: None) -> dict[str, Any]:
    """Lift every case's subject by its stroke and by its click, and fill the ground behind the first.

    Args:
        out: the folder for the sheet.
        longest: pixels of the pictures' longer side.
        report: is told the name of each case before it is measured.

    Returns:
        For each case the overlap of the mask with the right one (IoU) by stroke and click, and seconds of processor time for a
        lift and for the ground; with the medians, means and least overlaps.
    """
    out.mkdir(parents=True, exist_ok=True)
    figures: dict[str, Any] = {}
    rows: list[tuple[str, list[Pixels]]] = []
    for case in cases(longest):
        report(case.name)
        figures[case.name], pictures = _measure(case)
        rows.append((case.name, pictures))
    draw(rows, out / "subject.png")
    found = {how: [figures[name][how] for name in figures] for how in HOWS}
    summary = {how: {"median": float(np.median(values)), "mean": float(np.mean(values)), "least": float(min(values))}
               for how, values in found.items()}
    return {"longest": longest, "cases": figures, "overlap": summary}


def _measure(case: Case) -> tuple[dict[str, float], list[Pixels]]:
    """The figures of one case, and its pictures for the sheet."""
    figures, pictures = {}, [case.picture]
    ground = case.picture
    for how in HOWS:
        stroke = getattr(case, how)
        started = time.process_time()
        alpha = subject_alpha(case.picture, [stroke])
        figures[how], figures[f"{how}_seconds"] = overlap(alpha > 0.5, case.mask), time.process_time() - started
        lifted = (case.picture * alpha[..., None] + (1 - alpha[..., None]) * np.array(INSTEAD)).astype(np.uint8)
        pictures.append(_with_stroke(lifted, stroke))
        if how == "stroke":
            started = time.process_time()
            ground = ground_behind(case.picture, alpha)
            figures["ground_seconds"] = time.process_time() - started
    return figures, [*pictures, ground]


def _with_stroke(picture: Pixels, stroke: list[tuple[float, float]]) -> Pixels:
    """The picture with a stroke or a click drawn over it."""
    image = Image.fromarray(picture)
    points, size = [(x * image.width, y * image.height) for x, y in stroke], image.width / 150
    pen = ImageDraw.Draw(image)
    pen.line(points, fill=(255, 0, 255), width=round(size))
    x, y = points[0]
    pen.ellipse((x - size, y - size, x + size, y + size), fill=(255, 0, 255))
    return np.asarray(image)


def draw(rows: list[tuple[str, list[Pixels]]], path: Path) -> None:
    """Write a sheet with a row for each case: the picture, what a stroke and what a click lifts, and the ground behind."""
    count = max(len(pictures) for _, pictures in rows)
    sheet = Image.new("RGB", (count * (WIDE + GAP) + GAP, len(rows) * (HIGH + CAPTION + GAP) + GAP), (250, 250, 248))
    pen = ImageDraw.Draw(sheet)
    for row, (name, pictures) in enumerate(rows):
        y = GAP + row * (HIGH + CAPTION + GAP)
        pen.text((GAP, y), f"{name}: the picture, lifted by a stroke, lifted by a click, the ground behind", fill=(30, 30, 34))
        for column, picture in enumerate(pictures):
            image = Image.fromarray(picture)
            image.thumbnail((WIDE, HIGH), Image.Resampling.LANCZOS)
            sheet.paste(image, (GAP + column * (WIDE + GAP), y + CAPTION))
    sheet.save(path)


def markdown(figures: dict[str, Any]) -> str:
    """Returns the figures as a table."""
    lines = ["| subject | overlap by a stroke | by a click | seconds of one core, stroke | click | ground |",
             "|---|---|---|---|---|---|"]
    lines += [f"| {name} | {one['stroke']:.3f} | {one['click']:.3f} | {one['stroke_seconds']:.1f} | {one['click_seconds']:.1f} | "
              f"{one['ground_seconds']:.1f} |" for name, one in figures["cases"].items()]
    lines += [f"| {part} | {figures['overlap']['stroke'][part]:.3f} | {figures['overlap']['click'][part]:.3f} | | | |"
              for part in ("median", "mean", "least")]
    return "\n".join(lines) + "\n"
