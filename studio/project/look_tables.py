"""Looks as JSON values and back. Unknown fields, of a newer format, are kept and written back."""

from __future__ import annotations

from collections.abc import Mapping

from studio.project.look_edits import known_looks
from studio.project.model import Look
from studio.project.rules import FormatError
from studio.project.table_reader import Table, TableReader


def looks_table(looks: Mapping[str, Look]) -> Table:
    """The field of looks; without looks there is none, as in documents from before there were looks."""
    entries = {take: {**look.unknown, "match": look.match, "strength": look.strength} for take, look in looks.items()}
    return {"looks": entries} if entries else {}


def parse_looks(table: Table, takes: Mapping[str, object]) -> Mapping[str, Look]:
    """The looks in a field, by take. Those of takes that are gone, or that match one, are left out.

    Raises:
        FormatError: a look cannot be read.
    """
    return known_looks({take: _look(entry) for take, entry in table.items()}, takes)


def _look(table: object) -> Look:
    read = TableReader(table, "look")
    match, strength = read.id("match"), read.number("strength")
    if not 0 <= strength <= 1:
        raise FormatError("look: 'strength' is out of range")
    return Look(match, strength, read.rest())
