"""What a project weighs, and its snapshots: removed where they are not needed, and made again from the take before, exactly."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import numpy as np

from studio.engine import take_folder
from studio.engine.events import RenderRequest
from studio.language import sentence
from studio.media import MediaError
from studio.media.clip import frames_of, open_clip
from studio.project import limits, thinning
from studio.project.edits import EditError
from studio.project.model import Take
from studio.project.store import StoreError
from studio.session.document import Document
from studio.session.job_note import read_note
from studio.session.side_jobs import SideJobs, SideJobView
from studio.session.trash import folder_size

AGAIN = ".again-"
"""How folders begin in which takes are made again; they lie among the takes' folders, where rows of psi are looked for."""


@dataclass(frozen=True)
class Weight:
    """Bytes of a project's files."""

    clips: int
    snapshots: int
    media: int
    films: int           # joined films, exports and what else can be made again
    trash: int


def weigh(document: Document) -> Weight:
    """What the project's files weigh now."""
    clips = snapshots = trash = 0
    project, store = document.project, document.store
    for take in project.takes:
        folder = store.take_folder(take)
        whole = folder_size(folder)
        memory = 0
        for path in folder.glob("*.safetensors"):
            with contextlib.suppress(OSError):
                memory += path.stat().st_size
        if take in project.trash:
            trash += whole
        else:
            clips, snapshots = clips + whole - memory, snapshots + memory
    return Weight(clips, snapshots, folder_size(store.media), folder_size(store.films), trash)


class Snapshots(SideJobs[SideJobView]):
    """The snapshots of one document's takes."""

    BUSY = sentence("A take’s memory is being made again. Wait for it, then try again.")
    REMEDY = ""

    def removable(self, every: int) -> tuple[tuple[Take, ...], int]:
        """The takes whose snapshots can be removed (see `studio.project.thinning`), and how many bytes that frees."""
        note = read_note(self._document.folder)
        needed = {ask.take.parent for ask in note.asks} if note else set()
        found = thinning.thinnable(self._document.project, every, {take for take in needed if take})
        files = {take: self._file(take.id) for take in found if self._file(take.id).is_file()}
        spare = self._spare([take.id for take in files])
        return tuple(files), sum(path.stat().st_size for path in (*files.values(), *spare))

    def thin(self, every: int) -> int:
        """Remove the snapshots of those takes; returns the bytes that were freed. It is no step to undo: see `make_again`.

        Raises:
            BusyError: something is being made that needs the film's files, such as the answer to a question about a take.
            StoreError: the project is open read-only or could not be saved. Nothing was removed.
        """
        document = self._document
        with document.lock:
            document.store.check_writable()
            document.check_idle()
            takes, _ = self.removable(every)
            if not takes:
                return 0
            ids = [take.id for take in takes]
            try:
                document.add_silently(thinning.set_thinned, ids, True)
            except StoreError:
                with contextlib.suppress(StoreError):        # not on the disk, which is full, but in memory
                    document.add_silently(thinning.set_thinned, ids, False)
                raise
            freed = 0
            for take in ids:
                with contextlib.suppress(OSError, StoreError):       # it stays, and is found the next time the project is opened
                    document.store.write_take(document.project.takes[take], document.project)
                    freed += _remove(self._file(take))
            return freed + sum(map(_remove, self._spare(ids)))

    def settle(self) -> None:
        """Set right what a killed studio left half done: takes that are said to have no snapshot and have one. Never raises."""
        document = self._document
        if document.store.read_only:
            return
        self._clear()
        there = [take.id for take in document.project.takes.values() if take.thinned and self._file(take.id).is_file()]
        if there:
            with contextlib.suppress(StoreError):
                document.add_silently(thinning.set_thinned, there, False)

    def make_again(self, take: str) -> None:
        """Make the memory after a take again, and those before it as far as they are gone. It goes on behind the page.

        Raises:
            EditError: it is there, what it needs is not, or another one is being made again. StoreError: read-only.
        """
        document = self._document
        with document.lock:
            self.check_can_begin()
            if take not in document.project.takes:
                raise EditError(sentence("This take is not in the film. Look at the timeline again."))
            takes = thinning.to_make_again(document.project, take)
            if not takes:
                raise EditError(sentence("The memory after this take is there. Go on from it."))
            self._maker.check(takes[0], document.project)
            self._begin(SideJobView(limits.fresh_id(), take, count=len(takes)), self._takes(takes))

    def _takes(self, takes: tuple[Take, ...]) -> Iterator[RenderRequest]:
        """The takes one after the other, each of which gets its snapshot."""
        for take in takes:
            with self._document.lock:
                folder = self._document.store.takes / f"{AGAIN}{take.id}"
                folder.mkdir(parents=True, exist_ok=True)
                request = self._maker.request(take, take.sections, self._document.project, folder)
            yield request
            self._keep(take.id, folder)
            shutil.rmtree(folder, ignore_errors=True)

    def _keep(self, take: str, folder: Path) -> None:
        """Give a take the snapshot of its second making, if that is the same film frame by frame.

        Raises:
            MediaError: it is not, or a file is missing. StoreError: the project could not be saved. OSError: the disk is full.
        """
        document = self._document
        difference = _difference(folder / take_folder.CLIP, document.store.take_folder(take) / take_folder.CLIP)
        made = document.project.takes.get(take)
        if difference and made and made.lacks_ratios:
            raise MediaError(sentence(
                "This take comes out differently here than when it was made ({difference}): takes of that time did not keep the "
                "calibration by which they left out steps, and the one that is here is another. Its clip is as it was. Retake it, "
                "and go on from the new take.", difference=difference))
        if difference:
            raise MediaError(sentence(
                "This take comes out differently here than when it was made ({difference}), on another machine or with other "
                "files, so its memory cannot be made again. Its clip is as it was. Retake it, and go on from the new take.",
                difference=difference))
        with document.lock:
            take_folder.copy_memory(folder, document.store.take_folder(take))
            document.add_silently(thinning.set_thinned, [take], False)
            if take in document.project.takes:
                document.store.write_take(document.project.takes[take], document.project)

    def _clear(self) -> None:
        for folder in self._document.store.takes.glob(f"{AGAIN}*"):
            shutil.rmtree(folder, ignore_errors=True)

    def _spare(self, takes: list[str]) -> list[Path]:
        """Files with parts of these takes' snapshots that no other take's snapshot needs."""
        folders = [self._document.store.take_folder(take) for take in takes]
        others = [path for path in self._document.store.takes.iterdir() if path.is_dir() and path not in folders]
        return take_folder.spare_parts(folders, others)

    def _file(self, take: str) -> Path:
        return self._document.store.take_folder(take) / take_folder.SNAPSHOT


def _remove(path: Path) -> int:
    """Remove a file; returns the bytes that were freed."""
    with contextlib.suppress(OSError):
        size = path.stat().st_size
        path.unlink()
        return size
    return 0


def _difference(one: Path, other: Path) -> str:
    """In which frame, from 1 on, two clips differ first, and by how much; empty if they hold the same frames.

    Raises MediaError: one cannot be read.
    """
    with open_clip(one) as first, open_clip(other) as second:
        for number, (a, b) in enumerate(zip_longest(frames_of(first, one), frames_of(second, other)), 1):
            if a is None or b is None or a.shape != b.shape:
                return sentence("from frame {number} on another length or size", number=number)
            if not np.array_equal(a, b):
                most = int(np.abs(a.astype(int) - b).max())
                return sentence("frame {number} by up to {most} levels of 255", number=number, most=most)
    return ""
