"""What the lab's commands share: how a command is added, and the types of its options, whose errors are sentences."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Size: TypeAlias = tuple[int, int]
"""Width and height in pixels."""


def add_group(groups: Commands, name: str, about: str) -> Commands:
    """Add a group of commands, such as `train`, and return what its commands are added to."""
    group = groups.add_parser(name, help=_help(about), description=about, allow_abbrev=False)
    return group.add_subparsers(title="commands (each has its own --help)", metavar="COMMAND", required=True)


def add_command(
    commands: Commands, name: str, run: Callable[[argparse.Namespace], int], about: str
) -> argparse.ArgumentParser:
    """Add one command, carried out by `run`, and return its parser for its options. `about` is one or more sentences."""
    command = commands.add_parser(name, help=_help(about), description=about, allow_abbrev=False)
    command.set_defaults(run=run)
    return command


def _help(about: str) -> str:
    """The first sentence of a description, as lists of commands show it."""
    first = about.split(". ", maxsplit=1)[0].rstrip(".")
    return first[0].lower() + first[1:]


def positive(text: str) -> int:
    """A whole number from 1."""
    if not re.fullmatch(r"\d{1,9}", text) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 1")
    return int(text)


def whole_number(text: str) -> int:
    """A whole number from 0."""
    if not re.fullmatch(r"\d{1,18}", text):
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 0")
    return int(text)


def size(text: str) -> Size:
    """Width and height in pixels, written like 320x192."""
    found = re.fullmatch(r"(\d{1,5})[xX](\d{1,5})", text)
    if found is None or "0" in found.groups():
        raise argparse.ArgumentTypeError(f"'{text}' is no size: write it like 320x192")
    return int(found[1]), int(found[2])


def size_in_16s(text: str) -> Size:
    """Width and height in pixels, each a multiple of 16 from 16 to 4096."""
    sides = size(text)
    if any(side % 16 or not 16 <= side <= 4096 for side in sides):
        raise argparse.ArgumentTypeError(f"'{text}': width and height must be multiples of 16 pixels, from 16 to 4096")
    return sides


def existing_file(text: str) -> Path:
    """The path of a file that is there."""
    path = Path(text)
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"there is no file {path}")
    return path


def complain(error: Exception, status: int) -> int:
    """Write an error's message to the screen, and return the exit status."""
    sys.stderr.write(f"{error}\n")
    return status
