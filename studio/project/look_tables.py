"""Looks as JSON values and back. Unknown fields, of a newer format, are kept and written back."""

from __future__ import annotations

from collections.abc import Mapping

from studio.project.model import FIRST_FRAME, REFERENCE, ContextLook, Look
from studio.project.rules import FormatError
from studio.project.table_reader import Table, TableReader


def looks_table(looks: Mapping[str, Look]) -> Table:
    """The field of looks; without looks there is none, as in documents from before there were looks."""
    entries = {take: look_table(look) for take, look in looks.items()}
    return {"looks": entries} if entries else {}


def look_table(look: Look) -> Table:
    """A look as a JSON object."""
    return {**look.unknown, "match": look.match, "strength": look.strength, **({"context": True} if look.context else {})}


def parse_looks(table: Table, takes: Mapping[str, object]) -> Mapping[str, Look]:
    """The looks in a field, by take. Those of takes that are gone, or that match one, are left out.

    Raises:
        FormatError: a look cannot be read.
    """
    return known_looks({take: parse_look(entry) for take, entry in table.items()}, takes)


def parse_look(table: object) -> Look:
    """The look in a JSON object. Raises FormatError: it cannot be read."""
    read = TableReader(table, "look")
    match, strength = read.id("match"), read.number("strength")
    if not 0 <= strength <= 1:
        raise FormatError("look: 'strength' is out of range")
    context = read.optional("context", bool) or False
    return Look(match, strength, read.rest(), context)


def context_look_table(look: ContextLook | None) -> Table:
    """The field of the look in which a take saw the frames before it; without one there is none."""
    if look is None:
        return {}
    facts = {"match": look.match, "strength": look.strength, "gain": list(look.gain), "offset": list(look.offset)}
    return {"context_look": {**look.unknown, **facts, "latents": look.latents}}


def parse_context_look(read: TableReader) -> ContextLook | None:
    """The look in that field of a take. Raises FormatError: it cannot be read."""
    table = read.optional("context_look", dict)
    if table is None:
        return None
    own = TableReader(table, "context look")
    gain, offset = (_channels(own(name, list)) for name in ("gain", "offset"))
    return ContextLook(own.id("match"), own.number("strength"), gain, offset, own.count("latents", 1), own.rest())


def _channels(values: list[object]) -> tuple[float, ...]:
    found = tuple(float(each) for each in values if type(each) in (int, float) and abs(each) < 1e6)  # type: ignore[arg-type]
    if len(found) != 3 or len(values) != 3:
        raise FormatError("context look: three numbers are needed")
    return found


def known_looks(looks: Mapping[str, Look], takes: Mapping[str, object]) -> Mapping[str, Look]:
    """The looks of these takes that match something which is there."""
    return {take: look for take, look in looks.items()
            if take in takes and look.match != take and (look.match in (FIRST_FRAME, REFERENCE) or look.match in takes)}
