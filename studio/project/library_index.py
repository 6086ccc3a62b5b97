"""What the documents of all films say, remembered: a document is read again only when its file has changed.

A file counts as unchanged when its time, its size and its number on the disk are those of the last time, and when it was not
read within two seconds of being written, because clocks of disks are coarse. On the disk the index is one file beside the
films; a damaged one is thrown away, and everything is read again.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from studio.project.files import StoreError, read_json, write_bytes
from studio.project.folder_care import BACKUP, DOCUMENT
from studio.project.library_facts import Facts, read_facts
from studio.project.model import Project

NAME = ".library.json"
VERSION = 1
COARSE = 2 * 10**9
"""Nanoseconds within which two versions of a file may have the same time."""
ENOUGH = 8
"""Films that were read anew, from which on the index on the disk is written again: reading fewer costs less than writing it."""

Stamp = tuple[int, int, int]
"""A file's time in nanoseconds, size and number."""
Folder = tuple[int, int, tuple[str, ...]]
"""A folder's time in nanoseconds, the bytes of the files in it, and the names of the folders in it."""


@dataclass
class _Known:
    stamp: Stamp
    facts: Facts
    folders: dict[str, Folder] = field(default_factory=dict)       # by path in the film's folder


class LibraryIndex:
    """Safe to call from several threads."""

    def __init__(self, file: Path | None) -> None:
        """`file`: where the index lies between two runs of the studio; None: nowhere, it is kept in memory alone."""
        self._file = file
        self._lock = threading.Lock()
        self._known: dict[str, _Known] | None = None
        self._anew = 0
        self.read = 0
        """Documents that were read since the studio was started."""

    def facts(self, folder: Path) -> tuple[Facts, float] | None:
        """What the document in a film's folder says, and when that was changed, in seconds since 1970; None: it is damaged."""
        document = next((folder / name for name in (DOCUMENT, BACKUP) if (folder / name).is_file()), folder / DOCUMENT)
        with self._lock:
            try:
                known, changed = self._facts(document)
            except (OSError, ValueError):
                self._all().pop(str(folder), None)
                return None
            return known.facts, changed

    def size(self, folder: Path) -> int:
        """Bytes of all files of a film. Folders in which nothing was added, removed or replaced are not looked through again."""
        with self._lock:
            known = self._all().get(str(folder))
            before = known.folders if known else {}
            after: dict[str, Folder] = {}
            total = _weigh(str(folder), "", before, after)
            if known:
                known.folders = after
            return total

    def keep(self, folders: Iterable[Path]) -> None:
        """Forget films that are not among `folders`, and write the index to the disk if much has changed. It never raises."""
        with self._lock:
            there, known = {str(folder) for folder in folders}, self._all()
            for gone in known.keys() - there:
                del known[gone]
            if self._file and self._anew >= min(ENOUGH, max(1, len(known))):
                table = {"version": VERSION, "films": {path: _table(each) for path, each in known.items()}}
                with contextlib.suppress(StoreError, ValueError):
                    write_bytes(self._file, json.dumps(table, ensure_ascii=False).encode())
                self._anew = 0

    def _facts(self, document: Path) -> tuple[_Known, float]:
        folder, all_known = str(document.parent), self._all()
        found = document.stat()
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        known = all_known.get(folder)
        if known is None or known.stamp != stamp:
            facts = read_facts(read_json(document), Project("").name)
            self.read += 1
            self._anew += 1
            settled = abs(time.time_ns() - stamp[0]) > COARSE
            known = _Known(stamp if settled else (0, 0, 0), facts, known.folders if known else {})
            all_known[folder] = known
        return known, found.st_mtime

    def _all(self) -> dict[str, _Known]:
        if self._known is None:
            self._known = dict(_read(self._file)) if self._file else {}
        return self._known


def _weigh(root: str, inner: str, before: dict[str, Folder], after: dict[str, Folder]) -> int:
    """Bytes of all files under a folder of a film; the film's own folder is always looked through, since its log grows in place."""
    path = f"{root}{os.sep}{inner}"      # a text: making `Path`s of ten thousand folders takes a fifth of the whole time
    try:
        changed = os.stat(path).st_mtime_ns  # noqa: PTH116
        known = before.get(inner)
        if known is None or known[0] != changed or not inner:
            settled = abs(time.time_ns() - changed) > COARSE
            known = (changed if settled else 0, *_look_through(path))
    except OSError:
        return 0
    after[inner] = known
    return known[1] + sum(_weigh(root, f"{inner}/{name}" if inner else name, before, after) for name in known[2])


def _look_through(path: str) -> tuple[int, tuple[str, ...]]:
    size, inner = 0, []
    with os.scandir(path) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    inner.append(entry.name)
                elif entry.is_file(follow_symlinks=False):
                    size += entry.stat(follow_symlinks=False).st_size
    return size, tuple(inner)


def _table(known: _Known) -> dict[str, Any]:
    return {"stamp": known.stamp, "facts": asdict(known.facts), "folders": known.folders}


def _read(file: Path) -> Iterator[tuple[str, _Known]]:
    """The films of an index on the disk; none where it is damaged or of another version."""
    try:
        table = read_json(file)
        films = table["films"].items() if table.get("version") == VERSION else ()
        found = [(path, _parse(film)) for path, film in films]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return
    yield from found


def _parse(film: dict[str, Any]) -> _Known:
    """Raises ValueError, KeyError, TypeError or AttributeError: the index is damaged."""
    time_, size, number = film["stamp"]
    table = film["facts"]
    facts = Facts(**{each.name: _typed(each.type, table[each.name]) for each in fields(Facts)})
    folders = {path: (int(changed), int(held), tuple(map(str, inner))) for path, (changed, held, inner) in film["folders"].items()}
    return _Known((int(time_), int(size), int(number)), facts, folders)


KINDS: dict[str, tuple[type, ...]] = {
    "str": (str,), "str | None": (str, type(None)), "float": (int, float), "float | None": (int, float, type(None)),
    "bool": (bool,),
}
"""The kinds of the fields of `Facts` other than lists, and the types that a JSON file has them in."""


def _typed(kind: object, value: Any) -> Any:
    """A value of a JSON file as a field of `Facts` of that kind has it. Raises ValueError: it is of another kind."""
    if kind == "tuple[str, ...]" and isinstance(value, list) and all(isinstance(each, str) for each in value):
        return tuple(value)
    if isinstance(value, KINDS.get(str(kind), ())):
        return value
    raise ValueError("a fact is of another kind")
