"""Files that a film needs and does not have: a film that was begun from a recipe asks for them, and checks what it gets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from studio.language import Sentence, join, sentence
from studio.language.lists import with_or
from studio.project.limits import EditError
from studio.project.model import Project
from studio.project.sources import Sound
from studio.session.document import Document
from studio.session.job_manager import JobManager


@dataclass(frozen=True)
class Awaited:
    """A file that is not there."""

    kind: Literal["picture", "video", "sound"]
    name: str                   # as the artist's file was called
    sha256: str
    size: tuple[int, int]       # width and height in pixels; (0, 0): it has none

    def describe(self) -> Sentence:
        """Which file it is, for the artist: “sea.png”, 1280×768, checksum 0a1b2c3d4e5f."""
        unnamed = {"picture": sentence("a picture"), "video": sentence("a video"), "sound": sentence("a sound")}[self.kind]
        return join(
            sentence("“{name}”", name=self.name) if self.name else unnamed,
            sentence("{width}×{height} pixels", width=self.size[0], height=self.size[1]) if any(self.size) else "",
            sentence("checksum {checksum}", checksum=self.sha256[:12]), separator=", ")


def awaited(project: Project, folder: Path) -> tuple[Awaited, ...]:
    """The pictures, videos and the sound that the current branch needs and that are not in the project's folder."""
    found: dict[str, Awaited] = {}
    segments = project.current().segments
    for picture in (project.reference, *(segment.shot.picture for segment in segments if segment.shot)):
        if picture and not (folder / picture.file).is_file():
            found.setdefault(picture.sha256, Awaited("picture", picture.name, picture.sha256, (picture.width, picture.height)))
    for video in (segment.video for segment in segments[len(project.path()) :]):
        if video and not (folder / video.file).is_file():
            found.setdefault(video.sha256, Awaited("video", video.name, video.sha256, (0, 0)))
    if project.sound and not (folder / project.sound.file).is_file():
        found.setdefault(project.sound.sha256, awaited_sound(project.sound))
    return tuple(found.values())


def awaited_sound(sound: Sound) -> Awaited:
    """A sound that is not there, by the artist's own file where that is known."""
    return Awaited("sound", sound.name, sound.source or sound.sha256, (0, 0))


class Awaiting:
    """What one document waits for."""

    def __init__(self, document: Document, jobs: JobManager) -> None:
        """`jobs`: those of the document, of which the one that waits is given up where another file is used after all."""
        self._document = document
        self._jobs = jobs
        self._refused: set[str] = set()

    def missing(self, kind: str) -> tuple[Awaited, ...]:
        """The files of a kind that a film needs that is still to be made, and does not have."""
        project = self._document.project
        found = () if project.takes else awaited(project, self._document.folder)
        return tuple(each for each in found if each.kind == kind)

    def came(self, missing: tuple[Awaited, ...], content: str, facts: str = "") -> bool:
        """Whether a file that has come is one that was missing. Another one may be used when it comes a second time.

        Args:
            missing: the files that were.
            content: the checksum of the one that came.
            facts: what else is to be said about it.

        Raises:
            EditError: it is another one, and has come for the first time.
        """
        if not missing:
            return False
        if content in {each.sha256 for each in missing}:
            for asked in [finding for finding in self._document.findings if content[:12] in finding]:
                self._document.dismiss(asked)
            self._document.notify()
            return True
        if content not in self._refused:
            self._refused.add(content)
            wanted = with_or([each.describe() for each in missing])
            facts = join(facts, sentence("checksum {checksum}", checksum=content[:12]), separator=", ")
            another = sentence("This is another picture ({facts}).", facts=facts) if missing[0].kind == "picture" \
                else sentence("This is another video ({facts}).", facts=facts)
            raise EditError(join(another, sentence(
                "The film needs {wanted}. Nothing was changed. Choose it once more to use it all the same; then the frames will "
                "be others.", wanted=wanted)))
        self._jobs.give_up()
        return False
