"""Tables that people write in TOML, read into typed values by pydantic; errors name the file and the key.

A table's type is a dataclass made by `table`. Its fields may carry a description of what they accept:

    @table
    class Preset:
        steps: Annotated[int, Field(ge=1, le=200, description=sentence("a whole number from 1 to 200"))]

and a wrong value is then reported as "presets/draft.toml: 'steps' must be a whole number from 1 to 200."
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar, dataclass_transform

from pydantic import ConfigDict, PlainValidator, ValidationError
from pydantic.dataclasses import dataclass
from pydantic.fields import FieldInfo

from studio.language import sentence

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


def read_toml(path: Path, error: type[Exception], named: str = "") -> dict[str, Any]:
    """The table in a TOML file; `named`: what the message calls it, instead of its path.

    Raises:
        error: the file is missing, too large, no UTF-8 or no TOML; the message names it.
    """
    where = named or str(path)
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise error(sentence("{path} cannot be read: it is larger than {largest} MB.", path=where, largest=LARGEST // 2**20))
        return tomllib.loads(content.decode("utf-8-sig"))
    except OSError as problem:
        raise error(sentence("{path} cannot be read: {reason}.", path=where, reason=problem.strerror or str(problem))) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise error(sentence(
            "{path} cannot be read: it is not valid TOML ({problem}).", path=where, problem=str(problem))) from None
    except (RecursionError, ValueError) as problem:
        raise error(sentence("{path} cannot be read: {problem}.", path=where, problem=str(problem))) from None


def checked(check: Callable[[Any], Any], error: type[Exception] = ValueError) -> PlainValidator:
    """For a field's annotation: the value is what `check` returns for it, and what `check` raises is told with the key.

        seed: Annotated[int, checked(limits.seed, EditError)]

    Args:
        check: takes what was read, of any type.
        error: is raised by `check` for a value that is not accepted.
    """

    def convert(value: Any) -> Any:
        """The checked value. Raises ValueError, which pydantic expects."""
        try:
            return check(value)
        except error as problem:
            raise ValueError(str(problem)) from None

    return PlainValidator(convert)


def parse(values: Mapping[str, Any], kind: type[T], where: str, error: type[Exception], of: str = "", **known: Any) -> T:
    """A table's values as a `kind`.

    Args:
        values: as they were read.
        kind: a dataclass made by `table`.
        where: begins the message: the file, and the part of it.
        error: is raised.
        of: names the table in the message, if it is one of several in its file: "[[sources]]".
        known: fields that do not come from the file, such as its name; a file may not set them.

    Raises:
        error: a key is missing or unknown, or its value is not accepted; the message names the first such key.
    """
    if stranger := next((key for key in values if key in known), None):
        raise error(sentence("{where}: {problem}", where=where, problem=_unknown(stranger, kind, known, of)))
    try:
        return kind(**{key: _tuples(value) for key, value in values.items()}, **known)
    except ValidationError as problem:
        raise error(sentence("{where}: {problem}", where=where, problem=_sentence(problem, kind, known, of))) from None


def parse_list(entries: object, kind: type[T], where: str, error: type[Exception], of: str) -> tuple[T, ...]:
    """A repeated table, such as [[sources]], as a tuple of `kind`; the arguments are those of `parse`.

    Raises:
        error: it is not a list of tables, or one of them is not accepted.
    """
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise error(sentence("{where}: {of} must be a list of tables.", where=where, of=of))
    return tuple(parse(entry, kind, where, error, of) for entry in entries)


def _tuples(value: Any) -> Any:
    """TOML's lists as tuples, which a frozen value can hold."""
    if isinstance(value, dict):
        return {key: _tuples(each) for key, each in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _sentence(problem: ValidationError, kind: type, known: Mapping[str, Any], of: str) -> str:
    """What is wrong with the first key: unknown ones come first, for a misspelt key is also a missing one."""
    found = problem.errors(include_url=False)
    first = next((each for each in found if each["type"] == "unexpected_keyword_argument"), found[0])
    path = [part for part in first["loc"] if isinstance(part, int) or not str(part).startswith(("function-", "tuple["))]
    key = ".".join(str(part + 1) if isinstance(part, int) else part for part in path)
    if first["type"] == "unexpected_keyword_argument":
        return _unknown(key, kind, known, of)
    name = sentence("'{key}' of {table}", key=key, table=of) if of else sentence("'{key}'", key=key)
    if first["type"] == "value_error":
        return sentence("{name}: {problem}", name=name, problem=str(first["ctx"]["error"]))
    info: FieldInfo | None = getattr(kind, "__pydantic_fields__", {}).get(str(path[0])) if path else None
    if of and info and info.is_required():
        return sentence("each of {table} needs '{key}' ({what}).", table=of, key=key, what=info.description or sentence("text"))
    if info and info.description and first["type"] == "missing":
        return sentence("{name} is missing: it must be {what}.", name=name, what=info.description)
    if info and info.description:
        return sentence("{name} must be {what}.", name=name, what=info.description)
    if first["type"] == "missing":
        return sentence("{name} is missing or of the wrong type.", name=name)
    message = str(first["msg"])
    return sentence(
        "{name} is missing or of the wrong type ({message}).", name=name, message=message[:1].lower() + message[1:])


def _unknown(key: str, kind: type, known: Mapping[str, Any], of: str) -> str:
    names = [field.name for field in fields(kind) if field.name not in known]
    if of:
        return sentence("unknown key '{key}' in {table}. Known ones: {names}.", key=key, table=of, names=", ".join(names))
    return sentence("unknown key '{key}'. Known ones: {names}.", key=key, names=", ".join(names))
