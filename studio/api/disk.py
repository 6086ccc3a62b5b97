"""The functions that are about what a film weighs on the disk: memory that it can do without is removed, and made again."""

from __future__ import annotations

from collections.abc import AsyncIterator

from studio.api.calls import Calls
from studio.api.film_values import film_value
from studio.api.keeping_values import Thinned, Weight
from studio.api.memory_views import side_job_progress
from studio.api.values import Film, Progress
from studio.project.thinning import EVERY
from studio.session import Session
from studio.session.thinning import weigh


def _progress(session: Session) -> Progress:
    return side_job_progress(session, session.snapshots.view)


class DiskCalls(Calls):
    """Functions on what a film weighs."""

    def weigh(self, film: str, every: int = 4) -> Weight:
        """Tell what a film's files weigh, and how much memory thin would remove. Nothing is changed.

        Args:
            every: of each line of takes, one in so many keeps its memory, from 2 to 100.

        Returns:
            The weight.
        """
        with self._answering(film) as session:
            takes, freed = session.snapshots.removable(self._fields({"every": every}).integer("every", *EVERY))
            weight = weigh(session)
            return {"clips": weight.clips, "memory": weight.snapshots, "media": weight.media, "films": weight.films,
                    "trash": weight.trash, "removable": [take.id for take in takes], "freed": freed}

    def thin(self, film: str, every: int = 4) -> Thinned:
        """Remove the memory of takes that can do without; see weigh. It is made again by make_again, bit for bit.

        Args:
            every: of each line of takes, one in so many keeps its memory, from 2 to 100.

        Returns:
            The film, and how much was removed.
        """
        with self._answering(film) as session:
            freed = session.snapshots.thin(self._fields({"every": every}).integer("every", *EVERY))
            return {"film": film_value(session), "freed": freed}

    def make_again(self, film: str, take: str) -> AsyncIterator[Progress]:
        """Make the memory after a take again that thin removed, and follow that to its end. The take stays as it is.

        Args:
            take: the take's id.

        Returns:
            Events, as it goes on. A section is one of the takes whose memory is made; the last event says how it ended.
        """
        return self._watch(film, "make_again", _progress, {"take": take})

    def make_again_events(self, film: str) -> AsyncIterator[Progress]:
        """Follow make_again to its end. Where nothing is made again, or after its end, there is one event.

        Returns:
            Events, as those of make_again.
        """
        return self._watch(film, None, _progress, {})

    def cancel_make_again(self, film: str) -> Film:
        """Stop make_again within one step. The memory of takes that are done stays."""
        with self._answering(film) as session:
            session.snapshots.cancel()
            return film_value(session)
