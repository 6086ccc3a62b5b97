"""Verbs of the LoRAs on a segment."""

from __future__ import annotations

from collections.abc import Mapping

from studio.project import edits
from studio.session import Session
from studio.ui.fields import Fields
from studio.ui.verbs.verb import Verb, index, stroke


def _strength(fields: Fields) -> float | None:
    return fields.number("strength", -2, 2) if fields.has("strength") else None


def _set_strength(session: Session, fields: Fields) -> None:
    at, lora, strength = index(session, fields), fields.identifier("lora"), fields.number("strength", -2, 2)
    session.edit_in_stroke(stroke(fields, f"{at} {lora}"), edits.set_lora_strength, at, lora, strength)


VERBS: Mapping[str, Verb] = {
    "add_lora": lambda s, f: {"aside": s.add_lora(index(s, f), f.upload("path"), f.text("name", 1000), _strength(f))},
    "use_lora": lambda s, f: s.use_lora(index(s, f), f.identifier("lora"), _strength(f)),
    "weigh_lora": _set_strength,
    "spread_lora": lambda s, f: s.edit(edits.spread_lora, index(s, f), f.identifier("lora")),
    "drop_lora": lambda s, f: s.edit(edits.drop_lora, index(s, f), f.identifier("lora")),
}
