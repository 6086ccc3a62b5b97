"""Carrying out a `Download`: links, downloads, checksums, the record.

A file arrives as `.incoming/CHECKSUM.part` and gets its name when its checksum is right: a file under its name is complete. A
download that was interrupted goes on where it stopped, in the next run too. The hub's library does that within one run only, so
its parts (listing, address, authorisation, transfer with retries) are used rather than its `snapshot_download`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, cast

from filelock import Timeout
from huggingface_hub import hf_hub_url
from huggingface_hub.file_download import http_get
from huggingface_hub.utils import WeakFileLock, build_hf_headers, disable_progress_bars  # type: ignore[attr-defined]

from studio.catalogue.cards import digest
from studio.catalogue.hub.download import INCOMING, Download, matches, name_in_part, partial_path, size_of
from studio.catalogue.hub.errors import KEPT, FetchError, checksum_error, explain
from studio.catalogue.hub.record import FetchedRepository, HubFile, Record, format_bytes, write_record
from studio.media import MediaError, disk

Progress = Callable[[int, str], None]
"""Called with a number of bytes and the file's path. The number is negative when a transfer starts again from nothing."""

disable_progress_bars("huggingface_hub.http_get")  # whoever fetches shows one for all files


def fetch(download: Download, progress: Progress) -> None:
    """Carry out a plan. What was fetched before an error is kept, and the next call goes on from it.

    Raises:
        FetchError: no network, no room, a wrong checksum, another fetch of the same model: says which, and what to do.
    """
    folder = download.folder
    try:
        with _lock(folder):
            wanted = [*download.to_download, *_link(download)]
            _check_room(folder, sum(file.size - size_of(partial_path(folder, file)) for _, file in wanted))
            write_record(download.record, folder)
            for repository, file in wanted:
                _download(download, repository, file, progress)
            write_record(_with_checksums(download), folder)
            shutil.rmtree(folder / INCOMING, ignore_errors=True)
    except MediaError as error:
        raise FetchError(error.message) from error
    except OSError as error:
        raise explain(error, download.card.title, folder) from error


def _with_checksums(download: Download) -> Record:
    """The record with the checksums of all files; those of small ones are computed here, after their Git ids were checked."""
    def at(file: HubFile) -> Path:
        place = download.record.places.get(file.path.partition("/")[0])
        return Path(place) / name_in_part(file) if place else download.folder / file.path

    return replace(download.record, repositories=tuple(
        replace(known, files=tuple(replace(file, sha256=file.sha256 or digest(at(file))) for file in known.files))
        for known in download.record.repositories
    ))


def _link(download: Download) -> list[tuple[FetchedRepository, HubFile]]:
    """Link files that are in caches. Returns those that the system refuses to link: they are downloaded instead."""
    refused = []
    for repository, file, path in download.to_link:
        target = download.folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        try:
            target.symlink_to(path.resolve())
        except (OSError, NotImplementedError):         # Windows wants a privilege for links between files
            try:
                target.hardlink_to(path.resolve())
            except (OSError, NotImplementedError):
                refused.append((repository, file))
    return refused


def _download(download: Download, repository: FetchedRepository, file: HubFile, progress: Progress) -> None:
    """Download the rest of one file, check it, and give it its name."""
    part, target = partial_path(download.folder, file), download.folder / file.path
    if size_of(part) > file.size:
        part.unlink()
    url = hf_hub_url(repository.repository, file.name, revision=repository.revision, endpoint=download.endpoint)
    try:
        with part.open("ab") as out:
            counted = cast(BinaryIO, _Counted(out, progress, file.path))
            http_get(url, counted, resume_size=out.tell(), headers=build_hf_headers(), expected_size=file.size)
            out.flush()
            os.fsync(out.fileno())
    except Exception as error:      # the library expects the hub's own answers, and raises anything on others
        raise explain(error, repository.repository, download.folder) from error
    progress(0, f"{file.path}, checking")
    if not matches(part, file):
        part.unlink()
        raise checksum_error(file.name, repository.repository)
    target.parent.mkdir(parents=True, exist_ok=True)
    part.replace(target)


class _Counted:
    """A file that reports how many bytes are written to it."""

    def __init__(self, file: BinaryIO, progress: Progress, path: str) -> None:
        self._file, self._progress, self._path = file, progress, path

    def write(self, chunk: bytes) -> int:
        """Write a chunk and report its length."""
        count = self._file.write(chunk)
        self._progress(count, self._path)
        return count

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As `io.BufferedIOBase.seek`."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """As `io.BufferedIOBase.tell`."""
        return self._file.tell()

    def truncate(self) -> int:
        """Cut the file at its position, and report the removed bytes as a negative number."""
        self._file.flush()
        before = os.fstat(self._file.fileno()).st_size
        after = self._file.truncate()
        self._progress(after - before, self._path)
        return after


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Holds a lock, so that no other process fetches into `folder` meanwhile."""
    (folder / INCOMING).mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(WeakFileLock(folder / INCOMING / "lock", timeout=0.2))
        except Timeout as error:
            raise FetchError(f"{folder.name} is being fetched already, in another window. Wait for it, or end it there.") from error
        yield


def _check_room(folder: Path, need: int) -> None:
    free = shutil.disk_usage(folder).free
    if need and free < need + disk.RESERVE:
        raise FetchError(
            f"There is not enough room in {folder}: {format_bytes(need)} are needed and {format_bytes(free)} are free. "
            f"Free some space, or set STUDIO_MODELS to a folder on another disk. {KEPT}"
        )
