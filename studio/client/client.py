"""A studio as a program sees it: what it has, its films, and its trash of films."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from studio.client.connection import Connection, upload
from studio.client.film import Film

if TYPE_CHECKING:
    from studio.api.studio_values import About, FilmName, MarkReading, TrashedFilm


class Client(Connection):
    """A studio at an address."""

    def about(self) -> About:
        """Its models, presets and samples, and whether its engine is ready."""
        return cast("About", self.call("about"))

    def films(
        self, words: str = "", known: Sequence[str] | None = None, tag: str = "", order: str = "changed"
    ) -> list[FilmName]:
        """Films whose names, tags or prompts have these words. A shared studio lists only those with `known` ids."""
        listed = None if known is None else list(known)
        return cast("list[FilmName]", self.call("films", words=words, known=listed, tag=tag, order=order))

    def trashed_films(self, known: Sequence[str] | None = None) -> list[TrashedFilm]:
        """Films in the trash. A shared studio lists only those that had `known` ids."""
        return cast("list[TrashedFilm]", self.call("trashed_films", known=None if known is None else list(known)))

    def restore_film(self, film: str) -> Film:
        """Put a film from the trash back, by the id that it had."""
        return Film(self, self.call("restore_film", film=film))

    def delete_film(self, film: str) -> TrashedFilm:
        """Delete a film in the trash for good, by the id that it had."""
        return cast("TrashedFilm", self.call("delete_film", film=film))

    def create(self, name: str = "Untitled film", **settings: Any) -> Film:
        """A new film; `settings`: model, width, height, preset, style, cast."""
        return Film(self, self.call("create", name=name, **settings))

    def film(self, film: str) -> Film:
        """The film of an id."""
        return Film(self, self.call("status", film=film))

    def open_sample(self, sample: str) -> Film:
        """A new film of a sample story."""
        return Film(self, self.call("open_sample", sample=sample))

    def import_film(self, file: str | Path) -> Film:
        """A new film from a project ZIP of this machine."""
        return Film(self, self.call("import_film", file=upload(file)))

    def open_file(self, file: str | Path, known: Sequence[str] | None = None) -> tuple[Film, str | None] | None:
        """The film, and its take, that an exported file of this machine leads to; None: to none."""
        found = self.call("open_file", file=upload(file), known=None if known is None else list(known))
        return (Film(self, found["film"]), found["take"]) if found["film"] else None

    def read_mark(self, file: str | Path, known: Sequence[str] | None = None) -> MarkReading:
        """What of the invisible mark is in a video of this machine. A shared studio names only films with `known` ids."""
        return cast("MarkReading", self.call("read_mark", file=upload(file), known=None if known is None else list(known)))
