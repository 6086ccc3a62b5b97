"""Tables in TOML: what is accepted, and which key a message names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Field, ValidationError

from studio.tables import LARGEST, checked, parse, parse_list, read_toml, table


class WrongError(Exception):
    """What a room raises."""


def even(value: Any) -> int:
    if not isinstance(value, int) or value % 2:
        raise WrongError("A side is an even number.")
    return value


@table
class Sheet:
    name: str
    steps: Annotated[int, Field(ge=1, le=200, description="a whole number from 1 to 200")]
    title: str = ""
    scale: float = 1.0
    side: Annotated[int, checked(even, WrongError)] | None = None
    words: Mapping[str, tuple[str, ...]] | None = None
    sizes: tuple[tuple[int, int], ...] = ()


def read(**values: Any) -> Sheet:
    return parse(values, Sheet, "a.toml", WrongError, name="a")


def test_values_are_taken_as_they_are() -> None:
    sheet = read(steps=4, scale=2, side=6, words={"camera": ["left", "right"]}, sizes=[[1, 2], [3, 4]])
    assert sheet == Sheet("a", 4, "", 2.0, 6, {"camera": ("left", "right")}, ((1, 2), (3, 4)))
    assert replace(sheet, steps=5).steps == 5
    with pytest.raises(FrozenInstanceError):
        sheet.steps = 5  # type: ignore[misc]
    with pytest.raises(ValidationError):
        replace(sheet, steps=0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"steps": 0}, "a.toml: 'steps' must be a whole number from 1 to 200."),
        ({"steps": True}, "a.toml: 'steps' must be a whole number from 1 to 200."),
        ({"steps": "4"}, "a.toml: 'steps' must be a whole number from 1 to 200."),
        ({}, "a.toml: 'steps' is missing: it must be a whole number from 1 to 200."),
        ({"step": 4}, "a.toml: unknown key 'step'. Known ones: steps, title, scale, side, words, sizes."),
        ({"steps": 4, "name": "b"}, "a.toml: unknown key 'name'. Known ones: steps, title, scale, side, words, sizes."),
        ({"steps": 4, "title": 3}, "a.toml: 'title' is missing or of the wrong type (input should be a valid string)."),
        ({"steps": 4, "scale": float("nan")}, "a.toml: 'scale' is missing or of the wrong type (input should be a finite number)."),
        ({"steps": 4, "side": 3}, "a.toml: 'side': A side is an even number."),
        ({"steps": 4, "sizes": [[1, 2], [3, "4"]]},
         "a.toml: 'sizes.2.2' is missing or of the wrong type (input should be a valid integer)."),
    ],
)  # fmt: skip
def test_a_message_names_the_key(values: dict[str, Any], message: str) -> None:
    with pytest.raises(WrongError) as error:
        read(**values)
    assert str(error.value) == message


@table
class Part:
    file: Annotated[str, Field(description="a name")]
    side: Annotated[int, checked(even, WrongError)] = 0
    count: Annotated[int, Field(ge=0, description="a number")] = 0


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ("x", "a.toml: [[parts]] must be a list of tables."),
        ([3], "a.toml: [[parts]] must be a list of tables."),
        ([{"file": "a"}, {}], "a.toml: each of [[parts]] needs 'file' (a name)."),
        ([{"file": 3}], "a.toml: each of [[parts]] needs 'file' (a name)."),
        ([{"file": "a", "side": 1}], "a.toml: 'side' of [[parts]]: A side is an even number."),
        ([{"file": "a", "count": -1}], "a.toml: 'count' of [[parts]] must be a number."),
        ([{"file": "a", "size": 1}], "a.toml: unknown key 'size' in [[parts]]. Known ones: file, side, count."),
    ],
)
def test_a_message_names_the_table_of_a_list(entries: object, message: str) -> None:
    with pytest.raises(WrongError) as error:
        parse_list(entries, Part, "a.toml", WrongError, "[[parts]]")
    assert str(error.value) == message


def test_a_list_of_tables() -> None:
    entries = [{"file": "a"}, {"file": "b", "side": 2}]
    assert parse_list(entries, Part, "a.toml", WrongError, "[[parts]]") == (Part("a"), Part("b", 2))
    assert parse_list([], Part, "a.toml", WrongError, "[[parts]]") == ()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a = ", "it is not valid TOML"),
        (b"\xff\xff", "it is not valid TOML"),
        (b"x" * (LARGEST + 1), "it is larger than 1 MB"),
        (b"a = " + b"[" * 50_000, "cannot be read"),
        (b"n = " + b"9" * 9999, "cannot be read"),
        (None, "No such file"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "a.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WrongError, match=message) as error:
        read_toml(path, WrongError)
    assert str(path) in str(error.value)


def test_a_byte_order_mark_is_no_key(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("\ufeffsteps = 4\n", "utf-8")
    assert read_toml(path, WrongError) == {"steps": 4}
