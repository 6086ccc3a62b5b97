"""A take's request with all files that it reads, by value: a worker shares no disk with the studio.

Files are named by their content, so a worker that had one for an earlier take is not sent it again. The folders of takes lie
beside each other on the worker as they do at home, because snapshots look for their parts there.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.engine import take_folder
from studio.engine.events import RenderRequest
from studio.farm.values import dump, load

PARTS = "parts-of-other-takes"
"""A folder on the worker, beside those of the takes, for parts of snapshots that lie in folders that were not sent."""
REMEMBERED = 256
"""Files that the studio keeps at hand for workers."""
LARGEST_STORE = 4 * 2**30
"""Bytes that a worker keeps of files that it was sent."""


@dataclass(frozen=True)
class Parcel:
    """A request and its files. `files` of a name are (SHA-256, file name) pairs; a name without an entry is missing at home."""

    request: bytes
    home: str                                      # the take's folder at home
    take: str                                      # the name of that folder
    folders: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    files: dict[str, tuple[str, str]] = field(default_factory=dict)
    contents: dict[str, Any] = field(default_factory=dict)      # by SHA-256: what the worker can ask for


class Packer:
    """Makes parcels. Keeps at hand what it packed last. Safe for several threads."""

    def __init__(self, put: Callable[[bytes], Any]) -> None:
        """`put`: gives workers something to ask for, for a file's content."""
        self._put = put
        self._known: OrderedDict[tuple[str, int, int], tuple[str, Any]] = OrderedDict()

    def pack(self, request: RenderRequest) -> Parcel:
        """The parcel of a request.

        Raises:
            OSError: a file cannot be read.
        """
        parcel = Parcel(b"", str(request.folder), request.folder.name)
        names: dict[Path, str] = {request.folder: request.folder.name}
        self._add_folder(parcel, request.folder.name, request.folder)

        def name(path: Path) -> str:
            """A path's name in the parcel, into which what lies there is packed when it is first named."""
            if path not in names:
                names[path] = path.name if path.name not in {*names.values(), PARTS} else f"{len(names)}-{path.name}"
                if path.is_dir():
                    self._add_folder(parcel, names[path], path)
                elif path.is_file():
                    parcel.files[names[path]] = (self._content(parcel, path), path.name)
            return names[path]

        content = dump(request, name)
        self._add_parts(parcel, [path for path in names if path.is_dir()])
        return Parcel(content, parcel.home, parcel.take, parcel.folders, parcel.files, parcel.contents)

    def _add_folder(self, parcel: Parcel, name: str, folder: Path) -> None:
        parcel.folders[name] = tuple(
            (self._content(parcel, path), path.name) for path in sorted(folder.iterdir())
            if path.is_file() and not path.name.startswith("."))

    def _add_parts(self, parcel: Parcel, folders: list[Path]) -> None:
        """Add the parts of snapshots that those in `folders` name and other takes' folders hold."""
        there = {file for files in parcel.folders.values() for _, file in files}
        parts = {path.name: path for folder in folders for path in take_folder.parts_elsewhere(folder)}
        parcel.folders[PARTS] = tuple((self._content(parcel, parts[name]), name) for name in sorted(parts.keys() - there))

    def _content(self, parcel: Parcel, path: Path) -> str:
        """The SHA-256 of a file, which the parcel can be asked for."""
        facts = path.stat()
        key = (str(path), facts.st_mtime_ns, facts.st_size)
        known = self._known.get(key)
        if known is None:
            content = path.read_bytes()
            known = self._known[key] = hashlib.sha256(content).hexdigest(), self._put(content)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        parcel.contents[known[0]] = known[1]
        return known[0]


class Unpacker:
    """Lays out parcels in a worker's folder."""

    def __init__(self, root: Path, get: Callable[[Any], bytes]) -> None:
        """Lay them out in `root`. `get`: the content of what a parcel can be asked for."""
        self._store, self._films = root / "files", root / "films"
        self._get = get
        self._count = 0

    def unpack(self, parcel: Parcel) -> RenderRequest:
        """The request, whose paths are the worker's own.

        Raises:
            OSError: the disk is full.
        """
        shutil.rmtree(self._films, ignore_errors=True)
        self._trim({sha for files in parcel.folders.values() for sha, _ in files} | {sha for sha, _ in parcel.files.values()})
        self._count += 1
        film = self._films / str(self._count)
        for name, files in parcel.folders.items():
            (film / name).mkdir(parents=True)
            for sha, file in files:
                kept = self._file(parcel, sha, "content")
                if name == parcel.take:            # the take's own files may be written again
                    shutil.copyfile(kept, film / name / file)
                else:
                    _link(kept, film / name / file)

        def path(name: str) -> Path:
            return self._file(parcel, *parcel.files[name]) if name in parcel.files else film / name

        request = load(parcel.request, path)
        assert isinstance(request, RenderRequest)
        return request

    def _file(self, parcel: Parcel, sha: str, name: str) -> Path:
        """A file of the worker's store, which is always at the same place: the engine knows pictures again by their path."""
        folder = self._store / sha
        kept = folder / "content"
        if not kept.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(self._get(parcel.contents[sha]))
        os.utime(folder)
        if name != "content" and not (folder / name).is_file():
            _link(kept, folder / name)
        return folder / name

    def _trim(self, needed: set[str]) -> None:
        """Remove files that were needed longest ago, where there are too many."""
        if not self._store.is_dir():
            return
        folders = sorted(self._store.iterdir(), key=lambda folder: folder.stat().st_mtime)
        sizes = {folder: (folder / "content").stat().st_size for folder in folders if (folder / "content").is_file()}
        total = sum(sizes.values())
        for folder in folders:
            if total > LARGEST_STORE and folder.name not in needed:
                total -= sizes.get(folder, 0)
                shutil.rmtree(folder, ignore_errors=True)


def _link(old: Path, new: Path) -> None:
    """The same file at another path; a copy where the disk has no links."""
    try:
        os.link(old, new)
    except OSError:
        shutil.copyfile(old, new)
