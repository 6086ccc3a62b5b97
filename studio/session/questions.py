"""Questions about a take that the engine answers by making sections that become no takes.

What is made for an answer lies in the project's films, which can be made again; the oldest answers are removed.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from studio.catalogue.cards import ModelCard
from studio.engine import take_folder
from studio.engine.events import RenderRequest
from studio.language import sentence
from studio.project.model import Project, Take
from studio.project.store import StoreError
from studio.project.wildcards import Wildcards
from studio.session.document import Document
from studio.session.estimates import Estimator
from studio.session.job_manager import EngineProtocol
from studio.session.loras import LoraShelf
from studio.session.render_job import NOTHING_LOST
from studio.session.side_jobs import SideJobs, View


@dataclass(frozen=True)
class Offer:
    """What a question about a take would be."""

    take: str
    problem: str = ""              # why it cannot be asked, in a sentence
    seconds: float | None = None   # that the answer takes, at most; None: not known


class Questions(SideJobs[View]):
    """The questions of one kind about the takes of one document, one at a time."""

    FOLDER: ClassVar[str]
    """Where the answers lie, in the project's films."""
    KEPT: ClassVar[int]
    """Answers that are kept in the project's folder."""

    def __init__(
        self, document: Document, engine: EngineProtocol, cards: Mapping[str, ModelCard], loras: LoraShelf, wildcards: Wildcards
    ) -> None:
        """Ask for takes of `document` on `engine`; see `JobManager`."""
        super().__init__(document, engine, cards, loras, wildcards)
        self._estimator = Estimator(engine.rates)
        self._folder: Path | None = None       # of the question that is open, or of the last one

    def _ask(self, view: View, folder: Path, requests: Iterator[RenderRequest]) -> str:
        """Begin to answer a question in its folder, see `_make_folders`; returns its id. The document's lock is held."""
        self._folder = folder
        return self._begin(view, requests)

    def _answers(self) -> Path:
        return self._document.store.films / self.FOLDER

    def _folder_of(self, *facts: object) -> Path:
        """The folder of a question, named by all that its answer depends on."""
        return self._answers() / hashlib.sha256(repr(facts).encode()).hexdigest()[:16]

    def _make_folders(self, folder: Path, names: Iterable[str] = ()) -> list[Path]:
        """Make the folder of a question anew, with a folder for each of its sections, and remove the oldest answers.

        Raises:
            StoreError: one cannot be made.
        """
        shutil.rmtree(folder, ignore_errors=True)
        others = [path for path in folder.parent.glob("*") if path != folder]
        for path in sorted(others, key=lambda path: path.stat().st_mtime)[: 1 - self.KEPT]:
            shutil.rmtree(path, ignore_errors=True)
        places = [folder / name for name in names]
        try:
            for place in (folder, *places):
                place.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(sentence(
                "The folder for the question cannot be made ({reason}). {nothing_lost}",
                reason=error.strerror, nothing_lost=NOTHING_LOST)) from error
        return places

    def _clear(self) -> None:
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _seconds(self, project: Project, take: Take, sections: int) -> float | None:
        """Seconds that so many sections like those of a take need; None: not known."""
        alike = replace(project, model=take.model, size=take.size)
        return self._estimator.seconds(alike, sections, take.settings.steps)

    def _has_snapshot(self, take: str) -> bool:
        return (self._document.store.take_folder(take) / take_folder.SNAPSHOT).is_file()
