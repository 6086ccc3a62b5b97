"""Takes of which the film shows a part, or which it plays several times: copies of their clips, made when they are needed."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from pathlib import Path

from studio.media import MediaError
from studio.media.clip import probe
from studio.media.played import write_played
from studio.project.model import Project, Take
from studio.project.store import Store
from studio.project.trims import WHOLE, part, passes, shown_frames

COPIES = 2
"""Copies kept of a take: the one that is shown, and the one before it, to which undo goes back."""
PREFIX = "trim-"


class Trimmed:
    """The trimmed clips of one project's takes. Safe to call from several threads; one copy is made at a time."""

    def __init__(self, store: Store) -> None:
        """Keep the copies in the takes' folders."""
        self._store = store
        self._making = threading.Lock()

    def clip(self, project: Project, take: Take, clip: Path) -> Path:
        """What the film shows of a take.

        Args:
            project: the project, with its trims.
            take: the take.
            clip: of it, whole, in the colours that it is shown in.

        Raises:
            MediaError: the clip is damaged, or the disk is full.
        """
        trim = project.trims.get(take.id, WHOLE)
        first, end = part(project, take)
        if (first, end, trim.loop) == (0, take.frames, "once"):
            return clip
        frames = shown_frames(project, take)
        name = hashlib.sha256(f"{clip.name} {take.frames} {first} {end} {trim.loop} {trim.times}".encode()).hexdigest()[:16]
        folder = self._store.take_folder(take.id)
        path = folder / f"{PREFIX}{name}.mp4"
        with self._making:
            if not _is_whole(path, frames):
                write_played(clip, path, list(passes(first, end, trim.loop, trim.times)))
            for old in sorted(folder.glob(f"{PREFIX}*.mp4"), key=lambda p: (p == path, p.stat().st_mtime))[:-COPIES]:
                with contextlib.suppress(OSError):               # held open by another program
                    old.unlink()
        return path


def _is_whole(path: Path, frames: int) -> bool:
    try:
        return path.is_file() and probe(path).frames == frames
    except MediaError:
        return False
