"""Requests and events as bytes for another process: paths are told in its own words, and sentences stay sentences.

A farm is trusted: these bytes are pickles, like everything that Ray carries.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

from studio.language import Sentence


def dump(value: object, name: Callable[[Path], str]) -> bytes:
    """The bytes of a value. `name`: what the other process calls a path; it is asked for each path within the value."""
    out = io.BytesIO()
    _Writer(out, name).dump(value)
    return out.getvalue()


def load(content: bytes, path: Callable[[str], Path]) -> Any:
    """The value of bytes that `dump` made. `path`: where the thing of a name lies here.

    Raises:
        pickle.UnpicklingError: the bytes are damaged.
    """
    return _Reader(io.BytesIO(content), path).load()


class _Writer(pickle.Pickler):
    def __init__(self, out: io.BytesIO, name: Callable[[Path], str]) -> None:
        super().__init__(out, protocol=5)
        self._name = name

    def persistent_id(self, value: object) -> str | None:
        """A path's name in the message; None: pickle writes the value itself."""
        return self._name(value) if isinstance(value, Path) else None

    def reducer_override(self, value: object) -> Any:
        """How sentences and read-only mappings are made again; all else as pickle does it."""
        if isinstance(value, Sentence):            # whose own way out of a process is a plain text, which cannot be translated
            return Sentence, (value.template, value.values, value.plural, value.number)
        if isinstance(value, MappingProxyType):
            return _frozen, (dict(value),)
        return NotImplemented


def _frozen(values: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(values)


class _Reader(pickle.Unpickler):
    def __init__(self, content: io.BytesIO, path: Callable[[str], Path]) -> None:
        super().__init__(content)
        self._path = path

    def persistent_load(self, name: Any) -> Path:
        """The path here of a name in the message."""
        return self._path(name)
