"""Writes tables as CSV files that spreadsheets open as they are meant: letters of any script, and no text run as a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from studio.media.disk import atomic_write

FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""What a cell begins with that some spreadsheet takes for a formula."""


def write_table(columns: Sequence[str], rows: Iterable[Sequence[object]], out: Path) -> None:
    """Write a CSV file with a line of names. Spreadsheets know its encoding, UTF-8, by the mark at its beginning.

    Raises:
        MediaError: the disk is full or cannot be written.
    """
    with atomic_write(out) as temporary, temporary.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([safe_cell(value) for value in row] for row in rows)


def safe_cell(value: object) -> object:
    """A value as a cell. A text that a spreadsheet would run as a formula gets an apostrophe in front."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
