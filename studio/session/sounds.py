"""The sound of one film: copied from anywhere into the project, and its waveform."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.language import Sentence, join, sentence
from studio.media import MediaError
from studio.media.disk import atomic_write
from studio.media.sound import encode_sound, peaks
from studio.names import readable
from studio.project.folder_care import BACKUP
from studio.project.model import Project
from studio.project.sound_edits import set_sound
from studio.project.sound_limits import LONGEST
from studio.project.sound_tables import SOUND_FILE
from studio.project.sources import Sound
from studio.project.store import Store
from studio.session.awaited import awaited_sound
from studio.session.document import Document

RATE = 40
"""Parts of a waveform in a second."""


def own_sound(store: Store, project: Project) -> Path | None:
    """The file of a film's own sound; None: it has none. Raises MediaError: it is gone."""
    if project.sound is None:
        return None
    path, name = store.folder / project.sound.file, project.sound.name
    if not path.is_file():
        raise MediaError(sentence(
            "{name} is gone from the project's folder. Choose the film's sound again, or remove it.", name=name))
    return path


def remove_unused(document: Document) -> None:
    """Remove the files of sounds that nothing leads to any more: neither the document, nor the one before it, nor undo or redo.

    For a project that was just opened. It never raises; in a project that was damaged, or is for viewing only, it removes nothing.
    """
    if document.store.read_only or document.findings:
        return
    with contextlib.suppress(OSError):
        files = [path for path in document.store.media.glob("*.m4a") if SOUND_FILE.fullmatch(f"media/{path.name}")]
        backup = document.folder / BACKUP
        if not files:
            return
        before = backup.read_bytes() if backup.exists() else b""      # takes over where the document is damaged
        used = document.sound_files()
        for path in files:
            name = f"media/{path.name}"
            if name not in used and name.encode() not in before:
                path.unlink()


class Sounds:
    """The sound of one document. Safe to call from several threads."""

    def __init__(self, document: Document) -> None:
        """The sound of `document`."""
        self._document = document
        self._lock = threading.Lock()
        self._waveform: tuple[str, NDArray[np.uint8]] | None = None

    def use(self, path: Path, name: str | None = None) -> str:
        """Let a file be heard with the film: its sound is copied into the project, as what every browser plays.

        Args:
            path: any file with sound.
            name: of the file for people; None: that of `path`.

        Returns:
            What is to be said about it; empty where all of it is kept.

        Raises:
            MediaError: there is no sound in it that can be read, or the disk is full.
            StoreError: the project cannot be saved.
        """
        store, called = self._document.store, readable(name or path.name)
        store.check_writable()
        awaited = None if self.file() else self._document.project.sound       # one that the film names and does not have
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "sound.m4a"
            seconds = encode_sound(path, copy, LONGEST)
            content, source = _checksum(copy), _checksum(path)
            kept = store.media / f"{content[:16]}.m4a"
            if not kept.is_file():
                with atomic_write(kept, copy.stat().st_size) as temporary:
                    shutil.copyfile(copy, temporary)
        sound = Sound(f"media/{kept.name}", content, round(seconds, 3), called, source=source)
        self._document.edit(set_sound, sound)
        said = [self._compare(awaited, sound)] if awaited else []
        if seconds >= LONGEST:
            said.append(sentence("The first {minutes:g} minutes of {name} are kept.", minutes=LONGEST / 60, name=called))
        return join(*said)

    def _compare(self, awaited: Sound, came: Sound) -> Sentence:
        """What is to be said of a sound that came where another one was missing; the film asks for it no more."""
        wanted = awaited_sound(awaited)
        for asked in [finding for finding in self._document.findings if wanted.sha256[:12] in finding]:
            self._document.dismiss(asked)
        self._document.notify()                                  # the file is there, which need not be an edit
        if awaited.sha256 == came.sha256 or (awaited.source and awaited.source == came.source):
            return join()
        return sentence(
            "This is another sound than the film was made with, {wanted}. It begins where that one began, as loud.",
            wanted=wanted.describe())

    def file(self) -> Path | None:
        """The film's sound; None: it has none, or the file is gone."""
        sound = self._document.project.sound
        path = self._document.folder / sound.file if sound else None
        return path if path and path.is_file() else None

    def waveform(self) -> NDArray[np.uint8]:
        """The loudest moment of each of the sound's parts, RATE a second, 0 to 255.

        Raises:
            MediaError: the film has no sound, or its file is gone or damaged.
        """
        sound, path = self._document.project.sound, self.file()
        if sound is None or path is None:
            raise MediaError(sentence("The sound of this film is gone from the project's folder. Choose it again, or remove it."))
        with self._lock:
            if self._waveform is None or self._waveform[0] != sound.sha256:
                self._waveform = sound.sha256, peaks(path, RATE)
            return self._waveform[1]


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
