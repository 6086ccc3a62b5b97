"""Files for a film that is opened from a recipe: from its sidecar, or from other films on the shelf, checked by their content."""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from studio.media import MediaError
from studio.media.disk import atomic_write
from studio.project import shelf
from studio.project.files import read_json
from studio.project.folder_care import DOCUMENT
from studio.project.model import Project
from studio.project.sound_tables import parse_sound
from studio.project.store import Store
from studio.session.pictures import import_picture, opacity_file
from studio.session.sidecar import pictures_of


def fill(home: Path, store: Store, wanted: Project, pictures: Mapping[str, bytes], shared_media: bool) -> None:
    """Put the pictures and videos into a new film that its sidecar or another film has; each is checked by its content."""
    folders = tuple(shelf.project_folders(home)) if shared_media else ()
    with tempfile.TemporaryDirectory() as place:
        for number, file in enumerate(pictures_of(wanted)):
            found = [folder / file for folder in folders if folder != store.folder and (folder / file).is_file()]
            if file in pictures:
                found.insert(0, Path(place) / f"{number}.png")
                found[0].write_bytes(pictures[file])
            for path in found:
                with contextlib.suppress(MediaError):
                    taken = store.folder / import_picture(path, store).file
                    if taken == store.folder / file:
                        copy(opacity_file(path), opacity_file(taken))
                        break
                    taken.unlink()          # it is not the picture that its name says
    videos = {take.segment.video.file for take in wanted.takes.values() if take.segment.video}
    for file in videos:
        for folder in folders:
            if (folder / file).is_file() and copy(folder / file, store.folder / file):
                break


def with_sound(home: Path, planned: Project, shared_media: bool) -> tuple[Project, Path | None]:
    """The film with its sound as another film here has it, and that file; None: none has it, or the film has no sound."""
    wanted = planned.sound
    if wanted is None or not shared_media:
        return planned, None
    for folder in shelf.project_folders(home):
        with contextlib.suppress(OSError, ValueError):           # a damaged film is looked at when it is opened
            table = read_json(folder / DOCUMENT).get("sound")
            there = parse_sound(table) if isinstance(table, dict) else None
            same = there and (there.sha256 == wanted.sha256 or (wanted.source and there.source == wanted.source))
            if there and same and _has_content(folder / there.file, there.sha256):
                here = replace(there, name=wanted.name, offset=wanted.offset, gain=wanted.gain)
                return replace(planned, sound=here), folder / there.file
    return planned, None


def _has_content(path: Path, content: str) -> bool:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == content


def copy(source: Path, target: Path) -> bool:
    """Copy a file, in one step; returns whether it is there. Raises MediaError: the disk is full."""
    if not source.is_file():
        return False
    with atomic_write(target, source.stat().st_size) as temporary:
        temporary.write_bytes(source.read_bytes())
    return True
