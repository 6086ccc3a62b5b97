"""The functions that are about a film's memory as its artist may edit it, and about what it gives back for a moment."""

from __future__ import annotations

from collections.abc import AsyncIterator

from studio.api.calls import Calls
from studio.api.film_values import file_value, film_value
from studio.api.memory_values import MemoryMap, MomentProgress
from studio.api.memory_views import moment_progress
from studio.api.values import Film


class MemoryEditCalls(Calls):
    """Functions that edit a film's memory, and ask it."""

    def memory_map(self, film: str) -> MemoryMap:
        """See what the film remembers after the head, and what of it can be pinned and forgotten.

        Returns:
            The memory's map, or its takes.
        """
        with self._answering(film) as session:
            project, shown = session.project, session.memory_edits.map()
            picture = session.films.memory_picture(project.head) if project.head else None
            part = shown.part
            return {
                "problem": shown.problem, "whole_takes": shown.takes, "picture": file_value(picture) if picture else None,
                "part": None if part is None else {
                    "rows": int(part["rows"]), "columns": int(part["columns"]), "left": part["left"], "top": part["top"],
                    "width": part["width"], "height": part["height"]},
                "segment": shown.segment.id if shown.segment else None,
                "forget": list(shown.segment.forget) if shown.segment else [],
                "pins": list(project.pins), "forgotten": list(project.forgotten), "asks": session.moments.can_ask(),
            }  # fmt: skip

    def forget(self, film: str, segment: str, cells: list[int]) -> Film:
        """Let the memory forget places of its map before a segment. A take of the segment becomes stale.

        Args:
            segment: the segment's id; not the first one.
            cells: all that are forgotten before it, by their numbers, row by row from 0; see memory_map. Empty: nothing is.
        """
        return self._change(film, "forget", segment=segment, cells=cells)

    def forget_take(self, film: str, take: str) -> Film:
        """Let takes that are made from now on not read what a take wrote into the memory, where that is no map but whole takes.

        Args:
            take: the take's id.
        """
        return self._change(film, "forget_take", take=take)

    def remember_take(self, film: str, take: str) -> Film:
        """Let a take that is forgotten be read again.

        Args:
            take: the take's id.
        """
        return self._change(film, "remember_take", take=take)

    def ask_moment(self, film: str, take: str, at: int) -> AsyncIterator[MomentProgress]:
        """Ask what the memory after the head holds of the place that a frame of a take shows. Not every model can be asked.

        Args:
            take: the take's id.
            at: the number of its frame, from 0. The frame that is compared may be a few later.

        Returns:
            Events, until the memory has answered. The last one says how it ended, and has the result.
        """
        return self._watch(film, "ask_moment", moment_progress, {"take": take, "at": at})

    def moment_events(self, film: str) -> AsyncIterator[MomentProgress]:
        """Follow that question to its end. Without one, or after its end, there is one event.

        Returns:
            Events, as those of ask_moment.
        """
        return self._watch(film, None, moment_progress, {})

    def cancel_moment(self, film: str) -> Film:
        """Stop asking the memory."""
        with self._answering(film) as session:
            session.moments.cancel()
            return film_value(session)
