"""The library: all films with what they are found by, a search among them, and their order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

AROUND = 36
"""Characters on either side of a word that is found, that are shown with it."""


@dataclass(frozen=True)
class Film:
    """A film of the library. Times are seconds since 1970."""

    id: str                     # its address, the name of its folder
    name: str
    poster: Path | None
    changed: float
    made: float
    seconds: float              # that it lasts
    size: int                   # bytes of all its files
    takes: int
    tags: tuple[str, ...]
    texts: tuple[str, ...]      # prompts, style and cast
    empty: bool                 # nobody has done anything with it


Order = Callable[[Film], Any]
ORDERS: dict[str, Order] = {
    "changed": lambda film: -film.changed,
    "name": lambda film: natural(film.name),
    "made": lambda film: -film.made,
    "length": lambda film: -film.seconds,
    "size": lambda film: -film.size,
}
"""In which order films may be listed: the newest, longest and largest first."""


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts names as people do: capital letters do not matter, and “Film 9” comes before “Film 10”."""
    parts = re.findall(r"\d{1,18}|\D+|\d+", name.casefold())
    return tuple((0, int(part), "") if part.isdecimal() and len(part) <= 18 else (1, 0, part) for part in parts)


def search(films: Iterable[Film], words: str = "", tag: str = "", order: str = "changed") -> tuple[Film, ...]:
    """The films that have every word of `words` in their name, tags or texts, and the tag `tag`; "": any.

    Args:
        films: all of them.
        words: parts of words, in any order; capital letters do not matter, nor “#” before a tag.
        tag: one whole tag.
        order: one of `ORDERS`.
    """
    wanted, same = _words(words), tag.casefold()
    found = [film for film in films
             if (not same or same in map(str.casefold, film.tags)) and _has_all(film, wanted)]
    return tuple(sorted(sorted(found, key=ORDERS["name"]), key=ORDERS[order]))


def where(film: Film, words: str) -> str:
    """The part of a text of the film that has a word which its name and tags do not have; "" where they have all."""
    shown = "\n".join((film.name, *film.tags)).casefold()
    for word in _words(words):
        if word in shown:
            continue
        for text in film.texts:
            if (at := text.casefold().find(word)) >= 0:
                begin, end = max(0, at - AROUND), at + len(word) + AROUND
                part = " ".join(text[begin:end].split())
                return f"{'…' if begin else ''}{part}{'…' if end < len(text) else ''}"
    return ""


def count_tags(films: Sequence[Film]) -> list[tuple[str, int]]:
    """The tags of all films with the number of films that have each, the most frequent first."""
    names: dict[str, str] = {}
    counts = Counter(tag.casefold() for film in films for tag in film.tags if names.setdefault(tag.casefold(), tag))
    return sorted(((names[tag], count) for tag, count in counts.items()), key=lambda each: (-each[1], natural(each[0])))


def _words(words: str) -> list[str]:
    return [word.lstrip("#") for word in words.casefold().split() if word.lstrip("#")]


def _has_all(film: Film, wanted: Sequence[str]) -> bool:
    if not wanted:
        return True
    written = "\n".join((film.name, *film.tags, *film.texts)).casefold()
    return all(word in written for word in wanted)
