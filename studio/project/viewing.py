"""A film that another studio changes while this one only shows it."""

from __future__ import annotations

from pathlib import Path

from studio.disk import identity
from studio.project.codec import parse_document
from studio.project.files import StoreError, read_json
from studio.project.folder_care import DOCUMENT
from studio.project.model import Project


class ViewedFilm:
    """The document of a film that another studio saves."""

    def __init__(self, folder: Path) -> None:
        """`folder`: of the film. Nothing is read yet."""
        self._path = folder / DOCUMENT
        self._seen: tuple[int, ...] | None = None       # which file was read last

    def read_change(self) -> Project | None:
        """The project, if it was saved since this last gave one; None: it was not, or it cannot be read now."""
        found = identity(self._path)
        if found == self._seen:
            return None
        try:
            project, _ = parse_document(self._path, read_json(self._path))
        except (OSError, ValueError, StoreError):       # the next call tries again
            return None
        self._seen = found
        return project
