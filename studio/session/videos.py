"""Copies a video from anywhere into a project, whose film begins with it."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

from studio.language import sentence
from studio.media.disk import atomic_write
from studio.media.picture import save_png
from studio.media.video import frames, measure
from studio.project.limits import SECTIONS
from studio.project.model import Clock, Project
from studio.project.sources import Reference, Video
from studio.project.store import Store
from studio.session.pictures import import_picture

PIECE = 2**20
"""Bytes that are copied at a time."""


@dataclass(frozen=True)
class Beginning:
    """A video with which a film begins."""

    video: Video
    first: Reference               # the first frame that is kept
    frames: int                    # that are kept, its last ones; more than it has where it is shorter than a section
    note: str                      # what is to be said about that


def import_video(path: Path, name: str, store: Store, project: Project) -> Beginning:
    """Copy a video into the project's media folder, under a name made from its content, and its first frame as a picture.

    Of a video the last whole sections are kept, at most as many as a segment may have, so that the film goes on from its end. The
    last frame of one that is shorter than a section is held until the section is full.

    Args:
        path, name: of the video, and for people.
        store, project: the project.

    Raises:
        MediaError: it is no video that can be read, or the disk is full.
    """
    clock = project.clock
    facts = measure(path, name)
    there = facts.frames(clock.fps)
    kept = min(max(1, there // clock.section_frames), SECTIONS) * clock.section_frames
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "first.png"
        save_png(next(frames(path, name, clock.fps, max(0, there - kept))), picture)
        first = import_picture(picture, store, name)
    sha256 = _copy(path, store)
    video = Video(f"media/{sha256[:16]}.video", sha256, round(facts.seconds, 3), name)
    return Beginning(video, first, kept, _note(name, there, kept, clock))


def video_sum(path: Path) -> str:
    """The SHA-256 of a video's file."""
    content = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            content.update(piece)
    return content.hexdigest()


def _copy(path: Path, store: Store) -> str:
    """Copy a video into the project; returns its SHA-256. Raises MediaError: the disk is full."""
    content = video_sum(path)
    copy = store.media / f"{content[:16]}.video"
    if not copy.is_file():
        with atomic_write(copy, path.stat().st_size) as temporary, path.open("rb") as file, temporary.open("wb") as out:
            while piece := file.read(PIECE):
                out.write(piece)
    return content


def _note(name: str, there: int, kept: int, clock: Clock) -> str:
    """What is to be said about the part of a video that is kept; empty where it is all of it."""
    section = clock.seconds(clock.section_frames)
    if there < kept:
        return sentence(
            "{name} lasts less than a section of {section:g} seconds: its last frame is held until the section is full.",
            name=name, section=section)
    if there - kept < clock.fps / 10:
        return ""
    left, most = clock.seconds(there - kept), SECTIONS * clock.section_frames
    why = sentence("a segment has {most} sections at most", most=SECTIONS) if kept == most \
        else sentence("a take has whole sections of {section:g} seconds", section=section)
    return sentence(
        "The film begins with the last {kept:.3g} seconds of {name}; the {left:.2g} before them are left out: {why}.",
        kept=clock.seconds(kept), name=name, left=left, why=why)
