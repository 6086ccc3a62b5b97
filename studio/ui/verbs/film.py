"""Verbs of the whole film: its name, size, model and preset, undo, the joined film, exports."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from studio.language import join
from studio.project import edits
from studio.project.model import RenderSettings
from studio.project.thinning import EVERY
from studio.session import Session
from studio.session.exports.exports import Options
from studio.ui.disk_views import disk_view
from studio.ui.fields import Fields
from studio.ui.prompt_views import style_views
from studio.ui.verbs.verb import Answer, Verb, noting, stroke
from studio.ui.words import file_url, finding_key, format_size


def _film(session: Session, fields: Fields) -> Answer:
    """The film up to the head."""
    path = session.films.film()
    return {"url": file_url(path), "head": session.project.head}


class Exported(NamedTuple):
    """An exported file, what is to be said about it, and the file beside it."""

    path: Path
    aside: str = ""
    beside: Path | None = None


def export(session: Session, fields: Fields) -> Exported:
    """Export a film, a take or the project."""
    what = fields.text("what", 20)
    if what == "film":
        audio = fields.upload("audio") if fields.has("audio") else None
        title = fields.text("title") if fields.has("title") else None
        fade = fields.number("fade", 0, 10) if fields.has("fade") else 0.0
        fps = fields.integer("rate", 1, 240) if fields.has("rate") else None
        label = fields.text("label") if fields.has("label") else ""
        marked = fields.flag("invisible_mark")
        path = session.films.export_film(title or None, fade, audio, fps, fields.flag("blend"), label, marked)
        beside = session.films.sidecar(path) if fields.flag("sidecar") else None
        asides = [session.films.fade_aside(fade, title), session.films.mark_aside(path) if marked else ""]
        return Exported(path, join(*filter(None, asides)), beside)
    if what == "project":
        return Exported(session.films.export_project())
    if what in session.exports.kinds:
        first = fields.integer("first", 0, 999_999) if fields.has("first") else 1
        paper = fields.text("paper", 20) if fields.has("paper") else "a4"
        made = session.exports.make(what, Options(first=first, paper=paper))
        return Exported(made.path, made.aside)
    return Exported(session.films.export_take(fields.identifier("take"), kind=what))


def _dismiss(session: Session, fields: Fields) -> None:
    """Remove a finding that the artist has read; one that is gone already stays gone."""
    key = fields.text("finding", 40)
    for finding in session.findings:
        if finding_key(finding) == key:
            session.dismiss(finding)


def _export(session: Session, fields: Fields) -> Answer:
    """Export; answers with the URL of the file, and with what is to be said about it."""
    path, aside, beside = export(session, fields)
    return {"url": file_url(path), "file": path.name, **({"aside": aside} if aside else {}), "beside": file_url(beside)}


def _thin(session: Session, fields: Fields) -> Answer:
    """Remove the memory that takes can do without; answers with how much room that made."""
    return {"freed": format_size(session.snapshots.thin(fields.integer("every", *EVERY)))}


def _save_preset(session: Session, fields: Fields) -> None:
    """Save settings as a preset of the artist's own, and set the film to it."""
    cache = fields.number("cache", 0, 1) if fields.has("cache") else 0.0
    rule = fields.text("rule", 40) if fields.has("rule") else RenderSettings.cache_rule
    guidance = fields.number("guidance", 0, 100) if fields.has("guidance") else session.project.settings.guidance
    session.save_preset(fields.text("title", 200), fields.integer("steps", 1, 200), guidance, cache, rule)


def _remove_preset(session: Session, fields: Fields) -> None:
    """Remove a preset of the artist's own."""
    session.presets.remove(fields.text("name", 200))
    session.notify()


VERBS: Mapping[str, Verb] = {
    "rename": lambda s, f: s.edit_in_stroke(stroke(f, "name"), edits.rename, f.text("name")),
    "set_style": lambda s, f: s.edit_in_stroke(stroke(f, "style"), edits.set_style, f.text("style")),
    "set_cast": lambda s, f: s.edit_in_stroke(stroke(f, "cast"), edits.set_cast, f.text("cast")),
    "film_styles": lambda s, f: style_views(*s.styles.find()),
    "use_style": lambda s, f: s.edit(edits.use_style, s.styles.named(f.text("style", 200))),
    "set_size": noting(lambda s, f: s.set_size((f.integer("width", 16, 8192), f.integer("height", 16, 8192)))),
    "set_model": noting(lambda s, f: s.set_model(f.text("name", 100))),
    "apply_preset": lambda s, f: s.apply_preset(f.text("name", 100)),
    "weigh": lambda s, f: disk_view(s, f.integer("every", *EVERY)),
    "thin": _thin,
    "make_again": lambda s, f: s.snapshots.make_again(f.identifier("take")),
    "save_preset": _save_preset,
    "remove_preset": _remove_preset,
    "undo": lambda s, f: s.undo(),
    "redo": lambda s, f: s.redo(),
    "dismiss": _dismiss,
    "film": _film,
    "export": _export,
}
