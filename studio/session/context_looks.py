"""A look that is held in the model's context too: the take after one that is held to it sees the recent frames so.

How the frames are changed is written down with the take that sees them, so that it can be made again exactly, whatever becomes of
the look. Frames that an earlier take saw so already are not changed again: its snapshot holds them as it saw them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from studio.backbones.registry import changes_frames, memory_grows
from studio.catalogue.cards import ModelCard
from studio.language import sentence
from studio.memory.context_sizes import RECENT
from studio.project.context_looks import look_before
from studio.project.model import ContextLook, Project, Take
from studio.project.shots import begins_shot
from studio.project.take_requests import TakeRequest
from studio.session.document import Document
from studio.session.held_looks import HeldLooks


class ContextLooks:
    """The looks in which takes of one document see the frames before them."""

    def __init__(self, document: Document, held: HeldLooks, cards: Mapping[str, ModelCard]) -> None:
        """For takes of `document`, with models of `cards` (by name); `held` finds how colours are changed."""
        self._document, self._held, self._cards = document, held, cards

    @property
    def problem(self) -> str:
        """Why the film's model cannot see frames in another look than they were made in, in a sentence; "" if it can."""
        project = self._document.project
        card = self._cards.get(project.model)
        if card is None or changes_frames(card, project.size):
            return ""
        if card.has_memory and not memory_grows(card, project.size):
            return sentence(
                "At this size the model draws every frame from the film’s picture. From the frames before it goes on with camera, "
                "light and weather, and not with their colours.")
        return sentence("{model} cannot see frames in another look than they were made in.", model=card.title)

    def fill(self, ask: TakeRequest, project: Project) -> TakeRequest:
        """The request with the look in which its take is to see the frames before it. What is made as before stays as it is.

        Raises:
            MediaError: the clip of the take before, or what that is matched to, is missing or damaged.
        """
        if ask.exact or ask.retry_of or ask.take.copy_of or ask.take.sections:
            return ask
        card = self._cards.get(ask.take.model)
        able = card is not None and changes_frames(card, ask.take.size)
        look = self._look(project, ask.take, card.window) if card and able else None
        return replace(ask, take=replace(ask.take, context_look=look))

    def _look(self, project: Project, take: Take, window: int) -> ContextLook | None:
        """The look for a take of a model whose sections have `window` latents."""
        look = look_before(project, take.segment, take.parent)
        if look is None or take.parent is None:
            return None
        change = self._held.end_change(project, project.takes[take.parent], look)
        latents, one = 0, project.takes[take.parent]
        while True:
            latents += one.sections * window
            if latents >= RECENT or one.parent is None or one.context_look or begins_shot(one):
                return ContextLook(look.match, look.strength, change.gain, change.offset, min(latents, RECENT))
            one = project.takes[one.parent]
