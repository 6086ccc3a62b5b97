"""The world's command: `python -m studio.lab.world SCRIPT.toml -o film.mp4` films a script in a drawn scene or a photo."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and film; 0 if all went well, 2 if something asked for cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m studio.lab.world", description=__doc__)
    parser.add_argument("script", type=Path, help="a TOML file of [[sections]] tables: camera, speed, eased, light ...")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the MP4 to write, or with --still the PNG or JPEG")
    parser.add_argument("--size", type=_size, default=(320, 192), metavar="320x192", help="multiples of 16 pixels")
    parser.add_argument("--seed", type=_whole, default=0, help="number of the scene")
    parser.add_argument("--picture", type=Path, help="a photograph to film instead of a drawn scene")
    parser.add_argument("--still", action="store_true", help="write only the first frame, as a picture")
    chosen = parser.parse_args(arguments)
    from studio.lab.world.scripts import ScriptError
    from studio.media import MediaError  # torch is slow to import: not before the command line is right

    try:
        _film(chosen)
    except (ScriptError, MediaError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 2
    return 0


def _film(chosen: argparse.Namespace) -> None:
    from PIL import Image

    from studio.lab.world.film import shoot
    from studio.lab.world.scripts import read_photograph, read_script
    from studio.lab.world.section import FPS
    from studio.media.clip import write_clip

    script, (width, height) = read_script(chosen.script), chosen.size
    picture = read_photograph(chosen.picture, script, width, height) if chosen.picture else None
    frames = shoot(script, width, height, chosen.seed, picture).frames().permute(0, 2, 3, 1).contiguous().numpy()
    if chosen.still:
        Image.fromarray(frames[0]).save(chosen.output, quality=90)
    else:
        write_clip(chosen.output, frames, FPS)


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)x(\d+)", text)
    if match is None or any(int(side) % 16 or not 16 <= int(side) <= 4096 for side in match.groups()):
        raise argparse.ArgumentTypeError(f"{text!r} is no size: write it like 320x192, in multiples of 16 pixels")
    return int(match[1]), int(match[2])


def _whole(text: str) -> int:
    if not re.fullmatch(r"\d{1,18}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no seed: a whole number from 0")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
