"""What is pinned and forgotten as JSON values and back. Without any, nothing is written, as in older documents."""

from __future__ import annotations

from typing import Literal

from studio.project.memory_edits import CELLS
from studio.project.rules import FormatError
from studio.project.table_reader import Table, TableReader


def pins_table(pins: tuple[str, ...], forgotten: tuple[str, ...]) -> Table:
    """The fields of pinned and of forgotten takes."""
    return {**({"pins": list(pins)} if pins else {}), **({"forgotten": list(forgotten)} if forgotten else {})}


def parse_pins(read: TableReader, name: Literal["pins", "forgotten"] = "pins") -> tuple[str, ...]:
    """The ids in one of those fields. Raises FormatError: one is none."""
    takes = read.optional(name, list) or []
    if not all(isinstance(take, str) for take in takes):
        raise FormatError(f"'{name}' must be ids of takes")
    return tuple(dict.fromkeys(takes))


def forget_table(cells: tuple[int, ...]) -> Table:
    """The field of cells that are forgotten."""
    return {"forget": list(cells)} if cells else {}


def parse_forget(read: TableReader) -> tuple[int, ...]:
    """The cells in that field. Raises FormatError: one is none."""
    cells = read.optional("forget", list) or []
    if not all(type(cell) is int and 0 <= cell < CELLS for cell in cells):
        raise FormatError("segment: 'forget' must be cells of a map")
    return tuple(sorted(set(cells)))
