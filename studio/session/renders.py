"""The renders of one document: what the engine is asked for, and what becomes of its answers. It draws nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Protocol

from studio.catalogue.cards import ModelCard
from studio.engine import take_folder
from studio.engine.events import (
    Cancelled,
    EngineStatus,
    Event,
    Failed,
    LoraFile,
    PlacementReduced,
    RenderRequest,
    SectionDone,
    Step,
    TakeDone,
    Working,
)
from studio.engine.jobs import Job, JobState
from studio.media import MediaError
from studio.project import asks, edits
from studio.project.asks import Ask
from studio.project.edits import EditError
from studio.project.model import Project, Take
from studio.project.store import StoreError
from studio.session.document import Document
from studio.session.loras import LoraShelf
from studio.session.run import NOTHING_LOST, JobView, Run

log = logging.getLogger(__name__)


class EngineProtocol(Protocol):
    """What a session needs of an engine."""

    def status(self) -> EngineStatus: ...

    def submit(self, requests: Iterator[RenderRequest], listen: Callable[[Job, Event | None], None]) -> Job: ...

    def watch(self, listen: Callable[[EngineStatus], None]) -> None: ...


class Renders:
    """At most one job of one document at a time."""

    def __init__(
        self, document: Document, engine: EngineProtocol, cards: Mapping[str, ModelCard], loras: LoraShelf
    ) -> None:
        self._document = document
        self._engine = engine
        self._cards = cards
        self._loras = loras
        self._run: Run | None = None

    @property
    def view(self) -> JobView | None:
        """The job that runs, or how the last one ended."""
        return self._run.view if self._run else None

    def begin(self, choose: Callable[[Project], Ask], rest: bool = False) -> None:
        """Start a job with the take that `choose` asks for, and with all segments after it if `rest`.

        Raises:
            EditError: a job of this project runs already, or the take cannot be rendered.
            StoreError: the project is open read-only.
        """
        document = self._document
        with document.lock:
            if self._run and self._run.active:
                raise EditError("This film is already generating. Wait for it to finish, or cancel it first.")
            project = document.project
            ask = choose(project)
            document.store.check_writable()
            self._check(ask.take)
            run = Run(ask, project, rest, planned=len(project.current().segments) - ask.index if rest else 1)
            self._run = run
            run.job = self._engine.submit(self._requests(run), lambda job, event: self._hear(run, job, event))
            document.notify()

    def cancel(self) -> None:
        """Stop the job: within one step when it runs, at once when it waits. Finished sections are kept."""
        with self._document.lock:
            run = self._run
            if run and run.job and run.active:
                run.job.cancel()
                run.show(**({"state": "cancelled"} if run.view.state == "queued" else {"doing": "stopping"}))
                self._document.notify()

    def estimate(self, sections: float, steps: int) -> float | None:
        """Seconds for so many sections, by the newest takes of the same model and size; None before any."""
        project = self._document.project
        alike = [t for t in project.takes.values() if (t.model, t.size) == (project.model, project.size)]
        rates = [t.seconds / (t.sections * t.settings.steps) for t in alike if t.seconds > 0 and t.sections > 0]
        return median(rates[-8:]) * sections * steps if rates else None

    def _requests(self, run: Run) -> Iterator[RenderRequest]:
        """What the job renders, one take at a time, from the document as it is by then."""
        ask: Ask | None = run.ask
        while ask:
            with self._document.lock:
                try:
                    run.ask = asks.refreshed(self._document.project, ask, run.branch)
                    request = self._request(run)
                except (EditError, StoreError) as error:
                    run.fail(str(error))
                    return
            yield request
            with self._document.lock:
                if not run.rest or run.trouble or run.last is None:
                    return
                try:
                    ask = asks.following(self._document.project, run.branch, run.last)
                except EditError as error:
                    run.fail(str(error))
                    return

    def _request(self, run: Run) -> RenderRequest:
        store, project, take = self._document.store, self._document.project, run.ask.take
        self._check(take)
        run.show(
            doing="", take=take.id, index=run.ask.index, section=take.sections, sections=run.ask.sections, step=0,
            steps=take.settings.steps, seconds_left=None, preview=None,
        )  # fmt: skip
        self._show_left(run, None)
        return RenderRequest(
            take=take.id,
            model=take.model,
            prompt=take.segment.prompt,
            seed=take.segment.seed,
            sections=run.ask.sections,
            steps=take.settings.steps,
            guidance=take.settings.guidance,
            size=take.size,
            reference=self._picture(take),
            parent=store.take_folder(take.parent) if take.parent else None,
            folder=store.ask(take, project),
            loras=tuple(
                LoraFile(lora.name, self._loras.path(lora.sha256), lora.sha256, lora.strength) for lora in take.segment.loras
            ),
            cache=take.settings.cache,
        )

    def _picture(self, take: Take) -> Path:
        return self._document.store.media / f"{take.reference[:16]}.png"

    def _check(self, take: Take) -> None:
        """Raises EditError: the model, the picture, a LoRA or the parent's snapshot is not there, or a LoRA does not fit."""
        if take.model not in self._cards:
            raise EditError(f"The model '{take.model}' is not installed. Choose another one, or add it to models/.")
        if not self._picture(take).is_file():
            raise EditError("The reference image is gone from the project's folder. Choose the picture again.")
        for lora in take.segment.loras:
            if lora.strength:
                self._loras.check(lora, self._cards[take.model])
        if take.parent:
            folder = self._document.store.take_folder(take.parent)
            if not (folder / take_folder.SNAPSHOT).is_file():
                raise EditError(
                    f"The take before this one cannot be continued: its {take_folder.SNAPSHOT} is gone. "
                    "Retake it, or rewind to an earlier one."
                )

    def _hear(self, run: Run, job: Job, event: Event | None) -> None:
        """The engine told something. Never raises: the worker's thread, which calls it, serves other projects too."""
        with self._document.lock:
            try:
                if event is None:
                    self._entered(run, job.state)
                else:
                    self._happened(run, event)
            except (EditError, StoreError, MediaError) as error:
                run.fail(str(error))
            except Exception as error:
                log.exception("a render event could not be handled")
                run.fail(f"The take could not be kept: {type(error).__name__}: {error}", f"Try again. {NOTHING_LOST}")
            self._document.notify()

    def _entered(self, run: Run, state: JobState) -> None:
        if not run.active:
            return
        if state in ("queued", "running"):
            run.show(state=state)
            return
        ended: JobState = "failed" if run.trouble else state
        run.show(state=ended, doing="", seconds_left=None, total_left=None, preview=None)

    def _happened(self, run: Run, event: Event) -> None:
        match event:
            case Working():
                run.show(doing=event.doing)
            case PlacementReduced():
                doing = "placing the model more leanly: the card ran out of memory"
                step = run.view.step if run.view.doing == "decoding" else 0       # what is denoised stays so
                run.show(doing=doing, section=event.section, step=step, note=event.message)
            case Step():
                run.show(
                    doing="denoising", section=event.section, sections=event.sections, step=event.step,
                    steps=event.steps, preview=event.preview or run.view.preview,
                )  # fmt: skip
                self._show_left(run, event.seconds_left)
            case SectionDone():
                run.show(preview=event.preview or run.view.preview)
                if event.section + 1 < event.sections:
                    run.show(section=event.section + 1, step=0)
                self._show_left(run, event.seconds_left)
            case TakeDone():
                self._keep(run, event, "done")
                run.show(finished=run.view.finished + 1)
            case Cancelled() | Failed():
                if isinstance(event, Failed):
                    run.show(message=event.message, remedy=event.remedy)
                self._cut_short(run, event)

    def _show_left(self, run: Run, seconds: float | None) -> None:
        """Time left of the take and of the whole job, with the segments it has still to come to."""
        project, view = self._document.project, run.view
        if seconds is None:  # the engine has measured nothing yet: takes made before may tell
            seconds = self.estimate(view.sections - view.section - view.step / max(1, view.steps), view.steps)
        plan = next((b.segments for b in project.branches if b.id == run.branch), ())[run.ask.index + 1 :] if run.rest else ()
        after = sum(project.clock.sections(segment.frames) for segment in plan)
        ahead = view.steps * (view.sections - view.section) - view.step
        if seconds and ahead > 0:  # the pace of the take in the making is the newest there is
            later: float | None = seconds / ahead * after * project.settings.steps
        else:
            later = self.estimate(after, project.settings.steps) if after else 0.0
        total = None if seconds is None or later is None else seconds + later
        run.show(seconds_left=seconds, total_left=total, planned=view.finished + 1 + len(plan))

    def _cut_short(self, run: Run, event: Cancelled | Failed) -> None:
        """Keep the finished sections of a take as a partial one; with none, nothing of it stays."""
        store, take = self._document.store, run.ask.take
        if not event.sections:
            try:
                sections, frames = take_folder.close(store.take_folder(take.id))  # what a failure did not count
            except MediaError:  # the files stay, and are looked at again when the project is opened
                log.exception("the finished sections of a take could not be closed")
                return
            event = replace(event, sections=sections, frames=frames)
        if event.sections > take.sections:
            self._keep(run, event, "partial")
        elif take.id not in self._document.project.takes:
            store.discard(take.id)

    def _keep(self, run: Run, event: TakeDone | Cancelled | Failed, state: str) -> None:
        asked, document = run.ask.take, self._document
        take = replace(
            asked,
            state="done" if state == "done" else "partial",
            sections=event.sections,
            frames=event.frames,
            seconds=asked.seconds + event.seconds,
        )
        here = (document.project.branch, document.project.head)
        follow = here in (run.place, (run.branch, take.parent))
        refused = None
        try:
            document.store.write_take(take, document.project)
        except StoreError as error:  # a full disk: the clip is there all the same, and the document keeps the take
            refused = error
        try:
            document.edit_then_save(edits.add_take, take, run.branch, follow, run.ask.seeded)
        finally:
            self._moved(run, take, follow)
        if refused:
            raise refused

    def _moved(self, run: Run, take: Take, follow: bool) -> None:
        """Where the job goes on after a take: behind it, on the branch that ends there."""
        now = self._document.project
        run.last = take.id
        run.branch = next((b.id for b in (now.current(), *now.branches) if b.tip == take.id), run.branch)
        if follow:
            run.place = (now.branch, now.head)
