"""Pictures to look at: contact sheets of films, confusion matrices, and films without their prompts. It measures nothing."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from studio.lab.measure.tally import Confusion
from studio.media.clip import write_clip

SHOWN = (0, 9, 18, 27, 36)
PAPER, INK, RIGHT, WRONG = (250, 250, 248), (30, 30, 34), (46, 125, 80), (178, 60, 50)
MARGIN, LINE = 8, 22


@dataclass(frozen=True)
class Row:
    """A film's line on a sheet."""

    label: str
    frames: Tensor         # [n, 3, h, w] uint8


def row(label: str, frames: Tensor, width: int = 192) -> Row:
    """The SHOWN frames of a film [T, 3, H, W] in [0, 1], and of longer ones those of the last section."""
    at = [SHOWN[0], *(max(0, len(frames) - 1 - SHOWN[-1]) + n for n in SHOWN[1:])]
    some = frames[[n for n in at if n < len(frames)]].float()
    if some.shape[3] > width:
        size = (round(some.shape[2] * width / some.shape[3]), width)
        some = torch.nn.functional.interpolate(some, size, mode="bilinear", antialias=True, align_corners=False)
    return Row(label, (some.clamp(0, 1) * 255 + 0.5).byte())


def contact_sheet(rows: Sequence[Row], path: Path, title: str = "") -> None:
    """Write rows of frames with their labels above them, as the file's ending says (PNG or WebP).

    Raises:
        ValueError: there are no rows.
    """
    if not rows:
        raise ValueError(f"There is nothing to show on {path.name}.")
    strips = [Image.fromarray(torch.cat(list(r.frames), dim=2).movedim(0, -1).numpy()) for r in rows]
    width = max(strip.width for strip in strips) + 2 * MARGIN
    height = (LINE + MARGIN if title else 0) + sum(strip.height + LINE for strip in strips) + 2 * MARGIN
    page = Image.new("RGB", (width, height), PAPER)
    pen, y = ImageDraw.Draw(page), MARGIN
    if title:
        pen.text((MARGIN, y), title, INK, ImageFont.load_default(16))
        y += LINE + MARGIN
    for line, strip in zip(rows, strips, strict=True):
        pen.text((MARGIN, y + 3), line.label, INK, ImageFont.load_default(12))
        page.paste(strip, (MARGIN, y + LINE))
        y += LINE + strip.height
    page.save(path, quality=85)


def confusion_picture(confusion: Confusion, path: Path, title: str) -> None:
    """A matrix: rows are what was asked, columns what was seen; green is right, red is wrong."""
    rows, columns = confusion.rows(), confusion.columns()
    cell, left, top = 44, 96, 76
    page = Image.new("RGB", (left + cell * len(columns) + MARGIN, top + cell * len(rows) + MARGIN), PAPER)
    pen, small = ImageDraw.Draw(page), ImageFont.load_default(11)
    pen.text((MARGIN, MARGIN), f"{title}: asked (rows), seen (columns)", INK, ImageFont.load_default(13))
    for x, found in enumerate(columns):
        pen.text((left + x * cell + 2, top - (18 if x % 2 else 34)), found, INK, small)
    for y, asked in enumerate(rows):
        pen.text((MARGIN, top + y * cell + 15), asked, INK, small)
        whole = sum(confusion.cases[asked, found] for found in columns)
        for x, found in enumerate(columns):
            count = confusion.cases[asked, found]
            share = count / max(1, whole)
            colour = RIGHT if confusion.same(asked, found) else WRONG
            fill = tuple(round(p + (c - p) * share) for p, c in zip(PAPER, colour, strict=True))
            corner = (left + x * cell, top + y * cell)
            pen.rectangle((*corner, corner[0] + cell - 2, corner[1] + cell - 2), fill=fill, outline=(225, 225, 222))
            if count:
                pen.text((corner[0] + 16, corner[1] + 13), str(count), PAPER if share > 0.5 else INK, ImageFont.load_default(14))
    page.save(path)


def blind(films: Sequence[tuple[str, Tensor]], folder: Path, fps: int, seed: int = 0) -> None:
    """Films in a shuffled order with numbers only: clips, one sheet, and the key in a file of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    order = list(films)
    random.Random(seed).shuffle(order)
    rows, key = [], ["# Which prompt asked for which film", ""]
    for number, (prompt, frames) in enumerate(order, start=1):
        pixels = np.ascontiguousarray((frames.clamp(0, 1) * 255 + 0.5).byte().movedim(1, -1).numpy())
        write_clip(folder / f"film-{number:02}.mp4", pixels, fps)
        rows.append(row(f"film {number}", frames))
        key.append(f"{number}. {prompt}")
    contact_sheet(rows, folder / "films.webp", "What did each prompt ask for?")
    (folder / "key.md").write_text("\n".join(key) + "\n", "utf-8")
