"""What is pinned and forgotten as JSON values and back. Without any, nothing is written, as in older documents."""

from __future__ import annotations

from studio.project.memory_edits import CELLS
from studio.project.rules import FormatError
from studio.project.table_reader import Table, TableReader


def pins_table(pins: tuple[str, ...]) -> Table:
    """The field of pinned takes."""
    return {"pins": list(pins)} if pins else {}


def parse_pins(read: TableReader) -> tuple[str, ...]:
    """The ids in that field. Raises FormatError: one is none."""
    pins = read.optional("pins", list) or []
    if not all(isinstance(take, str) for take in pins):
        raise FormatError("'pins' must be ids of takes")
    return tuple(dict.fromkeys(pins))


def forget_table(cells: tuple[int, ...]) -> Table:
    """The field of cells that are forgotten."""
    return {"forget": list(cells)} if cells else {}


def parse_forget(read: TableReader) -> tuple[int, ...]:
    """The cells in that field. Raises FormatError: one is none."""
    cells = read.optional("forget", list) or []
    if not all(type(cell) is int and 0 <= cell < CELLS for cell in cells):
        raise FormatError("segment: 'forget' must be cells of a map")
    return tuple(sorted(set(cells)))
