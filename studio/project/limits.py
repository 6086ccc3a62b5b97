"""Which values the document accepts: prompts, names, lengths, seeds, sizes and settings are cleaned or refused."""

from __future__ import annotations

import secrets
import unicodedata
from datetime import UTC, datetime

from studio.language import sentence
from studio.project.model import Clock, Frame

CACHE_RULES = ("first-block", "magnitude")
"""The rules of step caches, see `catalogue.step_ratios`."""

PROMPT_LENGTH = 2000
NAME_LENGTH = 120
SECTIONS = 40
"""Sections of one segment, at most."""
SEGMENTS = 400
"""Segments of one branch, at most."""
LORAS = 8
"""LoRAs of one segment, at most."""
SEEDS = 2**32
SIDE = (16, 4096)
EDGE = 1e-6
"""Share of a picture by which a frame may lie over its edge: sums of rounded numbers do."""


class EditError(Exception):
    """An edit is not possible; the message tells the artist why and what to do. The project is as it was."""


class BusyError(EditError):
    """An edit is not possible while the film is generating, or its memory is being asked."""


def now() -> str:
    """This moment as it is written in documents: ISO 8601, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def fresh_id() -> str:
    """A short name nobody can guess: 12 hex digits."""
    return secrets.token_hex(6)


def fresh_seed() -> int:
    """A random seed: 32 bits, not negative."""
    return secrets.randbelow(SEEDS)


def prompt(text: object) -> str:
    """`text` without control characters (line breaks stay, tabs become spaces) and outer space.

    Raises:
        EditError: not text, or longer than 2000 characters; a prompt is never cut silently.
    """
    clean = _lines(text, sentence("A prompt"))
    if len(clean) > PROMPT_LENGTH:
        raise EditError(sentence(
            "This prompt has {number:,} characters; {most:,} is the most. Shorten it, or spread it over two segments. The "
            "segment keeps the prompt it had.", number=len(clean), most=PROMPT_LENGTH))
    return clean


def film_text(text: object, of: str) -> str:
    """A text for the whole film, cleaned as a prompt is. `of` says which: 'style' or 'cast', as a sentence may have it.

    Raises:
        EditError: not text, or longer than 2000 characters.
    """
    clean = _lines(text, sentence("A film's {of}", of=of))
    if len(clean) > PROMPT_LENGTH:
        raise EditError(sentence(
            "This {of} has {number:,} characters; {most:,} is the most. Shorten it; the film keeps the one it had.",
            of=of, number=len(clean), most=PROMPT_LENGTH))
    return clean


def name(text: object, of: str) -> str:
    """`text` as a name on one line. `of` says what is named: 'film', 'branch'.

    Raises:
        EditError: not text, blank, or longer than 120 characters.
    """
    if not isinstance(text, str):
        raise EditError(sentence("The name of a {of} is text.", of=of))
    clean = " ".join(printable(text).split())
    if not clean:
        raise EditError(sentence("A {of} needs a name. It keeps the one it had.", of=of))
    if len(clean) > NAME_LENGTH:
        raise EditError(sentence(
            "This name has {number:,} characters; {most} is the most. The {of} keeps the name it had.",
            number=len(clean), most=NAME_LENGTH, of=of))
    return clean


def title(text: str) -> str:
    """The text of a title card, on one line and without control characters; it may be blank.

    Raises:
        EditError: longer than 120 characters.
    """
    clean = " ".join(printable(text).split())
    if len(clean) > NAME_LENGTH:
        raise EditError(sentence(
            "This title has {number:,} characters; {most} is the most. Shorten it; nothing was exported.",
            number=len(clean), most=NAME_LENGTH))
    return clean


def frames(length: object, clock: Clock) -> int:
    """A wanted length in whole frames: fractions are rounded, less than a section becomes one section.

    Raises:
        EditError: not a number, not finite, not above zero, or more than 40 sections.
    """
    wanted = _number(length, sentence("A length"))
    if wanted <= 0:
        raise EditError(sentence("A segment must be longer than nothing. It keeps the length it had."))
    longest = SECTIONS * clock.section_frames
    if wanted > longest:
        raise EditError(sentence(
            "A segment can last {seconds:g} seconds at most ({sections} sections). Spread it over several segments; they join "
            "without a seam.", seconds=clock.seconds(longest), sections=SECTIONS))
    return max(clock.section_frames, round(wanted))


def blend(value: object, clock: Clock) -> int:
    """A blend in whole frames, fractions rounded: from 0, which is none, to as many as a segment may have.

    Raises:
        EditError: anything else.
    """
    number, longest = _number(value, sentence("A blend")), SECTIONS * clock.section_frames
    if not 0 <= number <= longest:
        raise EditError(sentence(
            "A blend is counted in frames, from 0 (none) to {longest:,}. It stays as it was.", longest=longest))
    return round(number)


def seed(value: object) -> int:
    """A seed: a whole number from 0 to 4,294,967,295.

    Raises:
        EditError: anything else.
    """
    number = _number(value, sentence("A seed"))
    if number != int(number) or not 0 <= number < SEEDS:
        raise EditError(sentence("A seed is a whole number from 0 to {most:,}.", most=SEEDS - 1))
    return int(number)


def steps(value: object) -> int:
    """Denoising steps: a whole number from 1 to 200.

    Raises:
        EditError: anything else.
    """
    number = _number(value, sentence("The number of steps"))
    if number != int(number) or not 1 <= number <= 200:
        raise EditError(sentence("The number of steps is a whole number from 1 to 200."))
    return int(number)


def guidance(value: object) -> float:
    """Guidance: a number from 0 to 100.

    Raises:
        EditError: anything else.
    """
    return _up_to(100, value, sentence("Guidance"))


def strength(value: object) -> float:
    """How much a LoRA counts: a number from -2 to 2, to the hundredth.

    Raises:
        EditError: anything else.
    """
    number = round(float(_number(value, sentence("A LoRA's strength"))), 2)
    if not -2 <= number <= 2:
        raise EditError(sentence("A LoRA's strength is a number from -2 to 2; 1 is what it was trained for, and 0 is none of it."))
    return number + 0.0


def cache(value: object) -> float:
    """Threshold of the step cache: a number from 0 to 1; 0 is off.

    Raises:
        EditError: anything else.
    """
    return _up_to(1, value, sentence("The threshold of the step cache"))


def cache_rule(value: object) -> str:
    """The rule of the step cache: "first-block" or "magnitude".

    Raises:
        EditError: anything else.
    """
    if value not in CACHE_RULES:
        raise EditError(sentence("The rule of the step cache is one of: {rules}.", rules=", ".join(CACHE_RULES)))
    return str(value)


def size(value: object) -> tuple[int, int]:
    """Width and height in pixels: whole even numbers from 16 to 4096.

    Raises:
        EditError: anything else.
    """
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise EditError(sentence("A size is a width and a height."))
    width, height = (_number(side, sentence("A side of the picture")) for side in value)
    for side in (width, height):
        if side != int(side) or side % 2 or not SIDE[0] <= side <= SIDE[1]:
            raise EditError(sentence(
                "Width and height are whole even numbers from {least} to {most:,} pixels.", least=SIDE[0], most=SIDE[1]))
    return int(width), int(height)


def frame(value: object) -> Frame:
    """A part of a picture: x, y, width and height as shares of the picture's width and height, inside the picture.

    Raises:
        EditError: not four numbers, or they lead out of the picture.
    """
    if not isinstance(value, (tuple, list)) or len(value) != 4:
        raise EditError(sentence("A frame is four numbers: x, y, width and height, as shares of the picture from 0 to 1."))
    x, y, width, height = (float(_number(share, sentence("Each share of a frame"))) for share in value)
    if not (width > 0 < height and x >= 0 <= y and x + width <= 1 + EDGE and y + height <= 1 + EDGE):
        raise EditError(sentence(
            "A frame lies inside the picture: width and height are more than 0, x and y at least 0, and neither x + width nor y "
            "+ height is more than 1, the whole picture."))
    return x, y, min(width, 1.0), min(height, 1.0)


def within(bounds: tuple[float, float], value: object, what: str, named: tuple[float, float] | None = None) -> float:
    """A number between two bounds, which are in range themselves.

    Args:
        bounds: the least and the most.
        value: the number.
        what: what it is, as the beginning of a sentence.
        named: the bounds as the artist is told of them, where they differ.

    Raises:
        EditError: it is no number, or out of range.
    """
    number = float(_number(value, what))
    if not bounds[0] <= number <= bounds[1]:
        least, most = named or bounds
        raise EditError(sentence("{what} is a number from {least:g} to {most:g}.", what=what, least=least, most=most))
    return number


def _up_to(most: int, value: object, what: str) -> float:
    return within((0, most), value, what)


def _number(value: object, what: str) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 2**53:
        raise EditError(sentence("{what} is a number, and not an endless one.", what=what))
    return value


def _lines(text: object, what: str) -> str:
    """Text on lines, without tabs, control characters and outer space. Raises EditError: it is no text."""
    if not isinstance(text, str):
        raise EditError(sentence("{what} is text.", what=what))
    return printable(text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")).strip()


def printable(text: str) -> str:
    """Without control characters (line breaks stay) and halves of surrogate pairs, which no file can hold."""
    return "".join(c for c in text if c == "\n" or unicodedata.category(c) not in {"Cc", "Cs"})
