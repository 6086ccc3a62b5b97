"""Reading what the browser sends: it can be any JSON, from anyone. It knows neither projects nor verbs."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z")
LONGEST_TEXT = 20_000


class Misread(Exception):  # noqa: N818 - it is what happened
    """A message is not what this page sends."""


class Fields:
    """A message from the browser, read field by field; anything odd is a Misread."""

    def __init__(self, message: object) -> None:
        if not isinstance(message, Mapping):
            raise Misread("a message must be an object")
        self._fields: Mapping[str, Any] = message

    def has(self, name: str) -> bool:
        return self._fields.get(name) is not None

    def text(self, name: str, most: int = LONGEST_TEXT) -> str:
        """Text as it was typed; the document says what it accepts of it."""
        value = self._fields.get(name)
        if not isinstance(value, str) or len(value) > most:
            raise Misread(f"'{name}' must be text of {most:,} characters at most")
        return value

    def identifier(self, name: str) -> str:
        """An id: never a path, whatever it is used for later."""
        value = self._fields.get(name)
        if not isinstance(value, str) or not IDENTIFIER.match(value):
            raise Misread(f"'{name}' must be an id")
        return value

    def optional_identifier(self, name: str) -> str | None:
        return self.identifier(name) if self.has(name) else None

    def whole(self, name: str, least: int, most: int) -> int:
        value = self._fields.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise Misread(f"'{name}' must be a whole number from {least} to {most}")
        return value

    def number(self, name: str, least: float, most: float) -> float:
        value = self._fields.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise Misread(f"'{name}' must be a number")
        return min(most, max(least, float(value)))

    def flag(self, name: str) -> bool:
        return self._fields.get(name) is True

    def one_of(self, name: str, choices: Mapping[str, T]) -> T:
        value = self._fields.get(name)
        if not isinstance(value, str) or value not in choices:
            raise Misread(f"'{name}' must be one of {', '.join(choices)}")
        return choices[value]

    def folder(self, name: str) -> str:
        """The name of a project's folder; the studio looks whether there is one on its shelf."""
        value = self.text(name, 200)
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Misread(f"'{name}' must be a name") from None
        return value

    def folders(self, name: str, most: int = 200) -> list[str]:
        value = self._fields.get(name)
        if not isinstance(value, list):
            raise Misread(f"'{name}' must be a list")
        return [v for v in value[:most] if isinstance(v, str)]

    def upload(self, name: str, folder: Path) -> Path:
        """A file that was uploaded through the page, and nothing else on this disk."""
        value = self._fields.get(name)
        if not isinstance(value, str) or "\0" in value:
            raise Misread(f"'{name}' must be an uploaded file")
        path = Path(value).resolve()
        if not path.is_relative_to(folder.resolve()) or not path.is_file():
            raise Misread(f"'{name}' is not an uploaded file")
        return path
