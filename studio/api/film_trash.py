"""The functions that are about the trash of whole films. A film in it is called by the id that it had."""

from __future__ import annotations

from studio.api.calls import Calls
from studio.api.errors import ApiError
from studio.api.film_values import film_value
from studio.api.studio_values import TrashedFilm
from studio.api.values import Film
from studio.language import sentence
from studio.project import film_trash
from studio.project.film_trash import TrashedProject
from studio.session.trash import folder_size


class FilmTrashCalls(Calls):
    """Functions on films in the trash."""

    def trash_film(self, film: str) -> TrashedFilm:
        """Move a film into the trash. Pages that show it say so.

        Returns:
            The film in the trash.
        """
        with self._answering(film) as session:
            self.page.films["trash_film"](self._fields({"film": session.id}))
            return _value(self._trashed(session.id))

    def trashed_films(self, known: list[str] | None = None) -> list[TrashedFilm]:
        """List the films in the trash, the one that was moved there last first.

        Args:
            known: ids that films had; on a shared studio only these are listed.

        Returns:
            The films.
        """
        with self._answering(None):
            return [_value(each) for each in film_trash.list_trash(self.page.studio.home)
                    if (known is None and not self.page.public) or each.summary.id in (known or ())]

    def restore_film(self, film: str) -> Film:
        """Put a film from the trash back.

        Args:
            film: the id that it had.

        Returns:
            The film; it has another id, if the one that it had is another film's by now.
        """
        with self._answering(None):
            answer = self.page.films["restore_film"](self._fields({"key": self._trashed(film).key})) or {}
            return film_value(self._open(answer["project"]))

    def delete_film(self, film: str) -> TrashedFilm:
        """Delete a film in the trash for good. This cannot be undone.

        Args:
            film: the id that it had.

        Returns:
            What was deleted.
        """
        with self._answering(None):
            trashed = self._trashed(film)
            deleted = _value(trashed)
            self.page.films["delete_films"](self._fields({"keys": [trashed.key]}))
            return deleted

    def _trashed(self, film: str) -> TrashedProject:
        """The film in the trash that had this id, the last one of several. Raises ApiError: there is none."""
        wanted = self._fields({"film": film}).folder("film")
        for each in film_trash.list_trash(self.page.studio.home):
            if each.summary.id == wanted:
                return each
        raise ApiError("not_found", sentence("This film is not in the trash any more. Look at the trash again."))


def _value(film: TrashedProject) -> TrashedFilm:
    return {"id": film.summary.id, "name": film.summary.name, "when": film.when, "bytes": folder_size(film.summary.folder)}
