"""The functions that are about the library of films: tags, copies, films that come from files, and samples."""

from __future__ import annotations

from studio.api.calls import Calls, upload_path
from studio.api.film_values import film_value
from studio.api.studio_values import MarkReading, Opened
from studio.api.values import Film, Upload


class LibraryCalls(Calls):
    """Functions on the library."""

    def tag_film(self, film: str, tags: list[str]) -> Film:
        """Give a film tags by which it is found, instead of those that it has.

        Args:
            tags: at most 20, of at most 40 characters each.
        """
        with self._answering(film) as session:
            self.page.films["tag_film"](self._fields({"film": session.id, "tags": tags}))
            return film_value(session)

    def duplicate_film(self, film: str) -> Film:
        """Copy a film with all its takes.

        Returns:
            The copy.
        """
        with self._answering(film) as session:
            answer = self.page.films["duplicate_film"](self._fields({"film": session.id})) or {}
            return film_value(self._open(answer["project"]))

    def import_film(self, file: Upload) -> Film:
        """Open a film that export wrote as a project, a ZIP, as a film of this studio.

        Args:
            file: the uploaded ZIP.

        Returns:
            The new film.
        """
        with self._answering(None):
            return film_value(self.page.studio.unpack(self._fields({"file": upload_path(file)}).upload("file")))

    def open_file(self, file: Upload, known: list[str] | None = None) -> Opened:
        """Find the film, and the take of it, that an exported film, GIF, WebP, contact sheet or sidecar comes from.

        Where it is not here, what the file says that it was made of is opened as a new film; resume makes it again.

        Args:
            file: the uploaded file.
            known: ids of films; on a shared studio only these are found.

        Returns:
            The film, or none.
        """
        with self._answering(None):
            known = [] if known is None else known
            answer = self.page.films["open_file"](self._fields({"path": upload_path(file), "known": known})) or {}
            film = film_value(self._open(answer["project"])) if answer else None
            return {"film": film, "take": answer.get("take")}

    def read_mark(self, file: Upload, known: list[str] | None = None) -> MarkReading:
        """Say whether a video bears the invisible mark of films that were exported with it, also after it was coded again.

        Args:
            file: the uploaded video.
            known: ids of films; on a shared studio only these are named.

        Returns:
            What was found.
        """
        with self._answering(None):
            answer = self.page.films["read_mark"](self._fields({"path": upload_path(file), "known": known or []})) or {}
            return {"found": answer["found"], "number": answer["number"], "score": answer["score"], "least": answer["least"],
                    "films": answer["films"]}

    def open_sample(self, sample: str) -> Film:
        """Create a film of a sample story: with its takes where a model here can go on from them, else to be generated.

        Args:
            sample: the sample's name; see about.

        Returns:
            The new film.
        """
        with self._answering(None):
            answer = self.page.films["begin"](self._fields({"sample": sample})) or {}
            return film_value(self._open(answer["project"]))
