"""The group `world`: the commands that show the procedural world, from a script of its sections."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from studio.lab.commands.options import Commands, add_command, add_group, complain, existing_file, size_in_16s, whole_number

if TYPE_CHECKING:
    from studio.lab.world import Film

COMMANDS = {
    "film": ("Film a script in a drawn scene or a photograph, as an MP4.", "the MP4 to write"),
    "still": ("Write only the first frame of a script's film, as a picture.", "the picture to write: a PNG, JPEG or WebP file"),
}


def add_parsers(groups: Commands) -> None:
    """Add the group `world` and its commands."""
    commands = add_group(groups, "world", "Look at the procedural world that the embedded model learns from.")
    for name, (about, output) in COMMANDS.items():
        command = add_command(commands, name, _film if name == "film" else _still, about)
        command.add_argument("script", type=existing_file, metavar="SCRIPT",
                             help="a TOML file of [[sections]] tables, with keys such as camera, speed, eased, light and weather")
        command.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help=f"{output} (required)")
        command.add_argument("--size", type=size_in_16s, default=(320, 192), metavar="WxH",
                             help="width and height in multiples of 16 pixels (default: 320x192)")
        command.add_argument("--seed", type=whole_number, default=0, help="number of the drawn scene (default: 0)")
        command.add_argument("--picture", type=existing_file, metavar="FILE",
                             help="a photograph to film instead of a drawn scene (default: none)")
    sample = add_command(commands, "sample", _sample, "Render a sample story, and write the project with all its takes beside it, "
                         "which the first screen of the studio opens.")
    sample.add_argument("story", type=existing_file, metavar="STORY", help="a story.toml of assets/examples")


def _sample(options: argparse.Namespace) -> int:
    from studio.lab.commands.models import ROOT
    from studio.lab.sample_film import SampleError, make_sample

    try:
        make_sample(options.story, ROOT / "models")
    except SampleError as error:
        return complain(error, 1)
    return 0


def _film(options: argparse.Namespace) -> int:
    from studio.lab.world import FPS, ScriptError
    from studio.media import MediaError
    from studio.media.clip import write_clip

    try:
        write_clip(options.output, _shot(options).frames().permute(0, 2, 3, 1).contiguous().numpy(), FPS)
    except (ScriptError, MediaError, OSError) as error:
        return complain(error, 2)
    return 0


def _still(options: argparse.Namespace) -> int:
    from PIL import Image

    from studio.lab.world import ScriptError

    try:
        Image.fromarray(_shot(options).frames()[0].permute(1, 2, 0).contiguous().numpy()).save(options.output, quality=90)
    except (ScriptError, OSError, ValueError) as error:  # ValueError: Pillow knows no format for the file's ending
        return complain(error, 2)
    return 0


def _shot(options: argparse.Namespace) -> Film:
    """The film of the script, in the scene or the photograph that was chosen. Raises ScriptError."""
    from studio.lab.world import shoot
    from studio.lab.world.scripts import read_photograph, read_script

    script, (width, height) = read_script(options.script), options.size
    picture = read_photograph(options.picture, script, width, height) if options.picture else None
    return shoot(script, width, height, options.seed, picture)
