"""How a film of a studio is kept: its trash, what it weighs, its tags and copies, and how it drifts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from studio.client.film_memory import OpenFilm

if TYPE_CHECKING:
    from studio.api.keeping_values import Drift, Trash, Weight
    from studio.api.studio_values import TrashedFilm
    from studio.api.values import Film as FilmValue
    from studio.api.values import Progress


class FilmKeeping(OpenFilm):
    """How a film is kept."""

    def tag_film(self, tags: Sequence[str]) -> FilmValue:
        """Give the film tags instead of those that it has."""
        return self._do("tag_film", tags=list(tags))

    def drift(self) -> Drift:
        """How the takes of the current branch drift, and where to rewind to."""
        return self._ask("drift")

    def set_retries(self, times: int | None = None, measure: str | None = None, threshold: float | None = None) -> FilmValue:
        """Let a take that has drifted be made again by itself."""
        return self._do("set_retries", times=times, measure=measure, threshold=threshold)

    def trash(self) -> Trash:
        """Takes and branches in the film's trash."""
        return self._ask("trash")

    def restore_takes(self, takes: Sequence[str]) -> FilmValue:
        """Take takes out of the trash."""
        return self._do("restore_takes", takes=list(takes))

    def drop_branch(self, branch: str) -> FilmValue:
        """Move a branch into the trash."""
        return self._do("drop_branch", branch=branch)

    def restore_branch(self, branch: str) -> FilmValue:
        """Take a branch out of the trash."""
        return self._do("restore_branch", branch=branch)

    def empty_trash(self, takes: Sequence[str] | None = None, branches: Sequence[str] | None = None) -> FilmValue:
        """Delete takes and branches in the trash for good."""
        named = {"takes": takes, "branches": branches}
        return self._do("empty_trash", **{name: None if ids is None else list(ids) for name, ids in named.items()})

    def weigh(self, every: int = 4) -> Weight:
        """What the film's files weigh, and how much `thin` would remove."""
        return self._ask("weigh", every=every)

    def thin(self, every: int = 4) -> int:
        """Remove the memory of takes that can do without; returns the bytes that were removed."""
        thinned = self._ask("thin", every=every)
        self.state = thinned["film"]
        return int(thinned["freed"])

    def make_again(self, take: str) -> Iterator[Progress]:
        """Make the memory after a take again. Yields events."""
        return self._follow("make_again", take=take)

    def make_again_events(self) -> Iterator[Progress]:
        """Follow that. Yields events."""
        return self._follow("make_again_events")

    def cancel_make_again(self) -> FilmValue:
        """Stop making it again."""
        return self._do("cancel_make_again")

    def trash_film(self) -> TrashedFilm:
        """Move the film into the trash."""
        return self._ask("trash_film")

    def restore_film(self) -> FilmValue:
        """Put the film from the trash back."""
        self.id = self._do("restore_film")["id"]
        return self.state

    def delete_film(self) -> TrashedFilm:
        """Delete the film for good; it is in the trash."""
        return self._ask("delete_film")
