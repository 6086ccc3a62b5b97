"""Names that come from outside: as names of files that every file system takes, and as text that can be shown and saved.

People name films and pictures in any script, and systems hand over names that are no text at all. A name is cut only between
letters as people see them, which Unicode calls grapheme clusters: an accent, a vowel sign or the parts of an emoji stay with
the letter that they belong to. Every room may import this.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import regex

SLUG_LETTERS, SLUG_BYTES = 60, 120
"""The length of a slug, at most. File systems hold names of 255 bytes (encrypted ones 143); what remains is for an ending, and
for what a temporary file adds to the name."""
RESERVED = frozenset(["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]) | {
    device + number for device in ("COM", "LPT") for number in "0123456789¹²³"}
"""Names that mean a device on Windows, in any case and with any ending."""
JOINERS = "\u200c\u200d"
"""Invisible characters that join letters or keep them apart: part of a word, but not at its ends."""


def slug(name: str, otherwise: str = "film") -> str:
    """`name` as part of a file's name on any system: letters and digits of any script, joined by hyphens.

    Args:
        name: any text, with half a surrogate pair in it too.
        otherwise: what to return for a name without a letter or a digit.

    Returns:
        At most 60 letters and 120 bytes of UTF-8, composed (NFC), and no name that Windows reserves for a device.
    """
    words = (word.strip(JOINERS) for word in regex.findall(r"\w+", unicodedata.normalize("NFC", name)))
    text = "-".join(word for word in words if regex.search(r"[\p{L}\p{N}]", word))
    short = cut(text, SLUG_LETTERS, SLUG_BYTES).strip("-_") or otherwise
    return f"{short}-{otherwise}" if is_reserved(short) else short


def is_reserved(name: str) -> bool:
    """Whether Windows would open a device instead of a file of this name."""
    return name.partition(".")[0].rstrip(" ").upper() in RESERVED


def cut(text: str, letters: int, size: int) -> str:
    """The beginning of `text` in whole letters: at most `letters` of them, and at most `size` bytes of UTF-8."""
    return "".join(_letters_within(text, letters, size))


def _letters_within(text: str, letters: int, size: int) -> Iterator[str]:
    for count, letter in enumerate(regex.findall(r"\X", text), 1):
        size -= len(letter.encode("utf-8", "surrogatepass"))
        if count > letters or size < 0:
            return
        yield letter


def readable(name: str, letters: int = 120) -> str:
    """`name` as one line that can be shown and saved: at most `letters` whole letters, the last one "…" where it was longer.

    What is no text (bytes of a file name that are not UTF-8, halves of surrogate pairs, control characters) becomes "\ufffd".
    """
    text = "".join("\ufffd" if unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") else letter for letter in name)
    short = cut(text, letters, 8 * letters)
    return text if short == text else f"{cut(text, letters - 1, 8 * letters)}…"
