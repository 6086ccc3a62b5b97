"""Draws a contact sheet: one PNG with a row of frames for each of several clips, and a line of text above each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

from studio.media.clip import Frame, spread_frames
from studio.media.disk import atomic_write
from studio.media.fonts import clusters, fonts_for
from studio.media.title import Line

COLUMNS = 5
"""Frames of a row: the first, the last, and those evenly between them."""
WIDTH = 256
"""Pixels of a frame's width."""
GAP, MARGIN = 8, 28
GROUND = (24, 22, 20)
TITLE, TEXT = 24, 16
"""Sizes of the letters in pixels."""


def draw_contact_sheet(title: str, rows: Sequence[tuple[str, Path]], out: Path, texts: Mapping[str, str] | None = None) -> None:
    """Draw a contact sheet. Text that does not fit on its line is cut, with an ellipsis.

    Args:
        title: on top of the sheet.
        rows: for each clip the text above its frames, and its file.
        out: where the PNG goes.
        texts: that are written into the file, by keyword.

    Raises:
        MediaError: a clip cannot be read, or the disk is full.
    """
    strips = [(text, [_small(frame) for frame in spread_frames(clip, COLUMNS)]) for text, clip in rows]
    wide = COLUMNS * WIDTH + (COLUMNS - 1) * GAP
    high = sum(strip[0].height + 3 * GAP + TEXT for _, strip in strips)
    sheet = Image.new("RGB", (wide + 2 * MARGIN, high + 2 * MARGIN + TITLE), GROUND)
    pen = ImageDraw.Draw(sheet)
    top = MARGIN + TITLE
    _fitting(title, TITLE, wide).draw(pen, MARGIN, top - GAP)
    for text, strip in strips:
        top += GAP + TEXT
        _fitting(text, TEXT, wide).draw(pen, MARGIN, top)
        top += GAP
        for column, picture in enumerate(strip):
            sheet.paste(picture, (MARGIN + column * (WIDTH + GAP), top))
        top += strip[0].height + GAP
    inner = PngInfo()
    for key, text in (texts or {}).items():
        inner.add_itxt(key, text)
    with atomic_write(out) as path:
        sheet.save(path, "PNG", pnginfo=inner)


def _small(frame: Frame) -> Image.Image:
    height, width = frame.shape[:2]
    return Image.fromarray(frame).resize((WIDTH, max(1, round(height * WIDTH / width))), Image.Resampling.LANCZOS)


def _fitting(text: str, size: int, width: int) -> Line:
    """As much of the text as fits on a line, in letters of that size."""
    letters = clusters(text)
    fonts = fonts_for(text + "…")
    line = Line("".join(letters), fonts, size)
    while letters and line.width() > width:
        letters = letters[: min(len(letters) - 1, int(len(letters) * width / line.width()) + 1)]
        line = Line("".join(letters).rstrip() + "…", fonts, size)
    return line
