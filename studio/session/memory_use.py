"""How much a take uses each earlier segment (leave-one-out): its first section is made once more without each of them.

Noise, words and models are the same; what differs is only what the section reads. The clips are compared and removed; the figures
lie in the project's films, which can be made again.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from studio.backbones.registry import memory_grows, selects_sections
from studio.catalogue.cards import ModelCard
from studio.engine import take_folder
from studio.engine.events import Event, Failed, LeftOut, RenderRequest, Step, Working
from studio.engine.jobs import Job, JobState
from studio.language import sentence
from studio.media.clip import Frames, read_clip
from studio.media.difference import mean_change, psnr
from studio.memory.context_sizes import RECENT
from studio.project import limits
from studio.project import memory_uses as plan
from studio.project.edits import EditError
from studio.project.limits import BusyError
from studio.project.model import Project, Take
from studio.project.store import StoreError
from studio.project.tree import check_memory, usable_take
from studio.project.wildcards import Wildcards
from studio.session.document import Document
from studio.session.estimates import Estimator
from studio.session.job_manager import EngineProtocol
from studio.session.loras import LoraShelf
from studio.session.render_job import NOTHING_LOST
from studio.session.render_requests import RequestMaker
from studio.session.use_figures import SegmentUse, Way, keep_uses, read_uses

FOLDER = "memory-uses"
KEPT = 24
"""Takes whose figures are kept in the project's folder."""


@dataclass(frozen=True)
class MemoryUseOffer:
    """What the question would be for a take."""

    take: str
    number: int                    # of its segment, from 1 on
    way: Way
    problem: str = ""              # why it cannot be asked, in a sentence
    seconds: float | None = None   # that it takes, at most; None: not known
    segments: tuple[SegmentUse, ...] = ()
    known: bool = False            # it was asked before


@dataclass(frozen=True)
class MemoryUseView:
    """The question that is being answered, or how the last one ended."""

    id: str
    take: str
    state: JobState
    segments: tuple[SegmentUse, ...]
    count: int                     # sections in all
    number: int = 1                # of the section that is being made
    doing: str = sentence("waiting")
    step: int = 0                  # finished in it
    steps: int = 1
    message: str = ""              # what went wrong
    remedy: str = ""

    @property
    def active(self) -> bool:
        """Whether it waits or runs."""
        return self.state in ("queued", "running")


