"""What the film's memory gives back for a moment: the frame, the remembered picture of its place, and how much they differ."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from studio.backbones.registry import answers_places
from studio.engine import take_folder
from studio.engine.events import Moment, RenderRequest
from studio.language import sentence
from studio.media import MediaError
from studio.media.difference import psnr
from studio.media.picture import read_picture
from studio.memory.context_sizes import RECENT
from studio.project import limits
from studio.project import memory_tests as plan
from studio.project.edits import EditError
from studio.project.model import Project, Take
from studio.project.shots import place_of_take
from studio.project.tree import check_memory, usable_take
from studio.session.questions import Questions
from studio.session.side_jobs import SideJobView


@dataclass(frozen=True)
class RememberedMoment:
    """What is remembered of a moment."""

    shown: Path                    # the frame
    remembered: Path               # what the memory gives back for its place, as opaque as it is known
    decibels: float | None         # PSNR of the two pictures; None: they are the same
    known: float                   # share of the picture that the memory holds


@dataclass(frozen=True)
class MomentView(SideJobView):
    """A moment for which the memory is asked, as the page shows it."""

    at: int = 0                    # the frame that is compared: the last one of the latent that was chosen
    result: RememberedMoment | None = None


class Moments(Questions[MomentView]):
    """The moments of one document for which its memory is asked: "What is remembered of this?"."""

    FOLDER, KEPT = "moments", 12
    BUSY = sentence("The memory is being asked already. Wait for its answer.")

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
            self.check_can_begin()
            project = self._document.project
            asked = usable_take(project, take)
            head = self._head(project, asked)
            check_memory(project, asked)
            check_memory(project, head)
            at = self._last_of_latent(asked, at)
            section = plan.section_after(project, head, plan.segment_after(project, head, ""))
            folder = self._folder_of(head.id, head.sections, asked.id, at)
            self._make_folders(folder)
            moment = Moment(self._document.store.take_folder(asked.id), at)
            request = replace(self._maker.request(section, 1, project, folder), moment=moment, loras=())
            return self._ask(MomentView(limits.fresh_id(), take, at=at), folder, self._answer(request))

    def _answer(self, request: RenderRequest) -> Iterator[RenderRequest]:
        yield request
        with contextlib.suppress(MediaError, OSError, ValueError):
            self._update(result=_compare(request.folder))

    def _is_made(self) -> bool:
        return self._view is not None and self._view.result is not None

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


def _compare(folder: Path) -> RememberedMoment:
    """The two pictures in a moment's folder, compared. Raises MediaError, OSError, ValueError: one cannot be used."""
    shown, remembered = folder / take_folder.SHOWN, folder / take_folder.REMEMBERED
    true = np.asarray(read_picture(shown))
    with Image.open(remembered) as image:
        found = np.asarray(image.convert("RGBA"))
    return RememberedMoment(
        shown, remembered, psnr(true[None], found[None, ..., :3]), float(found[..., 3].mean()) / 255)
