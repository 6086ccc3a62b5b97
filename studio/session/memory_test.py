"""The memory test: one section after a take from the same noise, with the film's own psi, with psi_0, and with another branch's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from studio.backbones.registry import memory_grows
from studio.engine.events import RenderRequest
from studio.language import join, sentence
from studio.project import limits
from studio.project import memory_tests as plan
from studio.project.edits import EditError
from studio.project.model import Project, Segment, Take
from studio.project.take_requests import TakeRequest
from studio.project.tree import usable_take
from studio.session.memory_comparison import MemoryTestResult, Psi, compare, read_result
from studio.session.questions import Offer, Questions
from studio.session.side_jobs import SideJobView


@dataclass(frozen=True)
class MemoryTestOffer(Offer):
    """What a memory test of a take would be."""

    prompt: str = ""               # of the section: that of the segment planned after the take, or the take's own
    branch: str = ""               # whose psi is the other one; "": there is no other branch
    result: MemoryTestResult | None = None    # of the same test, if it was made before


@dataclass(frozen=True)
class MemoryTestView(SideJobView):
    """A memory test as the page shows it."""

    result: MemoryTestResult | None = None


class MemoryTests(Questions[MemoryTestView]):
    """The memory tests of one document: "Does it remember?"."""

    FOLDER, KEPT = "memory-tests", 6
    BUSY = sentence("A memory test of this film is being made already. Wait for it, or stop it first.")

    def offer(self, take: str, prompt: str | None = None) -> MemoryTestOffer:
        """What a test of a take would be, with a prompt of its own or (None) that of the plan. Raises EditError: no such take."""
        project = self._document.project
        tested = usable_take(project, take)
        segment = plan.segment_after(project, tested, prompt)
        if problem := self._problem(tested):
            return MemoryTestOffer(take, problem, prompt=segment.prompt)
        other = self._other(project, tested)
        seconds = self._seconds(project, tested, 3 if other else 2)
        known = read_result(self._place(tested, segment, other))
        return MemoryTestOffer(take, "", seconds, segment.prompt, plan.branch_of(project, other), known)

    def start(self, take: str, prompt: str | None = None) -> str:
        """Begin a test; returns its id at once.

        Raises:
            EditError: no such take, its model has no memory to test, a file is missing, or a test runs already.
            StoreError: the project is open read-only. MediaError: the disk is full.
        """
        with self._document.lock:
            self.check_can_begin()
            project = self._document.project
            tested = usable_take(project, take)
            if problem := self._problem(tested):
                raise EditError(problem)
            segment, other = plan.segment_after(project, tested, prompt), self._other(project, tested)
            section = plan.section_after(project, tested, segment)
            section = self._maker.fill(TakeRequest(section, 1, len(project.lineage(take))), project).take
            self._maker.check(section, project)
            folder = self._place(tested, segment, other)
            requests = self._requests(project, section, folder, other)
            view = MemoryTestView(limits.fresh_id(), take, count=len(requests), steps=section.settings.steps)
            return self._ask(view, folder, self._sections(requests, folder, plan.branch_of(project, other)))

    def _sections(self, requests: dict[Psi, RenderRequest], folder: Path, branch: str) -> Iterator[RenderRequest]:
        """The section with each psi, then what they tell."""
        yield from requests.values()
        self._update(doing=sentence("comparing"))
        self._update(result=compare(folder, tuple(requests)[1:], branch))

    def _other(self, project: Project, tested: Take) -> Take | None:
        """The take of another branch whose psi is tried, if there is one whose snapshot is there."""
        return plan.other_tip(project, tested, self._has_snapshot)

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

    def _requests(self, project: Project, section: Take, folder: Path, other: Take | None) -> dict[Psi, RenderRequest]:
        """A request for each psi; the film's own is the first, psi_0 the second."""
        store = self._document.store
        sources: dict[Psi, Path | Literal["begin"]] = {"own": store.take_folder(section.parent or ""), "begin": "begin"}
        if other:
            sources["other"] = store.take_folder(other.id)
        places = self._make_folders(folder, sources)
        return {
            psi: replace(self._maker.request(section, 1, project, place), psi_of=source)
            for (psi, source), place in zip(sources.items(), places, strict=True)
        }

    def _place(self, tested: Take, segment: Segment, other: Take | None) -> Path:
        asked = (segment.prompt, segment.seed, segment.loras)
        return self._folder_of(tested.id, tested.sections, *asked, other and (other.id, other.sections))
