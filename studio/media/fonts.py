"""Fonts for titles: which font has which letters, first among those in `assets/fonts`, then among those of the system."""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
import sys
import unicodedata
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import regex
from PIL import ImageFont, features

SHIPPED = Path(__file__).parents[2] / "assets" / "fonts"
"""Fonts of Latin, Greek, Cyrillic, Arabic, Devanagari, Hebrew and Thai."""
SECONDS = 10
"""After so long, fontconfig is no longer waited for."""
PLAIN = ("bold", "italic", "oblique", "black", "light", "thin", "condensed", "mono", "serif")
"""Words in the names of fonts that come after others."""
NO_LETTERS = ("lastresort", "adobeblank")
"""Fonts that claim to have every letter and draw none of them."""
ORDERED = regex.compile(
    r"[\p{bidi_class:R}\p{bidi_class:AL}\p{Devanagari}\p{Bengali}\p{Gurmukhi}\p{Gujarati}\p{Oriya}\p{Tamil}\p{Telugu}\p{Kannada}"
    r"\p{Malayalam}\p{Sinhala}\p{Thai}\p{Lao}\p{Tibetan}\p{Myanmar}\p{Khmer}\p{Mongolian}\p{Balinese}\p{Javanese}]"
)
"""Letters that are joined, stacked or ordered before they are drawn."""


@dataclass(frozen=True)
class FontFile:
    """One font: a file, and which of its fonts where it is a collection."""

    path: Path
    index: int
    letters: frozenset[int] = field(compare=False)
    """Of the characters that were asked for, those it has."""

    def has(self, letter: str) -> bool:
        """Whether it can draw a letter with all that belongs to it, composed or decomposed."""
        forms = (letter, unicodedata.normalize("NFD", letter))
        return any(all(ord(c) in self.letters or invisible(c) for c in form) for form in forms)

    def load(self, size: float) -> ImageFont.FreeTypeFont:
        """The font in a size in pixels, with the layout that joins and orders letters, where this machine has it."""
        return _load(self.path, self.index, size)


@lru_cache(128)
def _load(path: Path, index: int, size: float) -> ImageFont.FreeTypeFont:
    engine = ImageFont.Layout.RAQM if can_order() else ImageFont.Layout.BASIC
    return ImageFont.truetype(str(path), size, index, layout_engine=engine)


@dataclass(frozen=True)
class Run:
    """A piece of text that one font draws."""

    text: str
    font: FontFile


def can_order() -> bool:
    """Whether Pillow joins, stacks and orders letters on this machine; it needs the library FriBiDi."""
    return bool(features.check("raqm"))


def needs_order(text: str) -> bool:
    """Whether a text has letters that must be joined, stacked or ordered: Arabic, Hebrew, Hindi, Thai and others."""
    return ORDERED.search(text) is not None


def clusters(text: str) -> list[str]:
    """The letters of a text as people see them, each with its accents and vowel signs; composed, without control characters."""
    composed = unicodedata.normalize("NFC", " ".join(text.split()))
    return regex.findall(r"\X", "".join(c for c in composed if unicodedata.category(c) not in ("Cc", "Zl", "Zp")))


def runs(text: str, fonts: Sequence[FontFile]) -> list[Run]:
    """The text in pieces, each with a font that has its letters.

    A letter is drawn with the first of `fonts` that has it; punctuation, digits and spaces with the font of the letter before
    them, where it has them too. The space between two fonts is a piece of its own. What no font has is left out:
    `missing_letters` names it.
    """
    pieces: list[Run] = []
    for letter in clusters(text):
        stays = pieces and unicodedata.category(letter[0])[0] in "ZPN"
        order = [pieces[-1].font, *fonts] if stays else fonts
        font = next((font for font in order if font.has(letter)), None)
        if font is None:
            continue
        if pieces and font == pieces[-1].font:
            pieces[-1] = Run(pieces[-1].text + letter, font)
            continue
        if pieces and pieces[-1].text.strip() != pieces[-1].text:
            last = pieces.pop()
            pieces += [Run(last.text.strip(), last.font), Run(" ", last.font)]
        pieces.append(Run(letter, font))
    return pieces


def missing_letters(text: str) -> list[str]:
    """The letters of a text that no font of this machine has, each once."""
    fonts = fonts_for(text)
    return [letter for letter in dict.fromkeys(clusters(text)) if not any(font.has(letter) for font in fonts)]


