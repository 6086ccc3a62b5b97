"""Reading training recipes: TOML files whose keys are the fields of one recipe class."""

from __future__ import annotations

from dataclasses import is_dataclass
from pathlib import Path
from typing import TypeVar, get_args, get_origin, get_type_hints

from studio.tables import parse, parse_list, read_toml

R = TypeVar("R")


class RecipeError(Exception):
    """A recipe cannot be used. The message names the file and the key."""


def read_recipe(path: Path, kind: type[R]) -> R:
    """The recipe in a TOML file.

    Args:
        path: the file.
        kind: the recipe's class, made by `studio.tables.table`. A field may itself be a table, or a tuple of tables.

    Raises:
        RecipeError: the file cannot be read, or a key is unknown, missing, or has a value that is not accepted.
    """
    values = read_toml(path, RecipeError)
    for name, hint in get_type_hints(kind).items():
        inner, value = (get_args(hint) or (hint,))[0], values.get(name)
        if not isinstance(inner, type) or not is_dataclass(inner) or value is None:
            continue
        if get_origin(hint) is tuple:
            values[name] = parse_list(value, inner, str(path), RecipeError, f"[[{name}]]")
        elif isinstance(value, dict):
            values[name] = parse(value, inner, str(path), RecipeError, f"[{name}]")
    return parse(values, kind, str(path), RecipeError)
