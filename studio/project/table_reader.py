"""Reads the fields of a JSON object of the document, each of its kind, and keeps those that it does not know."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from studio.marks import Marks
from studio.project import limits
from studio.project.mark_tables import parse_marks
from studio.project.model import Frame
from studio.project.rules import FormatError

Table = dict[str, Any]
T = TypeVar("T")

_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}")
_LARGEST = 10_000


# By hand: pydantic would check the fields, but collecting unknown ones at every level, and writing them back, would stay ours.
class TableReader:
    """Reads typed fields of a JSON object, and remembers which fields were read: `rest` returns the others."""

    def __init__(self, table: object, what: str) -> None:
        """Read `table`; `what` it is, for messages. Every reader raises FormatError: a field is missing or of the wrong kind."""
        if not isinstance(table, dict):
            raise FormatError(f"{what}: not an object")
        self._table: Table = table
        self._what = what
        self._known: set[str] = set()

    def __call__(self, key: str, kind: type[T]) -> T:
        """The value of a field of that kind."""
        self._known.add(key)
        value = self._table.get(key)
        if not isinstance(value, kind):
            raise FormatError(f"{self._what}: '{key}' is missing or of the wrong kind")
        return value

    def optional(self, key: str, kind: type[T]) -> T | None:
        """The value of a field, or None if it is missing or null."""
        self._known.add(key)
        return None if self._table.get(key) is None else self(key, kind)

    def id(self, key: str) -> str:
        """The value of a field that holds an id."""
        value = self(key, str)
        if not _ID.fullmatch(value):
            raise FormatError(f"{self._what}: '{key}' is not an id")
        return value

    def link(self, key: str) -> str | None:
        """The value of a field that holds an id or null."""
        return None if self.optional(key, str) is None else self.id(key)

    def count(self, key: str, least: int = 0) -> int:
        """The value of a field that holds a whole number of at least `least`."""
        value = self(key, int)
        if isinstance(value, bool) or not least <= value < 2**53:
            raise FormatError(f"{self._what}: '{key}' is out of range")
        return value

    def number(self, key: str) -> float:
        """The value of a field that holds a finite number."""
        value: object = self(key, object)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 2**53:
            raise FormatError(f"{self._what}: '{key}' is not a number")
        return float(value)

    def size(self, key: str) -> tuple[int, int]:
        """The value of a field that holds a width and a height."""
        value = self(key, list)
        if len(value) != 2 or not all(type(side) is int and 0 < side <= _LARGEST for side in value):
            raise FormatError(f"{self._what}: '{key}' is not a width and a height")
        return value[0], value[1]

    def frame(self, key: str) -> Frame | None:
        """The value of a field that holds a part of a picture; None if it is missing or null."""
        value = self.optional(key, list)
        try:
            return None if value is None else limits.frame(value)
        except limits.EditError:
            raise FormatError(f"{self._what}: '{key}' is not a part of a picture") from None

    def words(self, key: str) -> str:
        """The value of a field that holds words; "" if it is missing or null."""
        return self.optional(key, str) or ""

    def marks(self, key: str) -> Marks:
        """The value of a field that holds marks on the picture; no marks if it is missing or null."""
        self._known.add(key)
        return parse_marks(self._table.get(key), self._what)

    def file(self, pattern: re.Pattern[str]) -> str:
        """The value of the field `file`, a path in the project's folder of this pattern."""
        value = self("file", str)
        if not pattern.fullmatch(value):
            raise FormatError(f"{self._what}: 'file' leads out of the project")
        return value

    def rest(self, *known: str) -> Mapping[str, Any]:
        """Fields that were not read: those of a newer format."""
        return {key: value for key, value in self._table.items() if key not in self._known and key not in known}


def as_list(value: object) -> list[Any]:
    """The value where it is a list, else an empty one: for copies of which parts are damaged."""
    return value if isinstance(value, list) else []
