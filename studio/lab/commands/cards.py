"""The command `measure cards`: the table of what large models need and take on known graphics cards."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from studio.lab.commands.options import Commands, add_command, complain
from studio.media import MediaError
from studio.media.disk import atomic_write
from studio.placement.gpus import GpuTableError

DOCUMENT = Path("docs") / "cards.md"


def add_parsers(commands: Commands) -> None:
    """Add the command to the group `measure`."""
    command = add_command(
        commands, "cards", _run,
        "Write the table of what large models need and take on six known graphics cards, by their plans. Needs no card.")
    command.add_argument("-o", "--output", type=Path, default=DOCUMENT, metavar="FILE",
                         help=f"the Markdown file that is written (default: {DOCUMENT})")


def _run(options: argparse.Namespace) -> int:
    from studio.lab.measure import card_table

    try:
        text = card_table.markdown()
        options.output.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(options.output) as temporary:
            temporary.write_text(text, "utf-8")
    except (GpuTableError, MediaError, OSError) as error:
        return complain(error, 1)
    sys.stdout.write(text)
    return 0
