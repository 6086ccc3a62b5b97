"""Pictures to look at: contact sheets of films, plots of confusion matrices, and films without their prompts."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor
from torch.nn import functional as F

from studio.lab.measure.tally import Confusion
from studio.media.clip import write_clip

FRAME_NUMBERS = (0, 9, 18, 27, 36)
"""The frames of a section that a contact sheet shows."""
PAPER, INK = (250, 250, 248), (30, 30, 34)
CORRECT, WRONG = (46, 125, 80), (178, 60, 50)
MARGIN, LINE = 8, 22


@dataclass(frozen=True)
class SheetRow:
    """A row of a contact sheet: some frames of a film, and the label above them."""

    label: str
    frames: Tensor         # [n, 3, h, w] uint8


def film_row(label: str, frames: Tensor, width: int = 192) -> SheetRow:
    """The row of a film [T, 3, H, W] in [0, 1]: its first frame, and FRAME_NUMBERS of its last section.

    Frames wider than `width` pixels are made smaller.
    """
    at = [FRAME_NUMBERS[0], *(max(0, len(frames) - 1 - FRAME_NUMBERS[-1]) + n for n in FRAME_NUMBERS[1:])]
    return SheetRow(label, to_thumbnails(frames[[n for n in at if n < len(frames)]].float(), width))


def to_thumbnails(frames: Tensor, width: int = 192) -> Tensor:
    """Frames [n, 3, H, W] in [0, 1], not wider than `width`, as [n, 3, h, w] uint8."""
    if frames.shape[3] > width:
        size = (round(frames.shape[2] * width / frames.shape[3]), width)
        frames = F.interpolate(frames, size, mode="bilinear", antialias=True, align_corners=False)
    return (frames.clamp(0, 1) * 255 + 0.5).byte()


def contact_sheet(rows: Sequence[SheetRow], path: Path, title: str = "") -> None:
    """Writes rows of frames with their labels to a picture file, in the format of its suffix (PNG or WebP).

    Raises:
        ValueError: there are no rows.
    """
    # Pillow, not matplotlib: the frames' pixels are to be looked at as they are.
    if not rows:
        raise ValueError(f"There is nothing to show on {path.name}.")
    strips = [Image.fromarray(torch.cat(list(row.frames), dim=2).movedim(0, -1).numpy()) for row in rows]
    width = max(strip.width for strip in strips) + 2 * MARGIN
    height = (LINE + MARGIN if title else 0) + sum(strip.height + LINE for strip in strips) + 2 * MARGIN
    page = Image.new("RGB", (width, height), PAPER)
    pen, y = ImageDraw.Draw(page), MARGIN
    if title:
        pen.text((MARGIN, y), title, INK, ImageFont.load_default(16))
        y += LINE + MARGIN
    for row, strip in zip(rows, strips, strict=True):
        pen.text((MARGIN, y + 3), row.label, INK, ImageFont.load_default(12))
        page.paste(strip, (MARGIN, y + LINE))
        y += LINE + strip.height
    page.save(path, quality=85)


def confusion_plot(confusion: Confusion, path: Path, title: str) -> None:
    """Writes a plot of a confusion matrix with its counts as PNG: rows are requested labels, columns recognised ones.

    Cells are green where the two labels are the same and red elsewhere, stronger for a larger share of the row.
    """
    rows, columns = confusion.rows(), confusion.columns()
    counts = np.array([[confusion.counts[requested, recognised] for recognised in columns] for requested in rows])
    shares = counts / counts.sum(axis=1, keepdims=True).clip(1)
    colors = np.array([[CORRECT if confusion.same(a, b) else WRONG for b in columns] for a in rows]) / 255
    figure = Figure((2 + 0.5 * len(columns), 1.6 + 0.5 * len(rows)), dpi=100, layout="constrained")
    axes = figure.subplots()
    axes.imshow(1 + (colors - 1) * shares[:, :, None])
    axes.set(title=title, xlabel="recognised", ylabel="asked")
    axes.set_xticks(range(len(columns)), columns, rotation=45, ha="right")
    axes.set_yticks(range(len(rows)), rows)
    for (y, x), count in np.ndenumerate(counts):
        if count:
            axes.text(x, y, str(count), ha="center", va="center", color="white" if shares[y, x] > 0.5 else "black")
    figure.savefig(path)


def write_blind_test(films: Sequence[tuple[str, Tensor]], folder: Path, fps: int, seed: int = 0) -> None:
    """Writes films in a shuffled order, numbered and without prompts, for people to guess: clips, one contact sheet, and the key.

    Args:
        films: the prompt and the frames [T, 3, H, W] in [0, 1] of each film.
        folder: where `film-NN.mp4`, `films.webp` and `key.md` go; created if needed.
        fps: frames a second of the clips.
        seed: of the order.
    """
    folder.mkdir(parents=True, exist_ok=True)
    order = list(films)
    random.Random(seed).shuffle(order)
    rows, key = [], ["# Which prompt asked for which film", ""]
    for number, (prompt, frames) in enumerate(order, start=1):
        pixels = np.ascontiguousarray((frames.clamp(0, 1) * 255 + 0.5).byte().movedim(1, -1).numpy())
        write_clip(folder / f"film-{number:02}.mp4", pixels, fps)
        rows.append(film_row(f"film {number}", frames))
        key.append(f"{number}. {prompt}")
    contact_sheet(rows, folder / "films.webp", "What did each prompt ask for?")
    (folder / "key.md").write_text("\n".join(key) + "\n", "utf-8")
