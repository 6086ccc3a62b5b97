"""What the artist can do from the page: one entry per verb, which reads the message's fields and calls the session.

Every message names its project. Ids cannot be guessed, so a browser reaches only the projects whose ids it was given.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from studio.folders import write_problem
from studio.project import edits
from studio.project.limits import SECTIONS
from studio.project.story import StoryError
from studio.session import EditError, MediaError, ProjectSummary, Session, StoreError, Studio
from studio.session.models import lost_marks
from studio.session.stories import StoryChanges
from studio.ui import views
from studio.ui.fields import Fields, MessageError
from studio.ui.gallery import Sample, sample_views
from studio.ui.mark_fields import read_marks
from studio.ui.words import file_url, notice, png_data

Answer = dict[str, Any]
Verb = Callable[[Session, Fields], Answer | None]

log = logging.getLogger(__name__)

UNNAMED = "Untitled film"


class PageApi:
    """Answers the messages of the page."""

    def __init__(self, studio: Studio, samples: tuple[Sample, ...], uploads: Path, public: bool = False) -> None:
        """Answer for `studio`.

        Args:
            studio: the shelf of projects.
            samples: sample stories to begin with.
            uploads: the only folder that files may come from.
            public: several people use the studio, so each is shown only the projects that they opened.
        """
        self.studio = studio
        self.samples = {sample.id: sample for sample in samples}
        self.uploads = uploads
        self.public = public
        self.verbs: Mapping[str, Verb] = {
            "rename": lambda s, f: s.edit_in_stroke(_stroke(f, "name"), edits.rename, f.text("name")),
            "set_size": _noting(lambda s, f: s.set_size((f.integer("width", 16, 8192), f.integer("height", 16, 8192)))),
            "set_model": _noting(lambda s, f: s.set_model(f.text("name", 100))),
            "apply_preset": lambda s, f: s.apply_preset(f.text("name", 100)),
            "set_reference": _noting(lambda s, f: _set_reference(s, f.upload("path", self.uploads))),
            "use_sample": _noting(lambda s, f: _set_reference(s, f.one_of("sample", self.samples).story.image)),
            "clear_reference": _noting(lambda s, f: s.edit(edits.set_reference, None)),
            "set_frame": lambda s, f: s.set_frame(f.shares("frame") if f.has("frame") else None, _stroke(f, "frame")),
            "set_marks": lambda s, f: s.set_marks(read_marks(f.table("marks")), _stroke(f, "marks")),
            "subject_mask": lambda s, f: {"mask": png_data(s.subject_mask())},
            "add_segment": _add_segment,
            "edit_segment": _edit_segment,
            "remove_segment": lambda s, f: s.edit(edits.remove_segment, _index(s, f)),
            "move_segment": lambda s, f: s.edit(edits.move_segment, _index(s, f), f.integer("to", 0, 10_000)),
            "shelved_loras": lambda s, f: views.lora_choices(s.shelved_loras(own=self.public), self.studio.loras.max_bytes),
            "add_lora": lambda s, f: {"aside": s.add_lora(_index(s, f), f.upload("path", self.uploads), f.text("name", 1000))},
            "use_lora": lambda s, f: s.use_lora(_index(s, f), f.identifier("lora")),
            "weigh_lora": _set_lora_strength,
            "spread_lora": lambda s, f: s.edit(edits.spread_lora, _index(s, f), f.identifier("lora")),
            "drop_lora": lambda s, f: s.edit(edits.drop_lora, _index(s, f), f.identifier("lora")),
            "rewind": lambda s, f: s.edit(edits.rewind, f.optional_identifier("take")),
            "branch": lambda s, f: s.edit(edits.branch, f.optional_identifier("take")),
            "switch": lambda s, f: s.edit(edits.switch, f.identifier("branch")),
            "drop_branch": lambda s, f: s.edit(edits.drop_branch, f.identifier("branch")),
            "rename_branch": lambda s, f: s.edit(edits.rename_branch, f.identifier("branch"), f.text("name")),
            "undo": lambda s, f: s.undo(),
            "redo": lambda s, f: s.redo(),
            "generate_next": lambda s, f: s.jobs.generate_next(),
            "generate_all": lambda s, f: s.jobs.generate_all(),
            "retake": lambda s, f: s.jobs.retake(f.identifier("take")),
            "finish": lambda s, f: s.jobs.finish(f.identifier("take")),
            "cancel": lambda s, f: s.jobs.cancel(),
            "dismiss": lambda s, f: s.dismiss(f.text("finding")),
            "film": _film,
            "export": self._export,
            "import_project": lambda s, f: {"project": self.studio.unpack(f.upload("path", self.uploads)).id},
        }

    def answer(self, message: Any) -> Answer:
        """Answer one message. Any error becomes a notice in the answer; nothing is raised."""
        try:
            fields = Fields(message)
            name = fields.text("verb", 40)
            if name == "projects":
                return {"ok": True, "answer": self._projects(fields)}
            if name == "samples":
                return {"ok": True, "answer": {"samples": sample_views(tuple(self.samples.values()))}}
            if name == "uploads":
                return {"ok": True, "answer": {"problem": self._uploads_problem()}}
            if name == "begin":
                return {"ok": True, "answer": self._begin(fields)}
            verb = fields.one_of("verb", self.verbs)
            answer = verb(self.studio.open(fields.folder("project")), fields)
            return {"ok": True, "answer": answer if isinstance(answer, dict) else {}}
        except (EditError, StoreError, MediaError, StoryError) as error:
            return _refusal(str(error))
        except MessageError as error:
            return _refusal(f"The page and the studio do not understand each other ({error}).", "Reload the page.")
        except Exception:
            log.exception("a message from the page could not be answered")
            return _refusal(
                "Something unexpected went wrong. Nothing already made is lost.",
                "Try again; the log of the studio says what happened.",
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

    def _uploads_problem(self) -> str:
        """Why uploads cannot be stored at present, for an artist whose upload failed; "" if they can. Visitors see no paths."""
        problem = write_problem(self.uploads)
        if not problem:
            return ""
        if self.public:
            return "This studio cannot store uploads at present: tell whoever runs it. The film is as it was."
        return (
            f"Uploads cannot be stored in {self.uploads}: {problem}. Change that, or start the studio again with GRADIO_TEMP_DIR "
            "set to another folder. The film is as it was."
        )

    def _projects(self, fields: Fields) -> Answer:
        """The projects to choose from, without empty ones other than the open one."""
        known = frozenset(fields.folders("known")) if self.public else None
        current = fields.folder("project") if fields.has("project") else None
        mine = [s for s in self.studio.list() if known is None or s.id in known]
        return {"projects": views.project_choices(s for s in mine if s.id == current or not _is_empty(s))}

    def _begin(self, fields: Fields) -> Answer:
        """A new project, from a sample story or empty. An empty project that is there already is used again."""
        if fields.has("sample"):
            path = fields.one_of("sample", self.samples).story.path
            return {"project": self.studio.from_story(path, changes=StoryChanges(any_size=True)).id}
        empty = () if self.public else [s for s in self.studio.list() if _is_empty(s)]
        return {"project": empty[0].id if empty else self.studio.create().id}

    def _export(self, session: Session, fields: Fields) -> Answer:
        """Export a film, a take or the project; answers with the URL of the file, and with what is to be said about it."""
        what, aside = fields.text("what", 20), ""
        if what == "film":
            audio = fields.upload("audio", self.uploads) if fields.has("audio") else None
            title = fields.text("title") if fields.has("title") else None
            fade = fields.number("fade", 0, 10) if fields.has("fade") else 0.0
            path = session.films.export_film(title=title or None, fade=fade, audio=audio)
            aside = session.films.fade_aside(fade, title)
        elif what == "project":
            path = session.films.export_project()
        else:
            path = session.films.export_take(fields.identifier("take"), kind=what)
        return {"url": file_url(path), "file": path.name, **({"aside": aside} if aside else {})}


def _is_empty(summary: ProjectSummary) -> bool:
    return summary.poster is None and summary.name == UNNAMED


def _refusal(message: str, remedy: str = "") -> Answer:
    return {"ok": False, "notice": notice(message, remedy)}


def _index(session: Session, fields: Fields) -> int:
    """The index of the segment that the message names by its id: another tab may have added one before it."""
    wanted = fields.identifier("segment")
    for index, segment in enumerate(session.project.current().segments):
        if segment.id == wanted:
            return index
    raise EditError("This segment is not on the current branch any more. Nothing was changed.")


def _set_reference(session: Session, path: Path) -> Answer:
    """Answers with the picture's id where a part of it became the frame, which the artist may want to change."""
    session.set_reference(path)
    picture = session.project.reference
    return {"frame_of": picture.sha256 if picture and session.project.frame else None}


