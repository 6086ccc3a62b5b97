"""What a project weighs, and its snapshots: removed where they are not needed, and made again from the take before, exactly."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

import numpy as np

from studio.catalogue.cards import ModelCard
from studio.engine import take_folder
from studio.engine.events import CardGone, Event, Failed, RenderRequest, TakeDone
from studio.engine.jobs import Job, JobState
from studio.language import join, sentence
from studio.media import MediaError
from studio.media.clip import frames_of, open_clip
from studio.project import thinning
from studio.project.edits import EditError
from studio.project.limits import BusyError
from studio.project.model import Take
from studio.project.store import StoreError
from studio.project.wildcards import Wildcards
from studio.session.document import Document
from studio.session.job_manager import EngineProtocol
from studio.session.job_note import read_note
from studio.session.loras import LoraShelf
from studio.session.render_requests import RequestMaker
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


@dataclass(frozen=True)
class MakingAgain:
    """A take whose memory is made again, as the page shows it."""

    take: str
    state: JobState
    made: int            # takes that are done
    of: int
    message: str = ""    # what went wrong


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


class Snapshots:
    """The snapshots of one document's takes."""

    def __init__(
        self, document: Document, engine: EngineProtocol, cards: Mapping[str, ModelCard], loras: LoraShelf, wildcards: Wildcards
    ) -> None:
        """Make takes of `document` again on `engine`; see `JobManager`."""
        self._document, self._engine = document, engine
        self._maker = RequestMaker(document.store, cards, loras, wildcards)
        self._view: MakingAgain | None = None
        self._job: Job | None = None

    @property
    def view(self) -> MakingAgain | None:
        """The take whose memory is made again, or the last one."""
        return self._view

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
            EditError: a take is being made again.
            StoreError: the project is open read-only or could not be saved. Nothing was removed.
        """
        document = self._document
        with document.lock:
            document.store.check_writable()
            self.check_idle()
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
        for folder in document.store.takes.glob(f"{AGAIN}*"):
            shutil.rmtree(folder, ignore_errors=True)
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
            document.store.check_writable()
            self.check_idle()
            if take not in document.project.takes:
                raise EditError(sentence("This take is not in the film. Look at the timeline again."))
            takes = thinning.to_make_again(document.project, take)
            if not takes:
                raise EditError(sentence("The memory after this take is there. Go on from it."))
            self._maker.check(takes[0], document.project)
            self._view = MakingAgain(take, "queued", 0, len(takes))
            self._job = self._engine.submit(self._requests(takes), self._listen)
            document.notify()

    def check_idle(self) -> None:
        """Raises EditError: a take's memory is being made again."""
        if self._view and self._view.state in ("queued", "running"):
            raise BusyError(sentence("A take’s memory is being made again. Wait for it, then try again."))

    def _requests(self, takes: tuple[Take, ...]) -> Iterator[RenderRequest]:
        for take in takes:
            with self._document.lock:
                if self._view is None or self._view.message:
                    return
                folder = self._folder(take.id)
                try:
                    folder.mkdir(parents=True, exist_ok=True)
                    request = self._maker.request(take, take.sections, self._document.project, folder)
                except (EditError, StoreError, OSError) as error:
                    self._view = replace(self._view, message=str(error))
                    return
            yield request

    def _listen(self, job: Job, event: Event | None) -> None:
        """Follow the engine's job. Never raises: its thread serves other projects too."""
        with self._document.lock:
            if self._view is None or (self._job is not None and job is not self._job):
                return
            try:
                if isinstance(event, TakeDone):
                    self._keep(event.take)
                elif isinstance(event, Failed):
                    self._view = replace(self._view, message=join(event.message, event.remedy))
                elif isinstance(event, CardGone):
                    self._view = replace(self._view, message=event.message)
                elif event is None:
                    ended: JobState = "failed" if job.state in ("done", "paused") and self._view.message else job.state
                    self._view = replace(self._view, state=ended)
                elif self._view.state == "queued":
                    self._view = replace(self._view, state="running")
                else:
                    return
            except (MediaError, StoreError, OSError) as error:
                self._view = replace(self._view, message=str(error))
            if event is None:
                for folder in self._document.store.takes.glob(f"{AGAIN}*"):
                    shutil.rmtree(folder, ignore_errors=True)
            self._document.notify()

    def _keep(self, take: str) -> None:
        """Give a take the snapshot of its second making, if that is the same film frame by frame.

        Raises:
            MediaError: it is not, or a file is missing. StoreError: the project could not be saved. OSError: the disk is full.
        """
        document, folder = self._document, self._folder(take)
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
        take_folder.copy_memory(folder, document.store.take_folder(take))
        document.add_silently(thinning.set_thinned, [take], False)
        if take in document.project.takes:
            document.store.write_take(document.project.takes[take], document.project)
        assert self._view is not None, "it is being made"
        self._view = replace(self._view, made=self._view.made + 1)

    def _spare(self, takes: list[str]) -> list[Path]:
        """Files with parts of these takes' snapshots that no other take's snapshot needs."""
        folders = [self._document.store.take_folder(take) for take in takes]
        others = [path for path in self._document.store.takes.iterdir() if path.is_dir() and path not in folders]
        return take_folder.spare_parts(folders, others)

    def _file(self, take: str) -> Path:
        return self._document.store.take_folder(take) / take_folder.SNAPSHOT

    def _folder(self, take: str) -> Path:
        return self._document.store.takes / f"{AGAIN}{take}"


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
