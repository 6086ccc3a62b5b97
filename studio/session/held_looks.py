"""Takes as they are shown: the clip as it was made, or a copy of it whose colours are held to another look.

A copy lies in the take's folder, named by what was changed, and is made again when it is missing. At its first frame a take is
changed as the take before it is at its last one: not at all where that is held to no look. So no step of colour is added where two
takes meet.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import threading
from dataclasses import dataclass
from pathlib import Path

from studio.language import sentence
from studio.media import MediaError
from studio.media.clip import probe
from studio.media.colour_match import NO_CHANGE, ColourChange, LabStatistics, change_clip, fit_change
from studio.project.model import FIRST_FRAME, REFERENCE, Look, Project, Take
from studio.project.shots import begins_shot, place_of_take, shot_so_far
from studio.project.store import CLIP
from studio.session.document import Document
from studio.session.looks import Looks

COPIES = 2
"""Copies kept of a take: the one that is shown, and the one before it, to which undo goes back."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ShownClip:
    """What the stage plays of a take."""

    path: Path | None              # None: as it was made
    making: bool = False           # the copy is being made
    problem: str = ""              # why there is no copy


class HeldLooks:
    """The shown clips of one document's takes. Safe to call from several threads; one copy is made at a time."""

    def __init__(self, document: Document, looks: Looks) -> None:
        """Show takes of `document`, measured by `looks`."""
        self._document = document
        self._store = document.store
        self._looks = looks
        self._making = threading.Lock()
        self._lock = threading.Lock()
        self._done: dict[str, tuple[object, ShownClip]] = {}     # by take: what was asked for, and what came of it
        self._waiting: list[str] = []
        self._busy = False

    def shown(self, take: str) -> ShownClip:
        """What is shown of a take, at once; a copy that is not there is made in the background, and the document says when."""
        project = self._document.project
        look = project.looks.get(take)
        if look is None:
            return ShownClip(None)
        known = self._done.get(take)
        if known and known[0] == _asked(project, take) and (known[1].path is None or known[1].path.is_file()):
            return known[1]
        with self._lock:
            if take not in self._waiting:
                self._waiting.append(take)
            if not self._busy:
                self._busy = True
                threading.Thread(target=self._work, name="studio-looks", daemon=True).start()
        return ShownClip(None, making=True)

    def clip(self, project: Project, take: Take) -> Path:
        """The clip of a take as it is shown; a copy that is not there is made first.

        Raises:
            MediaError: the clip, or what it is matched to, is missing or damaged, or the disk is full.
        """
        folder = self._store.take_folder(take.id)
        changes = self._changes(project, take)
        if changes == (NO_CHANGE, NO_CHANGE):
            return folder / CLIP
        name = hashlib.sha256(f"{take.frames} {changes}".encode()).hexdigest()[:16]
        path = folder / f"look-{name}.mp4"
        with self._making:
            if not _is_whole(path, take):
                change_clip(folder / CLIP, path, *changes)
            for old in sorted(folder.glob("look-*.mp4"), key=lambda p: (p == path, p.stat().st_mtime))[:-COPIES]:
                with contextlib.suppress(OSError):               # held open by another program
                    old.unlink()
        return path

    def _changes(self, project: Project, take: Take) -> tuple[ColourChange, ColourChange]:
        """The changes at a take's first and last frame."""
        look = project.looks.get(take.id)
        if look is None:
            return NO_CHANGE, NO_CHANGE
        end = self.end_change(project, take, look)
        if take.parent is None or begins_shot(take):             # after a cut, nothing goes on
            return self._fit(project, take, look, self._looks.of(take).first), end
        before = project.takes[take.parent]
        held = project.looks.get(before.id)
        return (self.end_change(project, before, held) if held else NO_CHANGE), end

    def end_change(self, project: Project, take: Take, look: Look) -> ColourChange:
        """How a take's last frame is changed by a look. Raises MediaError: a clip is missing or damaged."""
        return self._fit(project, take, look, self._looks.of(take).last)

    def _fit(self, project: Project, take: Take, look: Look, frame: LabStatistics) -> ColourChange:
        """The change for a frame of a take; one that is black or of one colour stands for no take, so its whole take does."""
        source = self._looks.of(take).whole if frame.flat else frame
        return fit_change(source, self._target(project, take, look), look.strength)

    def _target(self, project: Project, take: Take, look: Look) -> LabStatistics:
        if look.match == REFERENCE:
            return self._looks.of_place(place_of_take(project, take), take.size).first
        try:
            if look.match == FIRST_FRAME:
                return self._looks.of(shot_so_far(project, take)[0]).first
            return self._looks.of(project.takes[look.match]).whole
        except MediaError as error:
            raise MediaError(sentence(
                "What this look matches cannot be read: its clip is missing or damaged. Match another one, or take the look off; "
                "the take itself is as it was made.")) from error

    def _work(self) -> None:
        """Make the copies that are waited for, the newest wish first, until none is."""
        while True:
            with self._lock:
                if not self._waiting:
                    self._busy = False
                    return
                take = self._waiting.pop()
            project = self._document.project
            try:
                path = self.clip(project, project.takes[take])
                found = ShownClip(path if path.name != CLIP else None)
            except MediaError as error:
                found = ShownClip(None, problem=error.message)
            except Exception as error:
                log.exception("a look could not be applied")
                problem = sentence(
                    "This look could not be applied ({error}). The take is as it was made.", error=type(error).__name__)
                found = ShownClip(None, problem=problem)
            self._done[take] = _asked(project, take), found
            self._document.notify()


def _asked(project: Project, take: str) -> object:
    """Everything in the document on which a take's copy depends."""
    takes, looks = project.takes, project.looks
    first = shot_so_far(project, takes[take])[0]
    held = [one for one in (take, takes[take].parent) if one is not None]
    matched = [takes[looks[one].match].frames for one in held if one in looks and looks[one].match in takes]
    return [(one, takes[one].frames, looks.get(one)) for one in held], matched, first.frames


def _is_whole(path: Path, take: Take) -> bool:
    """Whether a copy is there, with all its frames."""
    try:
        return path.is_file() and probe(path).frames == take.frames
    except MediaError:
        return False


def check_look(project: Project, looks: Looks, take: str, match: str) -> None:
    """Check that a take has colours that can be matched, and that what it is to be matched to has some.

    Raises:
        MediaError: one of them is missing, cannot be read, or is black or of one colour. Nothing was changed.
    """
    held = project.takes.get(take)
    if held is None:                          # the edit says so
        return
    if looks.of(held).whole.flat:
        raise MediaError(sentence(
            "This take is black or of one colour throughout, so there is nothing to match. Nothing was changed."))
    if match == REFERENCE:
        target = looks.of_place(place_of_take(project, held), held.size).first
    elif match == FIRST_FRAME:
        target = looks.of(shot_so_far(project, held)[0]).first
    elif match in project.takes:
        target = looks.of(project.takes[match]).whole
    else:
        return
    if target.flat:
        raise MediaError(sentence(
            "What it would be matched to is black or of one colour. Match something else; nothing was changed."))
