"""Drawing a film's title over one of its frames, in any script that this machine has a font for."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import regex
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from studio.language import sentence
from studio.media import MediaError
from studio.media.clip import Frame
from studio.media.fonts import FontFile, Run, can_order, clusters, fonts_for, missing_letters, needs_order, runs

BLUR = 24
"""Part of the height that the blur's radius is: height / 24."""
DIM = 0.42
"""Factor of the brightness."""
INK = (244, 240, 232)
"""Warm white."""
LEADING = 1.45
"""From one baseline to the next, in sizes of the letters."""
MEASURE = 64
"""The size in which texts are measured."""
SMALLEST = 6
"""Pixels of the smallest letters."""
NAMED = 12
"""Letters that an error names, at most."""
WITHOUT_SPACES = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\u3000-\u303f\uff00-\uffef]")
"""Letters of scripts without spaces between words: a line may end between any two of them."""
CLOSING = regex.compile(r"[\p{Pe}\p{Pf}、。ー！？，．：；]")
"""What no line begins with."""
OPENING = regex.compile(r"[\p{Ps}\p{Pi}]")
"""What no line ends with."""


@dataclass(frozen=True)
class Line:
    """A line of a title, in fonts that have its letters and a size in pixels."""

    text: str
    fonts: tuple[FontFile, ...]
    size: int

    def width(self) -> float:
        """The width in pixels."""
        return sum(run.font.load(self.size).getlength(run.text) for run in self.runs())

    def reach(self) -> tuple[float, float]:
        """How far its letters reach from the baseline: above it, which is negative, and below it, in pixels."""
        boxes = [run.font.load(self.size).getbbox(run.text, anchor="ls") for run in self.runs()]
        return min((box[1] for box in boxes), default=0), max((box[3] for box in boxes), default=0)

    def draw(self, pen: ImageDraw.ImageDraw, left: float, baseline: float) -> None:
        """Draw it, its left end and its baseline at a place in pixels."""
        for run in self.runs():
            font = run.font.load(self.size)
            pen.text((left, baseline), run.text, INK, font, anchor="ls")
            left += font.getlength(run.text)

    def runs(self) -> list[Run]:
        """Its pieces, each in one font, from left to right: where a line begins from the right, its first run is the rightmost."""
        pieces = runs(self.text, self.fonts)
        return pieces[::-1] if begins_right(self.text) else pieces


def begins_right(text: str) -> bool:
    """Whether a text begins from the right: its first letter that has a direction does."""
    return next((kind for c in text if (kind := unicodedata.bidirectional(c)) in ("L", "R", "AL")), "L") != "L"


def check_title(title: str) -> None:
    """Check, before a film is exported, that its title can be drawn here.

    Raises:
        MediaError: no font has some of its letters, which the message names, or what orders them is not installed.
    """
    missing = missing_letters(title)
    if missing:
        names = ", ".join(_readable(letter) for letter in missing[:NAMED])
        names = sentence("{names} and others", names=names) if len(missing) > NAMED else names
        raise MediaError(sentence(
            "No font on this machine has these letters of the title: {names}. Install a font that has them (the Noto fonts have "
            "those of every script), or change the title; nothing was exported.", names=names))
    if needs_order(title) and not can_order():
        raise MediaError(sentence(
            "The letters of this title must be joined or ordered, and FriBiDi, the library for that, is missing on this machine. "
            "Install it (Debian and Ubuntu: apt-get install libfribidi0; macOS: brew install fribidi; Windows: put fribidi.dll "
            "beside python.exe), or change the title; nothing was exported."))


def draw_title(frame: Frame, title: str) -> Frame:
    """A copy of the frame [H, W, 3], darkened and blurred, with the title in its middle, in the largest size that fits."""
    height, width = frame.shape[:2]
    image = ImageEnhance.Brightness(Image.fromarray(frame).filter(ImageFilter.GaussianBlur(height / BLUR))).enhance(DIM)
    lines = _lines_that_fit(title, width * 0.84, height * 0.6, max(height // 8, SMALLEST))
    if lines:
        step = LEADING * lines[0].size
        baseline = (height - step * (len(lines) - 1) - lines[0].reach()[0] - lines[-1].reach()[1]) / 2
        pen = ImageDraw.Draw(image)
        for number, line in enumerate(lines):
            line.draw(pen, (width - line.width()) / 2, baseline + number * step)
    return np.asarray(image)


def _lines_that_fit(title: str, wide: float, high: float, largest: int) -> list[Line]:
    """The title on lines, as large as fits into `wide` times `high` pixels; words are divided where nothing else helps."""
    text, fonts = "".join(clusters(title)), fonts_for(title)
    if not text:
        return []
    measure = lru_cache(None)(lambda part: Line(part, fonts, MEASURE).width() / MEASURE)      # in sizes of the letters
    for anywhere in (False, True):
        for size in range(largest, SMALLEST - 1, -1):
            parts = wrap_lines(text, measure, wide / size, anywhere)
            tall = 1 + LEADING * (len(parts) - 1)
            smallest = anywhere and size == SMALLEST
            if smallest or (tall * size <= high and all(measure(part) * size <= wide for part in parts)):
                return [Line(part, fonts, size) for part in balance_lines(text, measure, wide / size, anywhere)]
    return []


def balance_lines(text: str, measure: Callable[[str], float], width: float, anywhere: bool = False) -> list[str]:
    """`text` on as few lines as fit into `width`, and those as equal in length as possible.

    Args:
        text: what to divide.
        measure: the width of a text on one line.
        width: of a line, at most.
        anywhere: whether a line may end inside a word.
    """
    widest = wrap_lines(text, measure, width, anywhere)
    if len(widest) < 2:
        return widest
    narrower = (wrap_lines(text, measure, width * share / 20, anywhere) for share in range(6, 20))
    return next((tried for tried in narrower if len(tried) == len(widest)), widest)


def wrap_lines(text: str, measure: Callable[[str], float], width: float, anywhere: bool = False) -> list[str]:
    """`text` on lines of at most `width`; a longer piece that cannot be divided stays on a line of its own."""
    done: list[str] = []
    for piece in _pieces(text, anywhere):
        if done and measure(done[-1] + piece.rstrip()) <= width:
            done[-1] += piece
        else:
            done.append(piece)
    return [line.strip() for line in done]


def _pieces(text: str, anywhere: bool) -> list[str]:
    """A text in the pieces that a line may end behind, each with the space that follows it."""
    pieces: list[str] = []
    for letter in clusters(text):
        if pieces and not _divides(pieces[-1][-1], letter, anywhere):
            pieces[-1] += letter
        else:
            pieces.append(letter)
    return pieces


def _divides(before: str, letter: str, anywhere: bool) -> bool:
    """Whether a line may end between two letters."""
    if letter == " " or CLOSING.match(letter) or OPENING.match(before):
        return False
    return before == " " or anywhere or bool(WITHOUT_SPACES.match(letter) or WITHOUT_SPACES.match(before))


def _readable(letter: str) -> str:
    """A letter for a sentence: itself where it can be printed, and its number in Unicode."""
    codes = " ".join(f"U+{ord(c):04X}" for c in letter)
    return f"{letter} ({codes})" if all(c.isprintable() or c in "\u200c\u200d" for c in letter) else codes
