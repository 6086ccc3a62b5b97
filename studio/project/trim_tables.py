"""Trims as JSON values and back. Unknown fields, of a newer format, are kept and written back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from studio.project.model import Loop, Trim
from studio.project.rules import FormatError
from studio.project.table_reader import Table, TableReader

LOOPS: tuple[Loop, ...] = get_args(Loop)
MOST_TIMES = 20
"""How often a take can be played in a row."""


def trims_table(trims: Mapping[str, Trim]) -> Table:
    """The field of trims; without trims there is none, as in documents from before there were any."""
    entries = {take: trim_table(trim) for take, trim in trims.items()}
    return {"trims": entries} if entries else {}


def trim_table(trim: Trim) -> Table:
    """A trim as a JSON object."""
    return {**trim.unknown, "first": trim.first, "end": trim.end, "loop": trim.loop, "times": trim.times}


def parse_trims(table: Table, takes: Mapping[str, object]) -> Mapping[str, Trim]:
    """The trims in a field, by take. Those of takes that are gone are left out.

    Raises:
        FormatError: a trim cannot be read.
    """
    return {take: parse_trim(entry) for take, entry in table.items() if take in takes}


def parse_trim(table: object) -> Trim:
    """The trim in a JSON object. Raises FormatError: it cannot be read."""
    read = TableReader(table, "trim")
    first, end, loop, times = read.count("first"), read.count("end"), read("loop", str), read.count("times", 1)
    if (end and end <= first) or loop not in LOOPS or times > MOST_TIMES:
        raise FormatError("trim: a value is out of range")
    return Trim(first, end, loop, times, read.rest())
