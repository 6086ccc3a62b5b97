"""Emptying a film's trash: takes go from the disk, from the document and from all steps of undo. It cannot be undone.

What stays is cared for first: rows of psi that snapshots of other takes name are copied to them. Then each folder is renamed in
one step, so that no half a take is left; the document forgets the takes; the files are removed. A studio that is killed meanwhile
ends it the next time it opens the project.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from studio.disk import explain
from studio.engine import take_folder
from studio.language import sentence
from studio.media import MediaError
from studio.project import trash
from studio.project.store import StoreError
from studio.session.document import Document

GONE = ".gone"
"""The folder in a project's folder into which takes are moved that are being deleted."""


@dataclass(frozen=True)
class Emptied:
    """What became of the trash."""

    size: int            # bytes that were removed
    takes: int
    kept: int            # takes that stay in the trash, because others need them


def folder_size(folder: Path) -> int:
    """Bytes of all files under a folder; 0 where there is none."""
    total = 0
    with contextlib.suppress(OSError):
        for path in folder.rglob("*"):
            with contextlib.suppress(OSError):
                if path.is_file() and not path.is_symlink():
                    total += path.stat().st_size
    return total


def empty(document: Document, takes: Collection[str], branches: Collection[str] = ()) -> Emptied:
    """Delete takes that are in the trash, with all that continues them, and branches that are there. It cannot be undone.

    Raises:
        EditError: one is not in the trash, or something is being made that needs the film's files.
        MediaError: what other takes need could not be copied. Nothing was deleted.
        StoreError: the project is read-only, a folder may not be removed, or the document could not be saved now. The takes whose
            files are gone are gone; the others are in the trash still.
    """
    store = document.store
    store.check_writable()
    with document.lock:
        document.check_idle()
        project = document.project
        going, kept = trash.deletable(project, takes)
        trash.check_dropped(project, branches)
        _keep_parts(document, going)
        moved, problem = _moved(document, going)
        size = folder_size(store.folder / GONE)
        _forget(document, moved, branches)
        if problem:
            raise StoreError(problem)
    return Emptied(size, len(moved), len(kept))


def finish(document: Document) -> None:
    """End what a killed studio had begun to delete. It never raises."""
    gone = document.folder / GONE
    if document.store.read_only or not gone.is_dir():
        return
    with contextlib.suppress(OSError, StoreError):
        moved = {path.name for path in gone.iterdir()}
        for take in moved & (document.project.takes.keys() - document.project.trash):       # nobody may delete these
            (gone / take).rename(document.store.take_folder(take))
        if begun := moved & document.project.trash:
            _forget(document, trash.deletable(document.project, begun)[0], ())
        shutil.rmtree(gone, ignore_errors=True)


def _keep_parts(document: Document, going: Iterable[str]) -> None:
    """Copy what snapshots that stay need of the folders that go. Raises MediaError: it could not be copied."""
    folders = [document.store.take_folder(take) for take in going]
    stay = [path for path in document.store.takes.iterdir() if path.is_dir() and path not in folders]
    try:
        take_folder.keep_parts(folders, stay)
    except OSError as error:
        raise MediaError(sentence("{problem} The trash was not emptied.", problem=explain(document.store.takes, error))) from error


def _moved(document: Document, going: Iterable[str]) -> tuple[frozenset[str], str]:
    """Move folders of takes out of the project's way, those first that others continue last; and what went wrong.

    A take goes only if all that continue it have gone.
    """
    project, gone = document.project, document.folder / GONE
    moved: set[str] = set()
    try:
        gone.mkdir(exist_ok=True)
        for take in sorted(going, key=lambda t: -len(project.lineage(t))):
            folder = document.store.take_folder(take)
            if folder.exists():
                if (gone / take).exists():
                    shutil.rmtree(gone / take)
                folder.rename(gone / take)
            moved.add(take)
    except OSError as error:
        return frozenset(moved), sentence(
            "{folder} could not be removed ({reason}). What is left is in the trash still: try again once its files are free.",
            folder=folder if moved else gone, reason=error.strerror or str(error))
    return frozenset(moved), ""


def _forget(document: Document, takes: Collection[str], branches: Collection[str]) -> None:
    """Take takes out of the document and remove their files. Raises StoreError: the document could not be saved now."""
    left = trash.heirs(document.project, takes)
    try:
        document.rewrite(
            lambda p: trash.forget_takes(p, left, branches), lambda state: trash.forget_in_state(state, left, branches))
    except StoreError:                       # a full disk, perhaps: there is room once the files are gone
        shutil.rmtree(document.folder / GONE, ignore_errors=True)
        document.store.save(document.project)
    shutil.rmtree(document.folder / GONE, ignore_errors=True)
