"""Sentences without folders, for visitors of a shared studio: a file is called by its name, and nobody learns where it lies."""

from __future__ import annotations

import re
from pathlib import PurePath, PureWindowsPath
from typing import Any

from studio.language.sentence import Sentence, plain

_START = r"(?:[A-Za-z]:[\\/]|\\\\|/)"
_QUOTED = re.compile(rf"(?P<quote>['\"])(?P<path>{_START}[^'\"\n]*)(?P=quote)")
_ALONE = re.compile(rf"{_START}[^\n:,;()?*\"<>|]*[\\/][^\n:,;()?*\"<>|]*")
_BARE = re.compile(rf"(?<![\w./:=~-]){_START}(?:[^\s\\/'\"“”„‘’(),;:?*<>|]+[\\/]+)+[^\s\\/'\"“”„‘’(),;:?*<>|]*")


def hide_folders(value: Any) -> Any:
    """JSON (dicts, lists, tuples and what lies in them) whose sentences call a file or folder by its name alone.

    Paths are looked for in what sentences were made of: values that are paths, and texts of the system's errors among them. Other
    texts, such as addresses of files and what an artist has written, stay as they are.
    """
    if isinstance(value, Sentence):
        return _without_folders(value)
    if isinstance(value, dict):
        return {key: hide_folders(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(hide_folders(each) for each in value)
    return value


def _without_folders(said: Sentence) -> Sentence:
    values = {name: _shown(value) for name, value in said.values.items()}
    if all(values[name] is value for name, value in said.values.items()):
        return said
    return Sentence(said.template, values, said.plural, said.number)


def _shown(value: Any) -> Any:
    """What stands in a sentence for one of its values; the value itself where it names no folder."""
    if isinstance(value, Sentence):
        return _without_folders(value)
    if isinstance(value, PurePath):
        return value.name if value.is_absolute() else value
    if not isinstance(value, str) or ("/" not in value and "\\" not in value):
        return value
    if _ALONE.fullmatch(value) and ". " not in value:
        return _name(value)
    text = _QUOTED.sub(lambda found: f"{found['quote']}{_name(found['path'])}{found['quote']}", plain(value))
    return _BARE.sub(lambda found: _name(found[0]), text)


def _name(path: str) -> str:
    """The last part of a path."""
    return PureWindowsPath(path).name             # it takes both slashes for separators
