"""Answers the messages of the page: one verb each, of a project (`studio.ui.verbs`) or of the whole studio.

Every message names its project. Ids cannot be guessed, so a browser reaches only the projects whose ids it was given.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from studio.folders import write_problem
from studio.language import choose_language, hide_folders, localize, sentence
from studio.project import film_trash
from studio.project.film_trash import TrashedProject
from studio.project.story import StoryError
from studio.session import EditError, MediaError, ProjectSummary, Session, StoreError, Studio
from studio.session.stories import StoryChanges
from studio.session.trash import folder_size
from studio.ui import views
from studio.ui.boards import Boards
from studio.ui.fields import Fields, MessageError
from studio.ui.gallery import Sample, sample_views
from studio.ui.library_api import library_verbs
from studio.ui.model_views import ModelChoices
from studio.ui.trash_views import trash_view
from studio.ui.verbs import VERBS, Answer, Verb
from studio.ui.verbs.picture import set_reference
from studio.ui.verbs.verb import noting
from studio.ui.words import format_size, notice

log = logging.getLogger(__name__)

UNNAMED = "Untitled film"


class PageApi:
    """Answers the messages of the page."""

    def __init__(
        self, studio: Studio, samples: tuple[Sample, ...], uploads: Path, public: bool = False, remote: bool = False
    ) -> None:
        """Answer for `studio`.

        Args:
            studio: the shelf of projects.
            samples: sample stories to begin with.
            uploads: the only folder that files may come from.
            public: several people use the studio, so each is shown only the projects that they opened.
            remote: whoever uses it runs it not, so no sentence names this machine's folders. So it is where it is public.
        """
        self.studio = studio
        self.samples = {sample.id: sample for sample in samples}
        self.uploads = uploads
        self.public = public
        self.remote = remote or public
        choices = ModelChoices()
        self.boards = Boards(lambda session: views.board(
            session, self.studio.models, self.studio.presets, choices.views(self.studio.models)))
        self.verbs: Mapping[str, Verb] = {
            **VERBS,
            "use_sample": noting(lambda s, f: set_reference(s, f.one_of("sample", self.samples).picture)),
            "shelved_loras": lambda s, f: views.lora_choices(s.shelved_loras(own=self.public), self.studio.loras.max_bytes),
            "trash": lambda s, f: trash_view(s, self._thrown_away(f), self.public),
            "import_project": lambda s, f: {"project": self.studio.unpack(f.upload("path")).id},
        }

        self.films: Mapping[str, Callable[[Fields], Answer | None]] = {
            **library_verbs(studio, public),
            "begin": self._begin,
            "trash_film": lambda f: {"name": self.studio.throw_away(f.folder("film"))},
            "restore_film": lambda f: {"project": film_trash.restore(self.studio.home, f.text("key", 40)).name},
            "delete_films": self._delete_films,
        }
        """Verbs of the shelf: what they name need not be the film that the page shows."""

    def answer(self, message: Any) -> Answer:
        """Answer one message, in its language. Any error becomes a notice in the answer; nothing is raised."""
        language = choose_language(message.get("language") if isinstance(message, Mapping) else None)
        answer: Answer = self.localized(self._answer(message), language)
        return answer

    def localized(self, value: Any, language: str) -> Any:
        """JSON for a page or a caller, in its language. To people elsewhere no sentence names the machine's folders."""
        return localize(hide_folders(value) if self.remote else value, language)

    def _answer(self, message: Any) -> Answer:
        """The same in English."""
        try:
            fields = Fields(message, self.uploads)
            name = fields.text("verb", 40)
            if name == "samples":
                return {"ok": True, "answer": {"samples": sample_views(tuple(self.samples.values()))}}
            if name == "uploads":
                return {"ok": True, "answer": {"problem": self._uploads_problem(fields)}}
            if name in self.films:
                return {"ok": True, "answer": self.films[name](fields) or {}}
            verb, page = fields.one_of("verb", self.verbs), fields.optional_identifier("page")
            session = self.studio.open(fields.folder("project"))
            before = session.revision
            answer = verb(session, fields)
            reply = {"ok": True, "answer": answer if isinstance(answer, dict) else {}}
            if session.revision == before:
                return reply
            # Streams bring it to other pages, later: this one need not wait for it.
            board = self.boards.fresh(session)
            self.boards.answered(page, board)
            return reply | {"board": board}
        except (EditError, StoreError, MediaError, StoryError) as error:
            return _refusal(str(error))
        except MessageError as error:
            return _refusal(
                sentence("The page and the studio do not understand each other ({error}).", error=str(error)),
                sentence("Reload the page."))
        except Exception:
            log.exception("a message from the page could not be answered")
            return _refusal(
                sentence("Something unexpected went wrong. Nothing already made is lost."),
                sentence("Try again; the log of the studio says what happened."),
            )

    def open(self, project: str | None) -> Session:
        """The project of this id. None: the one that was changed last, or a new one on a shared studio.

        Raises:
            StoreError: it is not there, or unreadable.
            EditError: a new one cannot be made.
        """
        if project is not None:
            return self.studio.open(project)
        recent = () if self.public else self.studio.list()
        return self.studio.open(recent[0].id) if recent else self.studio.create()

    def _uploads_problem(self, fields: Fields) -> str:
        """Why an upload cannot be stored at present, for an artist whose upload failed; "" if they can. Visitors see no paths."""
        problem = write_problem(self.uploads)
        if not problem:
            return self._room_problem(fields.integer("size", 0, 2**60) if fields.has("size") else 0)
        if self.remote:
            return sentence("This studio cannot store uploads at present: tell whoever runs it. The film is as it was.")
        return sentence(
            "Uploads cannot be stored in {folder}: {problem}. Change that, or start the studio again with GRADIO_TEMP_DIR "
            "set to another folder. The film is as it was.", folder=self.uploads, problem=problem)

    def _room_problem(self, size: int) -> str:
        """Why so many bytes may not be kept here; "" if they may."""
        try:
            self.studio.check_room(size)
        except MediaError as error:
            return str(error)
        return ""

    def _thrown_away(self, fields: Fields) -> list[TrashedProject]:
        """The projects in the trash, on a shared studio those that the browser knows."""
        known = frozenset(fields.folders("known")) if self.public else None
        return [each for each in film_trash.list_trash(self.studio.home) if known is None or each.summary.id in known]

    def _delete_films(self, fields: Fields) -> Answer:
        """Delete projects in the trash for good."""
        keys = fields.texts("keys", 500)
        wanted = [each for each in film_trash.list_trash(self.studio.home) if each.key in keys]
        size = sum(folder_size(each.summary.folder) for each in wanted)
        film_trash.delete(self.studio.home, keys)
        return {"freed": format_size(size)}

    def _begin(self, fields: Fields) -> Answer:
        """A new project, from a sample story or empty. An empty project that is there already is used again."""
        if fields.has("sample"):
            sample = fields.one_of("sample", self.samples)
            return {"project": self._open_sample(sample).id}
        empty = () if self.public else [s for s in self.studio.list() if _is_empty(s)]
        return {"project": empty[0].id if empty else self.studio.create().id}

    def _open_sample(self, sample: Sample) -> Session:
        """A new project of a sample: with its takes, where the model that made them can go on; else the story to be rendered."""
        if sample.film:
            session = self.studio.open_packed(sample.film)
            if any(card.name == session.project.model and card.state == "ready" for card in self.studio.models):
                return session
            self.studio.discard(session)
        return self.studio.from_story(sample.story.path, changes=StoryChanges(any_size=True))


def _is_empty(summary: ProjectSummary) -> bool:
    return summary.poster is None and summary.name == UNNAMED


def _refusal(message: str, remedy: str = "") -> Answer:
    return {"ok": False, "notice": notice(message, remedy)}