def fonts_for(text: str) -> tuple[FontFile, ...]:
    """Fonts that together have the letters of a text, as far as this machine's have: one if that can be, shipped ones first."""
    letters = list(dict.fromkeys(clusters(text)))
    codes = frozenset(ord(c) for c in "".join(letters) + unicodedata.normalize("NFD", "".join(letters)) if not invisible(c))
    shipped = [FontFile(path, 0, codes & characters) for path, characters in shipped_fonts()]
    choice = [font for font in shipped if all(font.has(letter) for letter in letters)] or shipped
    missing = [letter for letter in letters if not any(font.has(letter) for font in choice)]
    while missing and (font := _best_font(missing, codes)):
        choice.append(font)
        missing = [letter for letter in missing if not font.has(letter)]
    return tuple(choice)


def _best_font(letters: Sequence[str], codes: frozenset[int]) -> FontFile | None:
    """The first font of the system that has all of the letters, or else the one that has most; None: none has any."""
    best, most = None, 0
    wanted = {ord(c) for letter in letters for c in letter if not invisible(c)}
    for path, index in system_fonts(wanted):
        font = FontFile(path, index, characters_in(path, index, codes))
        count = sum(font.has(letter) for letter in letters)
        if count > most:
            best, most = font, count
        if count == len(letters):
            break
    return best


def invisible(character: str) -> bool:
    """Whether a character is never drawn itself: joiners, marks of direction, variation selectors."""
    return unicodedata.category(character) == "Cf" or regex.fullmatch(r"\p{Default_Ignorable_Code_Point}", character) is not None


@lru_cache(2048)
def characters_in(path: Path, index: int, codes: frozenset[int]) -> frozenset[int]:
    """Which of the characters a font has outlines for; none for a file that is no such font."""
    return codes & _characters(path, index)


def _characters(path: Path, index: int) -> frozenset[int]:
    from fontTools.ttLib import TTFont, TTLibError

    try:
        with TTFont(path, fontNumber=index, lazy=True) as file:
            tables = set(file.keys())
            drawable = tables & {"glyf", "CFF ", "CFF2"} and not tables & {"sbix", "CBDT"}      # these hold small pictures instead
            return frozenset(file.getBestCmap() or ()) if drawable else frozenset()
    except (TTLibError, OSError, ValueError, LookupError, TypeError, AttributeError, AssertionError, ArithmeticError, struct.error):
        return frozenset()


@lru_cache(1)
def shipped_fonts() -> tuple[tuple[Path, frozenset[int]], ...]:
    """The fonts of the studio and the characters of each; the one of most scripts first."""
    paths = sorted(SHIPPED.glob("*.ttf"), key=lambda path: (path.stem != "NotoSans", path.stem))
    return tuple((path, _characters(path, 0)) for path in paths)


def system_fonts(codes: Set[int]) -> list[tuple[Path, int]]:
    """The fonts of this machine that may have some of the characters: files, and the font's number in each; plain ones first."""
    fonts = _by_fontconfig(codes)
    fonts = _in_folders() if fonts is None else fonts
    named = {font: font[0].name.lower().replace(" ", "") for font in fonts}
    plain = [font for font in fonts if not any(word in named[font] for word in NO_LETTERS)]
    return sorted(plain, key=lambda font: (-fonts[font], sum(word in named[font] for word in PLAIN), font))


def _by_fontconfig(codes: Set[int]) -> dict[tuple[Path, int], int] | None:
    """The fonts that fontconfig knows, and how many of the characters each has, if any; None: it is not installed."""
    program = shutil.which("fc-list")
    if program is None:
        return None
    try:
        command = [program, "--format", "%{index}\t%{charset}\t%{file}\n"]
        answer = subprocess.run(command, capture_output=True, timeout=SECONDS, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    fonts: dict[tuple[Path, int], int] = {}
    for line in os.fsdecode(answer).splitlines():
        index, _, rest = line.partition("\t")
        charset, _, path = rest.partition("\t")
        spans = re.findall(r"([0-9a-f]+)(?:-([0-9a-f]+))?", charset)
        ranges = [(int(first, 16), int(last or first, 16)) for first, last in spans]
        count = sum(any(first <= code <= last for first, last in ranges) for code in codes)
        if count and index.isdigit():
            fonts[Path(path), int(index) & 0xFFFF] = count        # above: which named style of a variable font
    return fonts


def _in_folders() -> dict[tuple[Path, int], int]:
    """The fonts in the folders where this system keeps them; of a collection, the first."""
    suffixes = (".ttf", ".otf", ".ttc", ".otc")
    return {(path, 0): 0 for folder in font_folders() for path in folder.rglob("*") if path.suffix.lower() in suffixes}


def font_folders() -> list[Path]:
    """The folders where fonts lie on this system."""
    home = Path.home()
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA", str(home / "AppData/Local"))
        folders = [Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts", Path(local) / "Microsoft/Windows/Fonts"]
    elif sys.platform == "darwin":
        folders = [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"]
    else:
        folders = [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".local/share/fonts", home / ".fonts"]
    return [folder for folder in folders if folder.is_dir()]
