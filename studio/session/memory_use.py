"""How much a take uses each earlier segment (leave-one-out): its first section is made once more without each of them.

Noise, words and models are the same; what differs is only what the section reads. The clips are compared and removed, the figures
are kept.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from studio.backbones.registry import memory_grows, selects_sections
from studio.engine import take_folder
from studio.engine.events import LeftOut, RenderRequest
from studio.language import sentence
from studio.media.clip import Frames, read_clip
from studio.media.difference import mean_change, psnr
from studio.memory.context_sizes import RECENT
from studio.project import limits
from studio.project import memory_uses as plan
from studio.project.edits import EditError
from studio.project.model import Project, Take
from studio.project.tree import check_memory, usable_take
from studio.session.questions import Offer, Questions
from studio.session.side_jobs import SideJobView
from studio.session.use_figures import SegmentUse, Way, keep_uses, read_uses


@dataclass(frozen=True)
class MemoryUseOffer(Offer):
    """What the question would be for a take."""

    number: int = 1                # of its segment, from 1 on
    way: Way = "none"
    segments: tuple[SegmentUse, ...] = ()
    known: bool = False            # it was asked before


@dataclass(frozen=True)
class MemoryUseView(SideJobView):
    """The question that is being answered, or how the last one ended."""

    segments: tuple[SegmentUse, ...] = ()      # those that are answered are known


class MemoryUses(Questions[MemoryUseView]):
    """What the takes of one document use of earlier segments: "What does it use?"."""

    FOLDER, KEPT = "memory-uses", 24
    BUSY = sentence("What a take of this film uses is being found out already. Wait for it, or stop it first.")

    def offer(self, take: str) -> MemoryUseOffer:
        """What the question would be for a take, and the answer if it was asked before. Raises EditError: no such take."""
        project = self._document.project
        looked_at = plan.original(project, usable_take(project, take))
        number, way = len(project.lineage(take)), self._way(looked_at)
        if problem := self._problem(project, looked_at):
            return MemoryUseOffer(take, problem, None, number, way)
        segments = _unanswered(self._earlier(project, looked_at))
        if known := read_uses(self._place(looked_at), segments):
            return MemoryUseOffer(take, "", None, number, way, known, known=True)
        sections = 1 + sum(not each.problem for each in segments)
        return MemoryUseOffer(take, "", self._seconds(project, looked_at, sections), number, way, segments)

    def start(self, take: str) -> str:
        """Begin to answer for a take; returns the question's id at once.

        Raises:
            EditError: no such take, it uses nothing earlier, a file is missing, or another question is open.
            StoreError: the project is open read-only, or a folder cannot be made.
        """
        with self._document.lock:
            self.check_can_begin()
            project = self._document.project
            looked_at = plan.original(project, usable_take(project, take))
            if problem := self._problem(project, looked_at):
                raise EditError(problem)
            check_memory(project, project.takes[looked_at.parent or ""])
            earlier, folder = self._earlier(project, looked_at), self._place(looked_at)
            requests = self._requests(project, looked_at, earlier, folder)
            view = MemoryUseView(
                limits.fresh_id(), take, count=len(requests), steps=looked_at.settings.steps, segments=_unanswered(earlier))
            return self._ask(view, folder, self._sections(requests, folder))

    def _place(self, looked_at: Take) -> Path:
        return self._answers() / looked_at.id

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
        card = self._cards[looked_at.model]

        def reaches(take: Take) -> bool:
            return not take.segment.video or take.sections * card.window <= RECENT

        return plan.earlier_takes(project, looked_at, self._way(looked_at) == "again", self._has_snapshot, reaches)

    def _requests(
        self, project: Project, looked_at: Take, earlier: tuple[plan.EarlierTake, ...], folder: Path
    ) -> dict[int, RenderRequest]:
        """A request for the section as it was made (number 0), and one for each segment that can be left out, by its number."""
        store, replays = self._document.store, self._way(looked_at) == "again"
        made = tuple(
            self._maker.request(how, how.sections, project, store.take_folder(take), checked=False)
            for take, how in plan.takes_before(project, looked_at).items())
        numbers = [0, *(each.number for each in earlier if not each.problem)]
        requests = {}
        for number, place in zip(numbers, self._make_folders(folder, map(str, numbers)), strict=True):
            request = self._maker.request(replace(looked_at, copy_of=None, bridge=0), 1, project, place)
            if number:
                folders = frozenset(map(store.take_folder, earlier[number - 1].copies))
                request = replace(request, left_out=LeftOut(folders, made, replays))
            requests[number] = request
        return requests

    def _sections(self, requests: dict[int, RenderRequest], folder: Path) -> Iterator[RenderRequest]:
        """The sections one after the other; what became of each is compared before the next one."""
        own: Frames | None = None
        for number, request in requests.items():
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


def _unanswered(earlier: tuple[plan.EarlierTake, ...]) -> tuple[SegmentUse, ...]:
    return tuple(SegmentUse(each.number, each.take.id, each.take.segment.prompt, each.problem) for each in earlier)
