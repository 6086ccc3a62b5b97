"""What the film's memory gives back for a moment: the frame, the remembered picture of its place, and how much they differ.

The pictures lie in the project's films, which can be made again, and the oldest ones are removed.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from studio.backbones.registry import answers_places
from studio.catalogue.cards import ModelCard
from studio.engine import take_folder
from studio.engine.events import Event, Failed, Moment
from studio.engine.jobs import Job, JobState
from studio.language import sentence
from studio.media import MediaError
from studio.media.difference import psnr
from studio.media.picture import read_picture
from studio.memory.context_sizes import RECENT
from studio.project import limits
from studio.project import memory_tests as plan
from studio.project.edits import EditError
from studio.project.limits import BusyError
from studio.project.model import Project, Take
from studio.project.shots import place_of_take
from studio.project.store import StoreError
from studio.project.tree import check_memory, usable_take
from studio.project.wildcards import Wildcards
from studio.session.document import Document
from studio.session.job_manager import EngineProtocol
from studio.session.loras import LoraShelf
from studio.session.render_job import NOTHING_LOST
from studio.session.render_requests import RequestMaker

FOLDER = "moments"
KEPT = 12
"""Moments kept in the project's folder."""


@dataclass(frozen=True)
class RememberedMoment:
    """What is remembered of a moment."""

    shown: Path                    # the frame
    remembered: Path               # what the memory gives back for its place, as opaque as it is known
    decibels: float | None         # PSNR of the two pictures; None: they are the same
    known: float                   # share of the picture that the memory holds


@dataclass(frozen=True)
class MomentView:
    """A moment for which the memory is asked, as the page shows it."""

    id: str
    take: str
    at: int                        # the frame that is compared: the last one of the latent that was chosen
    state: JobState
    message: str = ""              # what went wrong
    remedy: str = ""
    result: RememberedMoment | None = None


class Moments:
    """Asks the memory of one document, one moment at a time."""

    def __init__(
        self, document: Document, engine: EngineProtocol, cards: Mapping[str, ModelCard], loras: LoraShelf, wildcards: Wildcards
    ) -> None:
        """Ask for moments of `document` on `engine`; see `JobManager`."""
        self._document, self._engine, self._cards = document, engine, cards
        self._maker = RequestMaker(document.store, cards, loras, wildcards)
        self._view: MomentView | None = None
        self._job: Job | None = None

    @property
    def view(self) -> MomentView | None:
        """The moment that is asked for, or the last one."""
        return self._view

    def can_ask(self) -> bool:
        """Whether the film's memory can be asked for places."""
        project = self._document.project
        card = self._cards.get(project.model)
        return project.head is not None and card is not None and answers_places(card, project.size)

    def ask(self, take: str, at: int) -> str:
        """Ask what the memory after the head holds of the place of frame `at` of a take; returns the question's id at once.

        Raises:
            EditError: the frame is none that can be asked for, a file is missing, or another question is open.
            StoreError: the project is open read-only.
        """
        with self._document.lock:
            project = self._document.project
            self._document.store.check_writable()
            self.check_idle()
            asked = usable_take(project, take)
            head = self._head(project, asked)
            check_memory(project, asked)
            check_memory(project, head)
            at = self._last_of_latent(asked, at)
            section = plan.section_after(project, head, plan.segment_after(project, head, ""))
            folder = self._folder(head, asked, at)
            self._empty(folder)
            request = self._maker.request(section, 1, project, folder)
            moment = Moment(self._document.store.take_folder(asked.id), at)
            self._view = MomentView(limits.fresh_id(), take, at, "queued")
            self._job = self._engine.submit(iter([replace(request, moment=moment, loras=())]), partial(self._listen, folder))
            self._document.notify()
            return self._view.id

    def check_idle(self) -> None:
        """Raises EditError: the memory is being asked."""
        if self._view and self._view.state in ("queued", "running"):
            raise BusyError(sentence("The memory is being asked already. Wait for its answer."))

    def _head(self, project: Project, asked: Take) -> Take:
        """The take whose memory is asked for a moment of `asked`. Raises EditError: it knows nothing of that."""
        card, head = self._cards.get(project.model), project.takes.get(project.head or "")
        if card is None or head is None or not answers_places(card, head.size):
            raise EditError(sentence("The memory of this film cannot be asked for a place."))
        if asked not in project.lineage(head.id) or (asked.model, asked.size) != (head.model, head.size):
            raise EditError(sentence(
                "This take is no part of the film so far, whose memory does not know it. Choose a take on the branch."))
        if asked.segment.video or asked.copy_of:
            raise EditError(sentence("The model has no state of this take’s frames. Choose a take that it rendered."))
        if place_of_take(project, asked) != place_of_take(project, head):
            raise EditError(sentence(
                "This moment is of another shot, which has a memory of its own. Choose a frame of the newest shot."))
        return head

    def _last_of_latent(self, asked: Take, at: int) -> int:
        """The last frame of the latent that a frame belongs to: the one that shows the latent's place.

        Raises:
            EditError: the frame lies so far back in the take that the model has its state no more.
        """
        card = self._cards[asked.model]
        latent = max(1, card.clock(asked.size)[1] // card.window)
        last = min(max(0, at) // latent * latent + latent, asked.frames) - 1
        if (asked.frames - 1 - last) // latent >= RECENT:
            raise EditError(sentence(
                "The model has the state of this take’s newest {recent} frames alone. Choose a later one.", recent=RECENT * latent))
        return last

    def _folder(self, head: Take, asked: Take, at: int) -> Path:
        """The folder of a moment, named by all that it depends on."""
        facts = (head.id, head.sections, asked.id, at)
        return self._document.store.films / FOLDER / hashlib.sha256(repr(facts).encode()).hexdigest()[:16]

    @staticmethod
    def _empty(folder: Path) -> None:
        """Make a moment's folder, and remove the oldest ones. Raises StoreError."""
        others = sorted((path for path in folder.parent.glob("*") if path != folder), key=lambda path: path.stat().st_mtime)
        for path in others[: 1 - KEPT]:
            shutil.rmtree(path, ignore_errors=True)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(sentence(
                "The folder of the moment cannot be made ({reason}). {nothing_lost}",
                reason=error.strerror, nothing_lost=NOTHING_LOST)) from error

    def _listen(self, folder: Path, job: Job, event: Event | None) -> None:
        """Follow the engine's job. Never raises: its thread serves other projects too."""
        with self._document.lock:
            if job is not self._job or self._view is None:
                return
            if isinstance(event, Failed):
                self._view = replace(self._view, message=event.message, remedy=event.remedy)
            elif event is None:
                self._view = self._answered(folder, job.state)
            else:
                return
            self._document.notify()

    def _answered(self, folder: Path, state: JobState) -> MomentView:
        assert self._view is not None, "asked before it is answered"
        if state == "done" and not self._view.message:
            with contextlib.suppress(MediaError, OSError, ValueError):
                return replace(self._view, state="done", result=_compare(folder))
        return replace(self._view, state="failed" if state == "done" else state)


def _compare(folder: Path) -> RememberedMoment:
    """The two pictures in a moment's folder, compared. Raises MediaError, OSError, ValueError: one cannot be used."""
    shown, remembered = folder / take_folder.SHOWN, folder / take_folder.REMEMBERED
    true = np.asarray(read_picture(shown))
    with Image.open(remembered) as image:
        found = np.asarray(image.convert("RGBA"))
    return RememberedMoment(
        shown, remembered, psnr(true[None], found[None, ..., :3]), float(found[..., 3].mean()) / 255)
