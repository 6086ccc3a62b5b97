"""Verbs of the reference picture: the file, the frame in it, the marks on it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from studio.project import edits
from studio.project.model import Frame
from studio.session import Session
from studio.ui.fields import Fields
from studio.ui.mark_fields import read_marks
from studio.ui.verbs.verb import Answer, Verb, noting, stroke
from studio.ui.words import png_data


def set_reference(session: Session, path: Path, frame: Frame | None = None) -> Answer:
    """Begin the film with a picture. Answers with the picture's id where a part of it became the frame, which may be changed."""
    session.set_reference(path, frame)
    picture = session.project.reference
    return {"frame_of": picture.sha256 if picture and session.project.frame else None}


def _begin_with_video(session: Session, fields: Fields) -> Answer:
    """Begin an empty film with a video, whose take is made at once; the note says what of it is kept."""
    note = session.begin_with_video(fields.upload("path"))
    return {"note": note} if note else {}


VERBS: Mapping[str, Verb] = {
    "set_reference": noting(
        lambda s, f: set_reference(s, f.upload("path"), f.shares("frame") if f.has("frame") else None)),
    "begin_with_video": _begin_with_video,
    "begin_from_words": noting(lambda s, f: s.begin_from_words()),
    "clear_reference": noting(lambda s, f: s.edit(edits.set_reference, None)),
    "set_frame": lambda s, f: s.set_frame(f.shares("frame") if f.has("frame") else None, stroke(f, "frame")),
    "set_marks": lambda s, f: s.set_marks(read_marks(f.table("marks")), stroke(f, "marks")),
    "subject_mask": lambda s, f: {"mask": png_data(s.subject_mask())},
}
