"""Tables that people write in TOML, read into typed values by pydantic; errors name the file and the key.

A table's type is a dataclass made by `table`. Its fields may carry a description of what they accept:

    @table
    class Preset:
        steps: Annotated[int, Field(ge=1, le=200, description="a whole number from 1 to 200")]

and a wrong value is then reported as "presets/draft.toml: 'steps' must be a whole number from 1 to 200."
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar, dataclass_transform

from pydantic import ConfigDict, ValidationError
from pydantic.dataclasses import dataclass
from pydantic.fields import FieldInfo

T = TypeVar("T")
LARGEST = 2**20
"""Bytes of a file, at most."""
_STRICT = ConfigDict(extra="forbid", strict=True, arbitrary_types_allowed=True, allow_inf_nan=False)


@dataclass_transform(frozen_default=True)
def table(kind: type[T]) -> type[T]:
    """A frozen dataclass whose fields are checked: no unknown key, no value of another type, no infinity.

    `dataclasses.replace` and `dataclasses.fields` work on it as on any dataclass; `replace` checks again.
    """
    return dataclass(frozen=True, config=_STRICT)(kind)  # type: ignore[return-value]


def read_toml(path: Path, error: type[Exception]) -> dict[str, Any]:
    """The table in a TOML file.

    Raises:
        error: the file is missing, too large, no UTF-8 or no TOML; the message names it.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise error(f"{path} cannot be read: it is larger than {LARGEST // 2**20} MB.")
        return tomllib.loads(content.decode("utf-8-sig"))
    except OSError as problem:
        raise error(f"{path} cannot be read: {problem.strerror or problem}.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise error(f"{path} cannot be read: it is not valid TOML ({problem}).") from None
    except (RecursionError, ValueError) as problem:
        raise error(f"{path} cannot be read: {problem}.") from None


def parse(values: Mapping[str, Any], kind: type[T], where: str, error: type[Exception], **known: Any) -> T:
    """A table's values as a `kind`.

    Args:
        values: as they were read.
        kind: a dataclass made by `table`.
        where: begins the message: the file, and the part of it.
        error: is raised.
        known: fields that do not come from the file, such as its name; a file may not set them.

    Raises:
        error: a key is missing or unknown, or its value is not accepted; the message names the first such key.
    """
    if stranger := next((key for key in values if key in known), None):
        raise error(f"{where}: unknown key '{stranger}'. {_known(kind, known)}")
    try:
        return kind(**{key: _tuples(value) for key, value in values.items()}, **known)
    except ValidationError as problem:
        raise error(f"{where}: {_sentence(problem, kind, known)}") from None


def _tuples(value: Any) -> Any:
    """TOML's lists as tuples, which a frozen value can hold."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _sentence(problem: ValidationError, kind: type, known: Mapping[str, Any]) -> str:
    """What is wrong with the first key: unknown ones come first, for a misspelt key is also a missing one."""
    found = problem.errors(include_url=False, include_context=False)
    first = next((each for each in found if each["type"] == "unexpected_keyword_argument"), found[0])
    path = [part for part in first["loc"] if isinstance(part, int) or not str(part).startswith(("function-", "tuple["))]
    key = ".".join(str(part + 1) if isinstance(part, int) else part for part in path)
    if first["type"] == "unexpected_keyword_argument":
        return f"unknown key '{key}'. {_known(kind, known)}"
    described = _description(kind, str(path[0])) if path else None
    if described:
        missing = "is missing: it" if first["type"] == "missing" else ""
        return f"'{key}' {missing}{' ' if missing else ''}must be {described}."
    if first["type"] == "missing":
        return f"'{key}' is missing or of the wrong type."
    return f"'{key}' is missing or of the wrong type ({first['msg'][:1].lower()}{first['msg'][1:]})."


def _known(kind: type, known: Mapping[str, Any]) -> str:
    names = [field.name for field in fields(kind) if field.name not in known]
    return f"Known ones: {', '.join(names)}."


def _description(kind: type, name: str) -> str | None:
    info: FieldInfo | None = getattr(kind, "__pydantic_fields__", {}).get(name)
    return info.description if info else None
