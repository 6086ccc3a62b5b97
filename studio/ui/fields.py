"""Reads and checks the fields of a message from the browser, which can be any JSON, from anyone."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from studio.language import sentence

T = TypeVar("T")

IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z")
LONGEST_TEXT = 20_000


class MessageError(Exception):
    """A message is not one that this page sends."""


# By hand, not by pydantic: each of the 30 verbs reads one to four fields, often depending on the session, so that a model
# for each verb would be longer than these readers.
class Fields:
    """A message from the browser, read field by field. Every reader raises MessageError for what the page does not send."""

    def __init__(self, message: object, uploads: Path | None = None, strict: bool = False) -> None:
        """Read a message. Raises MessageError: it is no JSON object.

        Args:
            message: it.
            uploads: the folder in which its files lie, and nowhere else.
            strict: numbers out of range are refused. A page's sliders cannot go there; a program may not know the range.
        """
        if not isinstance(message, Mapping):
            raise MessageError(sentence("a message must be an object"))
        self._fields: Mapping[str, Any] = message
        self._uploads = uploads
        self._strict = strict

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        return self._fields.get(name) is not None

    def text(self, name: str, longest: int = LONGEST_TEXT) -> str:
        """Text of at most `longest` characters, unchanged; `studio.project.limits` checks its content."""
        value = self._fields.get(name)
        if not isinstance(value, str) or len(value) > longest:
            raise MessageError(sentence("'{name}' must be text of {longest:,} characters at most", name=name, longest=longest))
        return value

    def identifier(self, name: str) -> str:
        """An id: letters, digits, hyphens and underscores, so never a path."""
        value = self._fields.get(name)
        if not isinstance(value, str) or not IDENTIFIER.match(value):
            raise MessageError(sentence("'{name}' must be an id", name=name))
        return value

    def optional_identifier(self, name: str) -> str | None:
        """An id, or None if the field is not there."""
        return self.identifier(name) if self.has(name) else None

    def integer(self, name: str, least: int, most: int) -> int:
        """A whole number from `least` to `most`."""
        value = self._fields.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise MessageError(sentence(
                "'{name}' must be a whole number from {least} to {most}", name=name, least=str(least), most=str(most)))
        return value

    def number(self, name: str, least: float, most: float) -> float:
        """A finite number; one outside of `least` to `most` is moved to the nearer bound, or refused where that is wanted."""
        value = self._fields.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value or abs(value) == math.inf:
            raise MessageError(sentence("'{name}' must be a number", name=name))
        if self._strict and not least <= value <= most:
            raise MessageError(sentence("'{name}' must be a number from {least:g} to {most:g}", name=name, least=least, most=most))
        return float(min(most, max(least, value)))          # in this order: whole numbers may be too large for a float

    def shares(self, name: str) -> tuple[float, float, float, float]:
        """Four finite numbers, a part of a picture; `studio.project.limits` checks where it lies."""
        value = self._fields.get(name)
        if not isinstance(value, list) or len(value) != 4:
            raise MessageError(sentence("'{name}' must be four numbers", name=name))
        for number in value:
            if isinstance(number, bool) or not isinstance(number, int | float) or not abs(number) < 2**53:
                raise MessageError(sentence("'{name}' must be four numbers", name=name))
        return float(value[0]), float(value[1]), float(value[2]), float(value[3])

    def table(self, name: str) -> Mapping[str, Any]:
        """A JSON object."""
        value = self._fields.get(name)
        if not isinstance(value, Mapping):
            raise MessageError(sentence("'{name}' must be an object", name=name))
        return value

    def flag(self, name: str) -> bool:
        """Whether the field is true; anything else counts as false."""
        return self._fields.get(name) is True

    def one_of(self, name: str, choices: Mapping[str, T]) -> T:
        """The value of `choices` that the field names."""
        value = self._fields.get(name)
        if not isinstance(value, str) or value not in choices:
            raise MessageError(sentence("'{name}' must be one of {choices}", name=name, choices=", ".join(choices)))
        return choices[value]

    def folder(self, name: str) -> str:
        """The name of a project's folder; `Studio.open` checks whether there is such a project."""
        value = self.text(name, 200)
        try:
            value.encode()
        except UnicodeEncodeError:
            raise MessageError(sentence("'{name}' must be a name", name=name)) from None
        return value

    def identifiers(self, name: str, most: int = 500) -> list[str]:
        """Ids: a list of 1 to `most`."""
        value = self._list(name, most)
        if not value or not all(isinstance(v, str) and IDENTIFIER.match(v) for v in value):
            raise MessageError(sentence("'{name}' must be a list of ids", name=name))
        return value

    def texts(self, name: str, most: int) -> list[str]:
        """At most `most` texts; `studio.project.limits` checks their content."""
        value = self._list(name, most)
        if not all(isinstance(v, str) and len(v) <= LONGEST_TEXT for v in value):
            raise MessageError(sentence("'{name}' must be a list of texts", name=name))
        return value

    def numbers(self, name: str, most: int) -> list[float]:
        """At most `most` finite numbers."""
        value = self._list(name, most)
        if not all(isinstance(v, int | float) and not isinstance(v, bool) and abs(v) < 2**53 for v in value):
            raise MessageError(sentence("'{name}' must be a list of numbers", name=name))
        return [float(v) for v in value]

    def _list(self, name: str, most: int) -> list[Any]:
        value = self._fields.get(name)
        if not isinstance(value, list) or len(value) > most:
            raise MessageError(sentence("'{name}' must be a list of {most} at most", name=name, most=most))
        return value

    def folders(self, name: str, most: int = 200) -> list[str]:
        """Names of projects' folders: the first `most` texts of a list."""
        value = self._fields.get(name)
        if not isinstance(value, list):
            raise MessageError(sentence("'{name}' must be a list", name=name))
        return [v for v in value[:most] if isinstance(v, str)]

    def upload(self, name: str) -> Path:
        """The path of a file in the folder of uploads, and of no other file on this disk."""
        value, folder = self._fields.get(name), self._uploads
        if not isinstance(value, str) or folder is None:
            raise MessageError(sentence("'{name}' must be an uploaded file", name=name))
        with contextlib.suppress(OSError, ValueError):      # some paths no system can hold
            path = Path(value).resolve()
            if path.is_relative_to(folder.resolve()) and path.is_file():
                return path
        raise MessageError(sentence("'{name}' is not an uploaded file", name=name))