def _noting(verb: Verb) -> Verb:
    """The verb, whose answer also has a note on marks that went with the picture, the size or the model before."""

    def run(session: Session, fields: Fields) -> Answer:
        before = session.project
        answer = verb(session, fields)
        note = lost_marks(before, session.project)
        return {**(answer or {}), **({"note": note} if note else {})}

    return run


def _add_segment(session: Session, fields: Fields) -> None:
    session.edit(edits.add_segment, _index(session, fields) + 1 if fields.has("segment") else None)


def _edit_segment(session: Session, fields: Fields) -> None:
    changes: edits.SegmentChanges = {}
    if fields.has("prompt"):
        changes["prompt"] = fields.text("prompt")
    if fields.has("sections"):
        changes["frames"] = fields.integer("sections", 1, SECTIONS) * session.project.clock.section_frames
    if fields.has("seed"):
        changes["seed"] = fields.integer("seed", 0, 2**53)
    if fields.flag("dice"):
        changes["seed"] = None
    if changes:
        index = _index(session, fields)
        session.edit_in_stroke(_stroke(fields, f"{index} {sorted(changes)}"), edits.edit_segment, index, **changes)


def _set_lora_strength(session: Session, fields: Fields) -> None:
    index, lora, strength = _index(session, fields), fields.identifier("lora"), fields.number("strength", -2, 2)
    session.edit_in_stroke(_stroke(fields, f"{index} {lora}"), edits.set_lora_strength, index, lora, strength)


def _stroke(fields: Fields, field: str) -> str | None:
    """A name for typing in one visit to `field`, if the message belongs to such a visit: see `Document.edit_in_stroke`."""
    stroke = fields.optional_identifier("stroke")
    return stroke and f"{field} {stroke}"


def _film(session: Session, fields: Fields) -> Answer:
    """The film up to the head."""
    path = session.films.film()
    return {"url": file_url(path), "head": session.project.head}
