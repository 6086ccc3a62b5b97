"""What the commands of the group `measure` share: their options, how they are carried out, and what they write."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from studio.lab.commands.options import Commands, add_command, complain, size


def add(commands: Commands, name: str, measure: Callable[[argparse.Namespace], None], about: str) -> argparse.ArgumentParser:
    """Add a command that measures; what goes wrong becomes a sentence."""
    command = add_command(commands, name, run_measure, about)
    command.set_defaults(measure=measure)
    return command


def model_option(command: argparse.ArgumentParser) -> None:
    """Add `--model`."""
    command.add_argument("--model", metavar="NAME", help="a folder under models/, or any folder (default: the first model)")


def size_option(command: argparse.ArgumentParser) -> None:
    """Add `--size`."""
    command.add_argument("--size", type=size, metavar="WxH", help="film at this size in pixels, like 320x192 (default: the "
                         "model's first size" + ("" if "cache" in command.prog else "; about 0.6 of it with --quick") + ")")


def output_option(command: argparse.ArgumentParser, default: str) -> None:
    """Add `--output`, for a folder."""
    command.add_argument("-o", "--output", type=Path, metavar="FOLDER", help=f"folder for everything written (default: {default})")


def run_measure(options: argparse.Namespace) -> int:
    """Carry out a command of this module. Returns 1, with a sentence on the screen, if it cannot be done."""
    from studio.catalogue.cards import ModelError

    try:
        options.measure(options)
    except (ModelError, ValueError) as error:
        return complain(error, 1)
    return 0


def write(out: Path, json_name: str, table_name: str, figures: dict[str, Any], table: str) -> None:
    """Write JSON and table as files of a folder, and the table to the screen as well."""
    out.mkdir(parents=True, exist_ok=True)
    (out / json_name).write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    (out / table_name).write_text(table, "utf-8")
    sys.stdout.write(table)


def report(part: str) -> None:
    """Tell on the screen what is measured now."""
    sys.stderr.write(f"measuring {part} ...\n")
