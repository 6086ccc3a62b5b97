"""Which films an invisible mark may be of: the number that it carries is derived from what exports say of a project's id."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from studio.language import join, sentence
from studio.language.lists import with_or
from studio.media.invisible_mark import film_number
from studio.media.mark_reader import THRESHOLD, Reading, read_mark
from studio.project import shelf
from studio.project.recipe import public_id


@dataclass(frozen=True)
class Marked:
    """What was read of a mark in a video."""

    reading: Reading
    films: tuple[str, ...]         # addresses of the films here that have its number
    names: tuple[str, ...]         # theirs, for people

    @property
    def least(self) -> float:
        """The score from which on a mark counts as found."""
        return THRESHOLD

    def says(self, video: str) -> str:
        """What was found in the video of that name, for people."""
        if not self.reading.found:
            return sentence("No invisible mark was found in {video}. It has none, or lost it.", video=video)
        number = self.reading.number
        found = sentence(
            "{video} bears the invisible mark of MemoryPack Studio, with the number {number}: it was exported from a film of this "
            "studio, or of another one.", video=video, number=number)
        if not self.names:
            return found
        return join(found, sentence("Of the films here it may be {films}.", films=with_or(list(self.names))))


def mark_number(project: str) -> int:
    """The number that the mark of a project's films carries."""
    return film_number(public_id(project))


def mark_problem(film: Path, project: str) -> str:
    """What to say of an exported film that was to bear its project's mark; empty where it does.

    Raises:
        MediaError: the film cannot be read.
    """
    reading = read_mark(film)
    if reading.found and reading.number == mark_number(project):
        return ""
    return sentence(
        "The invisible mark cannot be read in the exported film: it is too dark, too even or too short to hide one that stays.")


def find_marked(home: Path, video: Path, known: Collection[str] | None = None) -> Marked:
    """Read the mark of a video, and look for the films that have its number.

    Args:
        home: where the films lie.
        video: a video file.
        known: on a shared studio, the addresses of the films that this visitor may see; None: all.

    Raises:
        MediaError: the video cannot be read.
    """
    reading = read_mark(video)
    films: list[tuple[str, str]] = []
    if reading.found:
        for summary in shelf.find_projects(home):
            address, project = shelf.address(summary.folder), shelf.read_id(summary.folder)
            if project and mark_number(project) == reading.number and (known is None or address in known):
                films.append((address, summary.name))
    return Marked(reading, tuple(address for address, _ in films), tuple(name for _, name in films))
