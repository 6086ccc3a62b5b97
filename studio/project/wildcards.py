"""Wildcards: `__weather__` in a prompt, style or cast stands for a line of the file weather.txt, which the segment's seed chooses.

A list is a text file with one choice on each line; blank lines and those that begin with # are left out. A choice may name other
lists. The same lists, prompt and seed give the same words.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Sequence
from functools import reduce
from pathlib import Path

from studio.language import Sentence, join, sentence
from studio.project import limits
from studio.project.limits import EditError
from studio.project.preset import PRESETS

SHIPPED = PRESETS / "wildcards"
FOLDER = "wildcards"
"""Of the artist's own lists, beside the projects."""
DEPTH = 5
"""Lists that lead to each other, at most."""
REPLACED = 100
"""Wildcards that are replaced in one prompt, at most, those in choices included."""
LARGEST = 2**18
"""Bytes of a list, at most."""
NAMES = 200
"""Lists of a folder that are looked at, at most."""

_WILDCARD = re.compile(r"__([^\W_]+(?:[-_][^\W_]+)*)__")


class WildcardError(EditError):
    """A wildcard has no words; `problem` says why, without the assurance that nothing was lost."""

    def __init__(self, problem: Sentence) -> None:
        super().__init__(join(problem, sentence("Nothing was lost.")))
        self.problem = problem


class Wildcards:
    """The lists in some folders. Files are read when they are needed, so that an edit of one counts at once."""

    def __init__(self, folders: Sequence[Path] = (SHIPPED,)) -> None:
        """`folders`: where lists lie; of two with one name that of the earlier folder counts."""
        self._folders = tuple(folders)

    def names(self) -> tuple[str, ...]:
        """The names of all lists, as prompts write them between two underscores on each side."""
        return tuple(sorted(self._files()))

    def fill(self, prompt: str, seed: int) -> str:
        """The prompt with every wildcard replaced.

        Args:
            prompt: as the artist wrote it.
            seed: of its segment; it chooses the lines.

        Raises:
            WildcardError: there is no such list, it has no choices or cannot be read, lists lead to each other in a circle or too
                deep, or the prompt becomes too long.
        """
        if not _WILDCARD.search(prompt):
            return prompt
        filled = _Filler(self._files(), seed).fill(prompt, ())
        if len(filled) > limits.PROMPT_LENGTH:
            raise WildcardError(sentence(
                "With its wildcards replaced this prompt has {number:,} characters; {most:,} is the most. Shorten it, or the "
                "choices.", number=len(filled), most=limits.PROMPT_LENGTH))
        return filled

    def _files(self) -> dict[str, Path]:
        """The lists' files by name, in small letters. Names from prompts are looked up here and never become paths."""
        found: dict[str, Path] = {}
        for folder in self._folders:
            try:
                # Its entry says what is a file: asking the disk for each one lets other threads in, with every board of a page.
                with os.scandir(folder) as entries:
                    names = sorted(entry.name for entry in entries if entry.name.endswith(".txt") and entry.is_file())
            except OSError:
                continue
            for path in map(folder.joinpath, names[:NAMES]):
                if _WILDCARD.fullmatch(f"__{path.stem}__"):
                    found.setdefault(path.stem.lower(), path)
        return found


class _Filler:
    """Replaces the wildcards of one prompt."""

    def __init__(self, files: dict[str, Path], seed: int) -> None:
        self._files = files
        self._seed = seed
        self._chosen: Counter[str] = Counter()     # how often each list was chosen from: the second time it may give another line
        self._lines: dict[str, list[str]] = {}

    def fill(self, text: str, within: tuple[str, ...]) -> str:
        """`text` with its wildcards replaced; it is a choice of the last of the lists `within`."""
        return _WILDCARD.sub(lambda match: self._choice(match[1].lower(), within), text)

    def _choice(self, name: str, within: tuple[str, ...]) -> str:
        if name in within:
            circle = [f"“__{one}__”" for one in (*within[within.index(name) :], name)]
            way = reduce(lambda first, second: sentence("{first} leads to {second}", first=first, second=second), circle)
            raise WildcardError(sentence(
                "Wildcards go in a circle: {way}. Take one of them out of its list.", way=way))
        if len(within) >= DEPTH:
            raise WildcardError(sentence(
                "“__{name}__” lies {depth} lists deep; that is the most. Write its choices into the list.",
                name=name, depth=DEPTH))
        if self._chosen.total() >= REPLACED:
            raise WildcardError(sentence(
                "This prompt leads to more than {replaced} wildcards. Use fewer, in it and in the lists.",
                replaced=REPLACED))
        lines = self._read(name)
        self._chosen[name] += 1
        key = f"{self._seed}/{name}/{self._chosen[name]}"
        at = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) % len(lines)
        return self.fill(lines[at], (*within, name))

    def _read(self, name: str) -> list[str]:
        """The choices of a list."""
        if name not in self._lines:
            self._lines[name] = _read(name, self._files)
        return self._lines[name]


def _read(name: str, files: dict[str, Path]) -> list[str]:
    if name not in files:
        known = ", ".join(f"__{one}__" for one in sorted(files)) or sentence("none")
        raise WildcardError(sentence(
            "There is no list for “__{name}__”. There are: {known}. Name one of these, or put a file {name}.txt with one choice "
            "on each line into the folder {folder} beside the projects.",
            name=name, known=known, folder=FOLDER))
    file = files[name].name
    try:
        with files[name].open("rb") as opened:
            content = opened.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise WildcardError(sentence(
                "The list {file} is larger than {largest} KB. Make it shorter.",
                file=file, largest=LARGEST // 1024))
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise WildcardError(sentence(
            "The list {file} is not text in UTF-8. Save it as UTF-8.", file=file)) from None
    except OSError as error:
        raise WildcardError(sentence(
            "The list {file} cannot be read: {reason}.",
            file=file, reason=error.strerror or str(error))) from None
    lines = [limits.printable(line).strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    if not lines:
        raise WildcardError(sentence(
            "The list {file} has no choices. Write one on each line; what begins with # is left out.",
            file=file))
    return lines
