"""The command `measure placement`: its options."""

from __future__ import annotations

import argparse
from pathlib import Path

from studio.lab.commands.options import Commands, add_command, size_in_16s, whole_number

CAPS = (6, 8, 12, 16, 24)
STEPS = 5
"""Of a section. The first step gets everything ready and is reported apart."""
SIZE = (640, 640)


def add_parsers(commands: Commands) -> None:
    """Add the command to the group `measure`."""
    command = add_command(
        commands, "placement", _run,
        "Measure FramePack-F1's placements: the full-size model with random weights under a memory cap, ours beside diffusers' "
        "ways of offloading. Each way runs in a process of its own. Needs a CUDA card.")
    command.add_argument("--cap-gib", type=int, choices=CAPS, required=True,
                         help="the card counts as one of so many GiB (required)")
    command.add_argument("--size", type=size_in_16s, action="append", metavar="WxH",
                         help="of films, in multiples of 16 pixels; may be given several times (default: 640x640)")
    command.add_argument("--steps", type=_steps, default=STEPS, metavar="N",
                         help=f"steps of the section that is timed, 2 or more (default: {STEPS})")
    command.add_argument("--film", type=whole_number, default=2, metavar="SECTIONS",
                         help="also whole films of so many sections, ours and the stock pipeline's; 0: none (default: 2)")
    command.add_argument("--profile", metavar="NAME", help="place ours by this profile, a name in presets/profiles or a .toml file "
                         "(default: as the planner decides)")
    command.add_argument("--weights", type=Path, metavar="FOLDER",
                         help="folder of the random weights, 26 GB and more (default: a folder in the output folder)")
    command.add_argument("-o", "--output", type=Path, default=Path("runs") / "placement", metavar="FOLDER",
                         help="folder of the JSON file and the table (default: runs/placement)")
    command.add_argument("--tiny", action="store_true",
                         help="a small network on an imitated card: only tries the command (default: no)")
    command.add_argument("--row", help=argparse.SUPPRESS)      # of a process that measures one way


def _steps(text: str) -> int:
    if (number := whole_number(text)) < 2:
        raise argparse.ArgumentTypeError("a section is timed over 2 steps or more")
    return number


def _run(options: argparse.Namespace) -> int:
    from studio.lab.measure import placement_runs  # imports torch

    options.size = options.size or [SIZE]
    return placement_runs.run(options)
