"""The memory test: one section after a take from the same noise, with the film's own psi, with psi_0, and with another branch's.

None of the sections becomes a take. They lie in the project's films, which can be made again, and the oldest ones are removed.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from studio.backbones.registry import memory_grows
from studio.catalogue.cards import ModelCard
from studio.engine import take_folder
from studio.engine.events import Event, Failed, RenderRequest, Step, Working
from studio.engine.jobs import Job, JobState
from studio.language import join, sentence
from studio.media import MediaError
from studio.project import limits
from studio.project import memory_tests as plan
from studio.project.edits import EditError
from studio.project.limits import BusyError
from studio.project.model import Project, Segment, Take
from studio.project.store import StoreError
from studio.project.take_requests import TakeRequest
from studio.project.tree import usable_take
from studio.project.wildcards import Wildcards
from studio.session.document import Document
from studio.session.estimates import Estimator
from studio.session.job_manager import EngineProtocol
from studio.session.loras import LoraShelf
from studio.session.memory_comparison import MemoryTestResult, Psi, compare, read_result
from studio.session.render_job import NOTHING_LOST
from studio.session.render_requests import RequestMaker

FOLDER = "memory-tests"
KEPT = 6
"""Tests kept in the project's folder."""


@dataclass(frozen=True)
class MemoryTestOffer:
    """What a memory test of a take would be."""

    take: str
    prompt: str                    # of the section: that of the segment planned after the take, or the take's own
    problem: str = ""              # why there is none, in a sentence
    branch: str = ""               # whose psi is the other one; "": there is no other branch
    seconds: float | None = None   # that it takes; None: no take was made before
    result: MemoryTestResult | None = None    # of the same test, if it was made before


@dataclass(frozen=True)
class MemoryTestView:
    """A memory test as the page shows it."""

    id: str
    take: str
    state: JobState
    count: int                     # sections in all
    doing: str = sentence("waiting")
    number: int = 1                # of the section that is being made
    step: int = 0                  # finished in it
    steps: int = 1
    message: str = ""              # what went wrong
    remedy: str = ""
    result: MemoryTestResult | None = None

    @property
    def active(self) -> bool:
        """Whether it waits or runs."""
        return self.state in ("queued", "running")


