"""Draws a storyboard as a PDF: panels, each a picture with its words beside it, in any script that this machine has fonts for.

fpdf2 writes the file and joins letters (with HarfBuzz); which font draws which letter is chosen as for titles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from studio.media.clip import Frame, read_frame
from studio.media.disk import atomic_write
from studio.media.fonts import FontFile, clusters, fonts_for
from studio.media.title import MEASURE, Line, begins_right, wrap_lines

if TYPE_CHECKING:                     # it is imported where it is used: the page opens before it is there
    from fpdf import FPDF

PAPERS = {"a4": "A4", "letter": "Letter"}
"""Sizes of paper, and their names for people."""
MARGIN, GAP = 16.0, 6.0
"""Millimetres around the page, and between panels."""
SPACE = 0.9
"""Millimetres above each text of a panel."""
PICTURE = 68.0
"""Millimetres of a picture's width, at most, and of its height where it stands upright."""
BASELINE = 0.3
"""How far fpdf2 draws a cell's baseline below its middle, in sizes of the letters."""
DOTS = 900
"""Pixels of a picture's longer side, at most."""
POINT = 25.4 / 72
"""Millimetres of a point."""
INK, DIM, RULE = (30, 27, 24), (112, 104, 94), (222, 216, 207)


@dataclass(frozen=True)
class Panel:
    """What a storyboard shows of a segment."""

    clip: Path                    # whose first frame is the picture
    head: str                     # its number and length
    text: str                     # the prompt
    facts: str                    # take, seed, model
    notes: str = ""


@dataclass(frozen=True)
class Style:
    """How a text is set."""

    size: float                   # of the letters, in points
    leading: float                # from line to line, in millimetres
    colour: tuple[int, int, int]


TITLE, HEAD, TEXT, SMALL = Style(19, 9, INK), Style(9, 4.6, DIM), Style(11, 5.4, INK), Style(8.5, 4.2, DIM)


def draw_storyboard(title: str, subtitle: str, panels: Sequence[Panel], out: Path, paper: str = "a4") -> None:
    """Draw a storyboard. Text of any length is wrapped; what does not fit on a page goes on on the next one.

    Args:
        title: of the film.
        subtitle: its length, for example.
        panels: in the film's order.
        out: where the PDF goes.
        paper: one of `PAPERS`.

    Raises:
        MediaError: a clip cannot be read, or the disk is full.
    """
    board = _Board(title, paper)
    board.write(title, TITLE)
    board.write(subtitle, HEAD)
    for panel in panels:
        board.draw(panel)
    with atomic_write(out) as temporary:
        temporary.write_bytes(board.pdf.output())


class _Board:
    """A PDF in the making, with a place on its last page to go on from."""

    def __init__(self, title: str, paper: str) -> None:
        from fpdf import FPDF

        self.pdf: FPDF = FPDF("portrait", "mm", paper)
        self.pdf.set_title(title)
        self.pdf.set_creator("MemoryPack Studio")
        self.pdf.set_auto_page_break(False)
        self.pdf.set_margin(0)
        self.pdf.c_margin = 0
        self.pdf.set_text_shaping(True)
        self._families: dict[FontFile, str] = {}
        self._title = title
        self._right, self._bottom = self.pdf.w - MARGIN, self.pdf.h - MARGIN
        self._page()

    def _page(self) -> None:
        """Begin a page. All but the first have the title in their head; all have their number at the foot."""
        self.pdf.add_page()
        number = self.pdf.page_no()
        self._line(str(number), SMALL, self._right - 6, self.pdf.h - MARGIN / 2)
        self.y = MARGIN
        if number > 1:
            line = self._lines(self._title, SMALL, self._right - MARGIN)[:1]
            self._line("".join(line), SMALL, MARGIN, MARGIN / 2 + SMALL.leading)

    def write(self, text: str, style: Style) -> None:
        """Write a text over the page's whole width, and go on below it."""
        for line in self._lines(text, style, self._right - MARGIN):
            self._room(style.leading)
            self.y += style.leading
            self._line(line, style, MARGIN, self.y - style.leading * 0.28)

    def draw(self, panel: Panel) -> None:
        """Draw a panel below the others, or on the next page where it would be cut."""
        picture = _picture(read_frame(panel.clip, 0))
        scale = PICTURE / max(picture.size)
        wide, high = picture.width * scale, picture.height * scale
        left = MARGIN + PICTURE + GAP
        words = [
            (line, style, begins_right(text), style.leading + (0 if number else SPACE))
            for text, style in ((panel.head, HEAD), (panel.text, TEXT), (panel.facts, SMALL), (panel.notes, SMALL))
            for number, line in enumerate(self._lines(text, style, self._right - left))
        ]
        tall = GAP + max(high, sum(step for *_, step in words))
        if self.y + min(tall, max(GAP + high, self._bottom - 2 * MARGIN)) > self._bottom:
            self._page()
        self.y += GAP / 2
        self.pdf.set_draw_color(*RULE)
        self.pdf.set_line_width(0.2)
        self.pdf.line(MARGIN, self.y, self._right, self.y)
        self.y += GAP / 2
        self.pdf.image(picture, MARGIN, self.y, wide, high)
        page, foot = self.pdf.page_no(), self.y + high
        for line, style, from_right, step in words:
            self._room(step)
            self.y += step
            start = self._right - _width(line, fonts_for(line), style) if from_right else left
            self._line(line, style, start, self.y - style.leading * 0.28)
        if self.pdf.page_no() == page:
            self.y = max(self.y, foot)

    def _room(self, height: float) -> None:
        """Go on on the next page where the rest of this one is lower than `height`."""
        if self.y + height > self._bottom:
            self._page()

    def _lines(self, text: str, style: Style, width: float) -> list[str]:
        """A text on lines of at most `width` millimetres; its own line breaks stay."""
        fonts = fonts_for(text)
        measure = lru_cache(None)(lambda part: _width(part, fonts, style))
        return [
            line
            for paragraph in text.splitlines() if paragraph.strip()
            for piece in wrap_lines("".join(clusters(paragraph)), measure, width)
            for line in ([piece] if measure(piece) <= width else wrap_lines(piece, measure, width, anywhere=True))
        ]

    def _line(self, text: str, style: Style, left: float, baseline: float) -> None:
        """Draw a line of text. Letters that no font of this machine has are left out."""
        self.pdf.set_text_color(*style.colour)
        for run in Line(text, fonts_for(text), MEASURE).runs():
            self.pdf.set_font(self._family(run.font), size=style.size)
            self.pdf.set_xy(left, baseline - BASELINE * style.size * POINT)
            wide = run.font.load(MEASURE).getlength(run.text) / MEASURE * style.size * POINT
            self.pdf.cell(wide, 0, run.text)             # and not `text`, which does not order letters
            left += wide

    def _family(self, font: FontFile) -> str:
        """The name of a font in the PDF, which gets it where it has not got it yet."""
        if font not in self._families:
            self._families[font] = f"font{len(self._families)}"
            self.pdf.add_font(self._families[font], fname=font.path, collection_font_number=font.index)
        return self._families[font]


def _width(text: str, fonts: tuple[FontFile, ...], style: Style) -> float:
    """The width of a text on one line, in millimetres."""
    return Line(text, fonts, MEASURE).width() / MEASURE * style.size * POINT


def _picture(frame: Frame) -> Image.Image:
    """A frame as it lies in the PDF."""
    image = Image.fromarray(frame)
    image.thumbnail((DOTS, DOTS), Image.Resampling.LANCZOS)
    return image
