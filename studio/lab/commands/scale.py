"""The command `measure scale`: its options."""

from __future__ import annotations

import argparse
from pathlib import Path

from studio.lab.commands.options import Commands, add_command, positive

FAMILIES = ("framepack", "helios")
HOSTS = (12, 16, 24)


def add_parsers(commands: Commands) -> None:
    """Add the command to the group `measure`."""
    command = add_command(
        commands, "scale", _run,
        "Write, prepare, plan and run a whole large network with random weights on a processor, with an imitated card. Finds what "
        "only size shows; says nothing of a card's speed. Needs 55 GB of disk, 14 GB of free memory and half an hour.")
    command.add_argument("--family", choices=FAMILIES, default=FAMILIES[0], help=f"of the network (default: {FAMILIES[0]})")
    command.add_argument("--folder", type=Path, help="new folder for the weights (default: one in the temporary folder)")
    command.add_argument("--keep", action="store_true", help="keep that folder (default: it is removed at the end)")
    command.add_argument("--host", type=positive, nargs="+", default=list(HOSTS), metavar="GB",
                         help=f"memory of the machines that are planned for (default: {' '.join(map(str, HOSTS))})")
    command.add_argument("--cap-gib", type=positive, default=6, metavar="GB", help="memory of the imitated card (default: 6)")
    command.add_argument("--steps", type=positive, default=2, metavar="N", help="steps of the section (default: 2)")
    command.add_argument("--begin", type=float, default=14, metavar="GB",
                         help="free memory without which a row is not begun (default: 14)")
    command.add_argument("--reserve", type=float, default=2, metavar="GB",
                         help="free memory below which a row is ended (default: 2)")
    command.add_argument("-o", "--output", type=Path, default=Path("runs") / "scale", metavar="FOLDER",
                         help="folder of the JSON file and the table (default: runs/scale)")
    command.add_argument("--tiny", action="store_true", help="a tiny network: only tries the command (default: no)")
    command.add_argument("--row", help=argparse.SUPPRESS)      # of a process that measures one row


def _run(options: argparse.Namespace) -> int:
    from studio.lab.measure import scale  # imports torch

    return scale.run(options)