class MemoryUses:
    """Answers the question for the takes of one document, one at a time."""

    def __init__(
        self, document: Document, engine: EngineProtocol, cards: Mapping[str, ModelCard], loras: LoraShelf, wildcards: Wildcards
    ) -> None:
        """Ask for takes of `document` on `engine`; see `JobManager`."""
        self._document, self._engine, self._cards = document, engine, cards
        self._maker = RequestMaker(document.store, cards, loras, wildcards)
        self._estimator = Estimator(engine.rates)
        self._view: MemoryUseView | None = None
        self._job: Job | None = None

    @property
    def view(self) -> MemoryUseView | None:
        """The question that is being answered, or the last one."""
        return self._view

    def offer(self, take: str) -> MemoryUseOffer:
        """What the question would be for a take, and the answer if it was asked before. Raises EditError: no such take."""
        project = self._document.project
        looked_at = plan.original(project, usable_take(project, take))
        number, way = len(project.lineage(take)), self._way(looked_at)
        if problem := self._problem(project, looked_at):
            return MemoryUseOffer(take, number, way, problem)
        segments = _unanswered(self._earlier(project, looked_at))
        if known := read_uses(self._folder(looked_at), segments):
            return MemoryUseOffer(take, number, way, segments=known, known=True)
        sections = 1 + sum(not each.problem for each in segments)
        alike = replace(project, model=looked_at.model, size=looked_at.size)
        seconds = self._estimator.seconds(alike, sections, looked_at.settings.steps)
        return MemoryUseOffer(take, number, way, seconds=seconds, segments=segments)

    def start(self, take: str) -> str:
        """Begin to answer for a take; returns the question's id at once.

        Raises:
            EditError: no such take, it uses nothing earlier, a file is missing, or another question is open.
            StoreError: the project is open read-only, or a folder cannot be made.
        """
        with self._document.lock:
            project = self._document.project
            self._document.store.check_writable()
            self.check_idle()
            looked_at = plan.original(project, usable_take(project, take))
            if problem := self._problem(project, looked_at):
                raise EditError(problem)
            check_memory(project, project.takes[looked_at.parent or ""])
            earlier, folder = self._earlier(project, looked_at), self._folder(looked_at)
            shutil.rmtree(folder, ignore_errors=True)
            self._prune(folder)
            requests = self._requests(project, looked_at, earlier, folder)
            self._view = MemoryUseView(
                limits.fresh_id(), take, "queued", _unanswered(earlier), len(requests), steps=looked_at.settings.steps)
            self._job = self._engine.submit(self._feed(requests, folder), partial(self._listen, folder))
            self._document.notify()
            return self._view.id

    def check_idle(self) -> None:
        """Raises EditError: a question is being answered."""
        if self._view and self._view.active:
            raise BusyError(sentence(
                "What a take of this film uses is being found out already. Wait for it, or stop it first."))

    def cancel(self) -> None:
        """Stop within one step. What is known so far is shown, and not kept."""
        with self._document.lock:
            if self._job and self._view and self._view.active:
                self._job.cancel()
                self._update(doing=sentence("stopping"), **({"state": "cancelled"} if self._view.state == "queued" else {}))

    def _way(self, looked_at: Take) -> Way:
        """How the long-term memory is left out."""
        card = self._cards.get(looked_at.model)
        if card is None or not memory_grows(card, looked_at.size):
            return "none"
        return "rows" if selects_sections(card) else "again"

    def _problem(self, project: Project, looked_at: Take) -> str:
        """Why the question cannot be asked for a take, in a sentence; "" if it can."""
        if looked_at.model not in self._cards:
            return sentence(
                "The model '{model}' is not installed. Add it to models/, or choose a take of another model.",
                model=looked_at.model)
        if looked_at.segment.video:
            return sentence("This take is a video of yours: it was not rendered, so it uses nothing.")
        if looked_at.parent is None:
            return sentence("This is the film’s first segment: there is nothing earlier that it could use. Choose a later take.")
        before = project.takes[looked_at.parent]
        if (before.model, before.size) != (looked_at.model, looked_at.size):
            return sentence("The take before this one is of another model or size. Choose another take.")
        return ""

    def _earlier(self, project: Project, looked_at: Take) -> tuple[plan.EarlierTake, ...]:
        store, card = self._document.store, self._cards[looked_at.model]

        def has_memory(take: str) -> bool:
            return (store.take_folder(take) / take_folder.SNAPSHOT).is_file()

        def reaches(take: Take) -> bool:
            return not take.segment.video or take.sections * card.window <= RECENT

        return plan.earlier_takes(project, looked_at, self._way(looked_at) == "again", has_memory, reaches)

    def _requests(
        self, project: Project, looked_at: Take, earlier: tuple[plan.EarlierTake, ...], folder: Path
    ) -> list[tuple[int, RenderRequest]]:
        """A request for the section as it was made (number 0), and one for each segment that can be left out."""
        store = self._document.store
        made = tuple(
            self._maker.request(how, how.sections, project, store.take_folder(take), checked=False)
            for take, how in plan.takes_before(project, looked_at).items())
        requests = []
        for number in (0, *(each.number for each in earlier if not each.problem)):
            place = folder / str(number)
            try:
                place.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreError(sentence(
                    "The folder for the question cannot be made ({reason}). {nothing_lost}",
                    reason=error.strerror, nothing_lost=NOTHING_LOST)) from error
            request = self._maker.request(replace(looked_at, copy_of=None, bridge=0), 1, project, place)
            if number:
                folders = frozenset(map(store.take_folder, earlier[number - 1].copies))
                request = replace(request, left_out=LeftOut(folders, made, self._way(looked_at) == "again"))
            requests.append((number, request))
        return requests

    def _feed(self, requests: list[tuple[int, RenderRequest]], folder: Path) -> Iterator[RenderRequest]:
        """The requests one after the other; what became of each is compared before the next one. In the engine's thread."""
        own: Frames | None = None
        for done, (number, request) in enumerate(requests, 1):
            self._update(number=done, step=0)
            yield request
            clip = request.folder / take_folder.CLIP
            if own is None:
                own = read_clip(clip)
            else:
                self._answer(number, own, read_clip(clip) if clip.is_file() else None)
            shutil.rmtree(request.folder, ignore_errors=True)
        if self._view:
            keep_uses(folder, self._view.segments)

    def _answer(self, number: int, own: Frames, without: Frames | None) -> None:
        """Note how a section without segment `number` differs; None: it reads nothing of that segment."""
        change, decibels = (mean_change(own, without), psnr(own, without)) if without is not None else (0.0, None)
        with self._document.lock:
            if self._view:
                segments = (replace(each, known=True, read=without is not None, change=change, decibels=decibels)
                            if each.number == number else each for each in self._view.segments)
                self._update(segments=tuple(segments))

    def _listen(self, folder: Path, job: Job, event: Event | None) -> None:
        """Follow the engine's job. Never raises: its thread serves other projects too."""
        with self._document.lock:
            if job is not self._job:
                return
            match event:
                case None:
                    if job.state not in ("queued", "running", "done"):
                        shutil.rmtree(folder, ignore_errors=True)
                    self._update(state=job.state)
                case Working():
                    self._update(doing=event.doing)
                case Step():
                    self._update(doing=event.doing, step=event.step, steps=event.steps)
                case Failed():
                    self._update(message=event.message, remedy=event.remedy)
                case _:
                    pass

    def _update(self, **changes: Any) -> None:
        with self._document.lock:
            if self._view:
                self._view = replace(self._view, **changes)
                self._document.notify()

    def _folder(self, looked_at: Take) -> Path:
        return self._document.store.films / FOLDER / looked_at.id

    def _prune(self, newest: Path) -> None:
        """Remove the figures of all but the newest takes."""
        folders = [path for path in newest.parent.glob("*") if path != newest]
        for path in sorted(folders, key=lambda path: path.stat().st_mtime)[: 1 - KEPT]:
            shutil.rmtree(path, ignore_errors=True)


def _unanswered(earlier: tuple[plan.EarlierTake, ...]) -> tuple[SegmentUse, ...]:
    return tuple(SegmentUse(each.number, each.take.id, each.take.segment.prompt, each.problem) for each in earlier)
