"""Verbs of a choice between takes: auditions, stars, the trash, the contact sheet."""

from __future__ import annotations

from collections.abc import Mapping

from studio.project import choices, trash
from studio.project.auditions import MOST, Variations
from studio.session import Session
from studio.session import trash as emptying
from studio.ui.fields import Fields
from studio.ui.trash_views import kept_note
from studio.ui.verbs.verb import Answer, Verb
from studio.ui.words import file_url, format_size


def _audition(session: Session, fields: Fields) -> None:
    variations = Variations(
        seeds=fields.integer("seeds", 1, MOST) if fields.has("seeds") else 1,
        prompts=tuple(fields.texts("prompts", MOST)) if fields.has("prompts") else (),
        lora=fields.identifier("lora") if fields.has("lora") else "",
        strengths=tuple(fields.numbers("strengths", MOST)) if fields.has("strengths") else (),
    )
    presets = fields.texts("presets", MOST) if fields.has("presets") else []
    session.audition(fields.optional_identifier("take"), variations, presets)


def _contact_sheet(session: Session, fields: Fields) -> Answer:
    path = session.films.contact_sheet(fields.identifiers("takes"))
    return {"url": file_url(path), "file": path.name}


def _empty_trash(session: Session, fields: Fields) -> Answer:
    """Delete for good: the takes and branches that the message names."""
    takes = fields.identifiers("takes", 10_000) if fields.has("takes") else []
    branches = fields.identifiers("branches", 10_000) if fields.has("branches") else []
    emptied = emptying.empty(session, takes, branches)
    return {"freed": format_size(emptied.size), **({"note": kept_note(emptied.kept)} if emptied.kept else {})}


VERBS: Mapping[str, Verb] = {
    "audition": _audition,
    "use_take": lambda s, f: s.edit(choices.use_take, f.identifier("take")),
    "star": lambda s, f: s.edit(choices.set_star, f.identifier("take"), f.flag("star")),
    "drop_takes": lambda s, f: s.edit(choices.drop_takes, f.identifiers("takes")),
    "restore_takes": lambda s, f: s.edit(choices.restore_takes, f.identifiers("takes")),
    "restore_branch": lambda s, f: s.edit(trash.restore_branch, f.identifier("branch")),
    "empty_trash": _empty_trash,
    "contact_sheet": _contact_sheet,
}
