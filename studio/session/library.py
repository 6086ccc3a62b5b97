"""The library of a studio: its films with what they are found by and what they weigh, and copies of films."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from studio.disk import explain
from studio.language import sentence
from studio.media import disk
from studio.project import shelf
from studio.project.library import Film
from studio.project.library_facts import Facts, find_poster
from studio.project.library_index import NAME, LibraryIndex
from studio.project.limits import NAME_LENGTH, fresh_id
from studio.project.model import Project
from studio.project.shelf import ProjectSummary
from studio.project.store import Store, StoreError
from studio.session.project_zip import project_files

log = logging.getLogger(__name__)


class Library:
    """The films in a home folder."""

    def __init__(self, home: Path, shared: bool) -> None:
        """`shared`: several people use the studio, so that no file in its home may tell one of them the films of another."""
        self._home = home
        self._index = LibraryIndex(None if shared else home / NAME)

    @property
    def read(self) -> int:
        """Documents that were read since the studio was started."""
        return self._index.read

    def films(self) -> tuple[Film, ...]:
        """All films, in no order. One that is damaged is listed by the name of its folder."""
        found = tuple(self._films())
        self._index.keep(shelf.project_folders(self._home))
        return found

    def prepare(self) -> None:
        """Read and weigh all films once, for a thread that runs before anybody asks. It never raises."""
        try:
            self.films()
        except Exception:                # whatever is wrong with a film is said when somebody asks
            log.exception("the library could not be prepared")

    def summaries(self) -> tuple[ProjectSummary, ...]:
        """As `shelf.find_projects`, without reading documents that have not changed."""
        found = []
        for folder in shelf.project_folders(self._home):
            facts, changed = self._index.facts(folder) or (None, 0.0)
            poster = find_poster(folder, facts) if facts else None
            found.append(ProjectSummary(shelf.address(folder), _name(folder, facts), poster, changed, folder))
        return tuple(sorted(found, key=lambda summary: -summary.changed))

    def project_id(self, folder: Path) -> str | None:
        """The id in a project's document; None where it cannot be read."""
        found = self._index.facts(folder)
        return found[0].id or None if found else shelf.read_id(folder)

    def with_take(self, take: str) -> tuple[Path, ...]:
        """The folders of the films that have a take."""
        folders = tuple(shelf.project_folders(self._home))
        return tuple(folder for folder in folders if (found := self._index.facts(folder)) and take in found[0].takes)

    def _films(self) -> Iterator[Film]:
        for folder in shelf.project_folders(self._home):
            facts, changed = self._index.facts(folder) or (None, 0.0)
            known = facts or Facts(empty=False)
            yield Film(
                id=shelf.address(folder), name=_name(folder, facts), poster=find_poster(folder, known), changed=changed,
                made=changed if known.made is None else known.made, seconds=known.seconds, size=self._index.size(folder),
                takes=len(known.takes), tags=known.tags, texts=known.texts, empty=known.empty,
            )  # fmt: skip


def copy_project(project: Project, store: Store, home: Path, share: bool = False) -> str:
    """Copy a film beside itself, with all its takes, its trash and its media, under a new id; returns the name of its folder.

    Steps of undo, joined films and exports stay behind.

    Args:
        project, store: the film.
        home: the folder of all films.
        share: the copy keeps the film's name, and has the same files as it where the disk can do that: they are only ever replaced,
            never written into, so neither film changes the other.

    Raises:
        MediaError: the disk is full.
        StoreError: the disk refuses, or a file is gone. Nothing is left of the copy.
    """
    files = {member: path for member, path in project_files(project, store).items() if path.name != "project.json"}
    made = replace(project, id=fresh_id(), name=project.name if share else copy_name(project.name))
    incoming = home / f".incoming-{secrets.token_hex(4)}"
    copy = Store(incoming)
    try:
        if not share:
            disk.check_room(home, sum(path.stat().st_size for path in files.values()))
        for member, path in files.items():
            target = incoming / member
            target.parent.mkdir(parents=True, exist_ok=True)
            if not (share and _link(path, target)):
                shutil.copyfile(path, target)
        copy.create(made)
        copy.close()
        incoming.rename(home / made.id)
    except OSError as error:
        raise StoreError(sentence("{problem} The film was not copied.", problem=explain(incoming, error))) from error
    finally:
        with contextlib.suppress(OSError):
            copy.close()
        shutil.rmtree(incoming, ignore_errors=True)
    return made.id


def _link(file: Path, target: Path) -> bool:
    """Give a file a second name; returns whether the disk can do that."""
    try:
        target.hardlink_to(file)
    except OSError:
        return False
    return True


def copy_name(name: str) -> str:
    """The name of a film's copy, no longer than a name may be."""
    return f"{name[: NAME_LENGTH - 7]} (copy)"


def _name(folder: Path, facts: Facts | None) -> str:
    shown = os.fsencode(folder.name).decode("utf-8", "replace")
    if facts is None:
        return f"{shown} (damaged)"
    return shown if facts.name is None else facts.name