class MemoryTests:
    """Makes the memory tests of one document, one at a time."""

    def __init__(
        self, document: Document, engine: EngineProtocol, cards: Mapping[str, ModelCard], loras: LoraShelf, wildcards: Wildcards
    ) -> None:
        """Test takes of `document` on `engine`; see `JobManager`."""
        self._document = document
        self._engine = engine
        self._cards = cards
        self._maker = RequestMaker(document.store, cards, loras, wildcards)
        self._estimator = Estimator(engine.rates)
        self._view: MemoryTestView | None = None
        self._job: Job | None = None

    @property
    def view(self) -> MemoryTestView | None:
        """The test that runs, or how the last one ended."""
        return self._view

    def offer(self, take: str, prompt: str | None = None) -> MemoryTestOffer:
        """What a test of a take would be, with a prompt of its own or (None) that of the plan. Raises EditError: no such take."""
        project = self._document.project
        tested = usable_take(project, take)
        segment = plan.segment_after(project, tested, prompt)
        if problem := self._problem(tested):
            return MemoryTestOffer(take, segment.prompt, problem)
        other = self._other(project, tested)
        count = 3 if other else 2
        alike = replace(project, model=tested.model, size=tested.size)
        seconds = self._estimator.seconds(alike, count, tested.settings.steps)
        branch, folder = plan.branch_of(project, other), self._folder(tested, segment, other)
        return MemoryTestOffer(take, segment.prompt, "", branch, seconds, read_result(folder))

    def start(self, take: str, prompt: str | None = None) -> str:
        """Begin a test; returns its id at once.

        Raises:
            EditError: no such take, its model has no memory to test, a file is missing, or a test runs already.
            StoreError: the project is open read-only. MediaError: the disk is full.
        """
        with self._document.lock:
            project = self._document.project
            self._document.store.check_writable()
            self.check_idle()
            tested = usable_take(project, take)
            if problem := self._problem(tested):
                raise EditError(problem)
            segment, other = plan.segment_after(project, tested, prompt), self._other(project, tested)
            section = plan.section_after(project, tested, segment)
            section = self._maker.fill(TakeRequest(section, 1, len(project.lineage(take))), project).take
            self._maker.check(section, project)
            folder = self._folder(tested, segment, other)
            requests = self._requests(project, section, folder, other)
            self._prune(folder)
            self._view = MemoryTestView(limits.fresh_id(), take, "queued", len(requests), steps=section.settings.steps)
            others: tuple[Psi, ...] = ("begin", "other") if other else ("begin",)

            def feed() -> Iterator[RenderRequest]:
                for number, request in enumerate(requests, 1):
                    self._update(number=number, step=0)
                    yield request
                self._finish(folder, others, plan.branch_of(project, other))

            self._job = self._engine.submit(feed(), partial(self._listen, folder))
            self._document.notify()
            return self._view.id

    def check_idle(self) -> None:
        """Raises EditError: a test is being made."""
        if self._view and self._view.active:
            raise BusyError(sentence("A memory test of this film is being made already. Wait for it, or stop it first."))

    def cancel(self) -> None:
        """Stop the test, within one step."""
        with self._document.lock:
            if self._job and self._view and self._view.active:
                self._job.cancel()
                self._update(doing=sentence("stopping"), **({"state": "cancelled"} if self._view.state == "queued" else {}))

    def _other(self, project: Project, tested: Take) -> Take | None:
        """The take of another branch whose psi is tried, if there is one whose snapshot is there."""
        store = self._document.store
        return plan.other_tip(project, tested, lambda take: (store.take_folder(take) / take_folder.SNAPSHOT).is_file())

    def _problem(self, take: Take) -> str:
        """Why a take cannot be tested, in a sentence; "" if it can."""
        card = self._cards.get(take.model)
        if card is None:
            return sentence(
                "The model '{model}' is not installed. Add it to models/, or test a take of another model.", model=take.model)
        if not card.has_memory:
            return sentence(
                "{model} keeps no long-term memory beside the recent frames, so there is nothing to test.", model=card.title)
        if not memory_grows(card, take.size):
            grows = next((
                sentence("At {width} × {height} it grows with the film.", width=width, height=height)
                for width, height in card.sizes if memory_grows(card, (width, height))), "")
            return join(sentence(
                "At this size the film’s memory is its whole picture, from the first moment on, and does not change. "
                "Without what was remembered since, the section would be the same, so there is nothing to test."), grows)
        return ""

    def _requests(self, project: Project, section: Take, folder: Path, other: Take | None) -> list[RenderRequest]:
        """A request for each psi."""
        own = self._document.store.take_folder(section.parent or "")
        sources: dict[Psi, Path | str] = {"own": own, "begin": "begin"}
        if other:
            sources["other"] = self._document.store.take_folder(other.id)
        shutil.rmtree(folder, ignore_errors=True)
        requests = []
        for psi, source in sources.items():
            place = folder / psi
            try:
                place.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreError(sentence(
                    "The folder of the memory test cannot be made ({reason}). {nothing_lost}",
                    reason=error.strerror, nothing_lost=NOTHING_LOST)) from error
            request = self._maker.request(section, 1, project, place)
            requests.append(replace(request, psi_of=source if isinstance(source, Path) else "begin"))
        return requests

    def _finish(self, folder: Path, others: tuple[Psi, ...], branch: str) -> None:
        try:
            self._update(doing=sentence("comparing"), result=compare(folder, others, branch))
        except (MediaError, StoreError) as error:
            self._update(message=str(error), remedy=NOTHING_LOST)

    def _listen(self, folder: Path, job: Job, event: Event | None) -> None:
        """Follow the engine's job of the test in `folder`. Never raises: its thread serves other projects too."""
        with self._document.lock:
            if job is not self._job:
                return
            match event:
                case None:
                    failed = job.state == "done" and (self._view is None or self._view.result is None)
                    ended: JobState = "failed" if failed else job.state
                    if ended not in ("queued", "running", "done"):
                        shutil.rmtree(folder, ignore_errors=True)
                    self._update(state=ended)
                case Working():
                    self._update(doing=event.doing)
                case Step():
                    self._update(doing=event.doing, step=event.step, steps=event.steps)
                case Failed():
                    self._update(message=event.message, remedy=event.remedy)
                case _:
                    pass

    def _update(self, **changes: object) -> None:
        with self._document.lock:
            if self._view:
                self._view = replace(self._view, **changes)  # type: ignore[arg-type]
                self._document.notify()

    def _folder(self, tested: Take, segment: Segment, other: Take | None) -> Path:
        """The folder of a test, named by all that it depends on."""
        facts = (tested.id, tested.sections, segment.prompt, segment.seed, segment.loras, other and (other.id, other.sections))
        return self._document.store.films / FOLDER / hashlib.sha256(repr(facts).encode()).hexdigest()[:16]

    def _prune(self, newest: Path) -> None:
        """Remove the oldest tests."""
        folders = [path for path in newest.parent.glob("*") if path != newest]
        for path in sorted(folders, key=lambda path: path.stat().st_mtime)[: 1 - KEPT]:
            shutil.rmtree(path, ignore_errors=True)

