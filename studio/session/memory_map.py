"""The memory of a film as the artist edits it: what can be pinned and forgotten, and the part of a map that is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from studio.backbones.registry import edits_memory, memory_grows, selects_sections
from studio.catalogue.cards import ModelCard
from studio.engine import take_folder
from studio.language import sentence
from studio.project import memory_edits
from studio.project.edits import EditError
from studio.project.model import Project, Segment
from studio.session.document import Document


@dataclass(frozen=True)
class MemoryMap:
    """What of the memory after the head can be edited."""

    problem: str                       # why nothing can, in a sentence; "" if it can
    part: Mapping[str, float] | None   # of the map that the memory's picture shows, see `MapPart`; None: there is no such picture
    segment: Segment | None            # the one after the head, before which places are forgotten
    takes: bool = False                # whether it is no map, but whole takes can be pinned and forgotten


class MemoryEdits:
    """Pins takes of one document, and forgets places of a memory that is a map, or takes of one that keeps every section's rows."""

    def __init__(self, document: Document, cards: Mapping[str, ModelCard]) -> None:
        """Edit `document`, with models of `cards` (by name)."""
        self._document = document
        self._cards = cards

    def map(self) -> MemoryMap:
        """What of the memory after the head can be edited."""
        project = self._document.project
        at, segments = len(project.film()), project.current().segments
        part = take_folder.read_map(self._document.store.take_folder(project.head)) if project.head else None
        segment = segments[at] if 0 < at < len(segments) else None
        return MemoryMap(self._problem(project), part, segment, self._selects(project))

    def pin(self, take: str) -> None:
        """Pin a take; see `studio.project.memory_edits.pin`. Raises EditError: also where nothing can be pinned."""
        self._check(self._document.project)
        self._document.edit(memory_edits.pin, take)

    def unpin(self, take: str) -> None:
        """Unpin a take. Raises EditError: no such take."""
        self._document.edit(memory_edits.unpin, take)

    def forget(self, index: int, cells: Iterable[int]) -> None:
        """Set what is forgotten before a segment; see `studio.project.memory_edits.forget`.

        Raises:
            EditError: also where the memory is no map and there are cells to forget.
        """
        chosen = tuple(cells)
        if chosen:
            self._check(self._document.project)
            if self._selects(self._document.project):
                raise EditError(sentence("This film’s memory is no map of places. Forget a take of it instead."))
        self._document.edit(memory_edits.forget, index, chosen)

    def forget_take(self, take: str) -> None:
        """Forget a take; see `studio.project.memory_edits.forget_take`. Raises EditError: also in a map."""
        project = self._document.project
        self._check(project)
        if not self._selects(project):
            raise EditError(sentence("This film’s memory is a map: forget places of it instead of a take."))
        self._document.edit(memory_edits.forget_take, take)

    def remember_take(self, take: str) -> None:
        """Let a forgotten take be read again. Raises EditError: no such take."""
        self._document.edit(memory_edits.remember_take, take)

    def _selects(self, project: Project) -> bool:
        card = self._cards.get(project.model)
        return card is not None and selects_sections(card)

    def _check(self, project: Project) -> None:
        if problem := self._problem(project):
            raise EditError(problem)

    def _problem(self, project: Project) -> str:
        card = self._cards.get(project.model)
        if card is None or not card.has_memory:
            return sentence("This film’s model keeps no long-term memory, so nothing can be pinned in it or forgotten.")
        if edits_memory(card, project.size) or selects_sections(card):
            return ""
        if memory_grows(card, project.size):
            return sentence(
                "What this model remembers is spread over all numbers of its memory, so no place and no take can be pinned or "
                "forgotten. A branch from an earlier take forgets what came after it.")
        return sentence(
            "At this size the film’s memory is its whole picture and does not change: nothing in it is written over, and there is "
            "nothing to pin or to forget.")
