"""The commands of `app.py` and their options, as the command line reads them; what a command does is given by whoever adds it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Run = Callable[[argparse.Namespace], int]
"""What a command runs, with its options; returns the process's exit status."""


def add_film_commands(commands: Commands, render: Run, take_in: Run, find: Run, export: Run, read: Run) -> None:
    """Put the commands on the command line that make films, take them in and hand them over, and what each of them runs."""
    story = commands.add_parser("render", help="render a story file to an MP4, without a browser")
    story.set_defaults(run=render)
    story.add_argument("story", type=Path, nargs="?", help="story.toml: reference image and timeline")
    story.add_argument("-o", "--output", type=Path, default=Path("film.mp4"), help="the film (default: film.mp4)")
    story.add_argument("--image", type=Path, help="reference image instead of the story's")
    story.add_argument("--preset", help="draft, standard or fine, instead of the story's")
    story.add_argument("--model", help="folder under models/ (default: the first)")
    story.add_argument("--seed", type=int, help="seed of the whole story: every segment's seed follows from it")
    story.add_argument("--resume", type=Path, metavar="FOLDER", help="continue the film of a project folder")

    arrival = commands.add_parser("import", help="put a project that was exported as a ZIP beside the others")
    arrival.set_defaults(run=take_in)
    arrival.add_argument("file", type=Path, help="the ZIP")

    back = commands.add_parser("open", help="open the take at which an exported film ends, or what it was made of as a new film")
    back.set_defaults(run=find)
    back.add_argument("file", type=Path, help="an exported film, GIF, WebP or contact sheet, or the .json beside it")
    back.add_argument("--only", action="store_true", help="do not open the studio: say which film it is, or import it")
    back.add_argument("--port", type=int, default=None, help="port (default: the first free one from 7860)")
    back.add_argument("--no-browser", action="store_true", help="do not open a browser window")

    marked = commands.add_parser("read-mark", help="say whether a video bears the invisible mark of exported films")
    marked.set_defaults(run=read)
    marked.add_argument("file", type=Path, help="a video, also one that was coded again, scaled or cropped")

    leaving = commands.add_parser("export", help="write a project's film as a timeline, a list, a storyboard or a master")
    leaving.set_defaults(run=export)
    leaving.add_argument("project", help="a project's folder, or its name in the studio's list of films")
    leaving.add_argument("--as", dest="kind", default="film", metavar="WHAT",
                         help="film, otio, edl, xml, shots, storyboard, sheet, frames, prores or ffv1 (default: film)")
    leaving.add_argument("-o", "--output", type=Path, help="the file; for a ZIP also a folder (default: the film's name)")
    leaving.add_argument("--rate", type=int, metavar="FPS", help="of an MP4; it lasts as long as before (default: the film's own)")
    leaving.add_argument("--sidecar", action="store_true", help="of an MP4: write beside it, as .json, how it was made")
    leaving.add_argument("--blend", action="store_true", help="at another rate: mix neighbouring frames (default: the nearest one)")
    leaving.add_argument("--label", default="", metavar="TEXT", help="in the corner of an MP4's frames, such as “Made with AI”")
    leaving.add_argument("--invisible-mark", action="store_true",
                         help="in all frames of an MP4, which stays when the film is coded again; read-mark finds it")
    leaving.add_argument("--first", type=int, default=1, metavar="N", help="the first frame's number, of pictures (default: 1)")
    leaving.add_argument("--paper", default="a4", help="of a storyboard: a4 or letter (default: a4)")


def add_model_commands(commands: Commands, show: Run, fetch: Run, check: Run, calibrate: Run, examine: Run, agent: Run) -> None:
    """Put the commands on the command line that are about models, the machine and agents, and what each of them runs."""
    models = commands.add_parser("models", help="list the models, fetch weights, check them, calibrate them")
    models.set_defaults(run=show)
    actions = models.add_subparsers(title="commands (without one: list the models)", metavar="")
    load = actions.add_parser("fetch", help="download a model's weights, or go on with a download that was cut")
    load.set_defaults(run=fetch)
    load.add_argument("name", help="folder under models/")
    load.add_argument("--accept-licence", action="store_true", help="accept the licences without being asked (for scripts)")
    load.add_argument("--from", dest="cache", type=Path, metavar="FOLDER", help="a hub cache or FramePack folder with weights")
    look = actions.add_parser("check", help="look for missing and truncated files, and for files that do not belong to the model")
    look.set_defaults(run=check)
    look.add_argument("name", help="folder under models/")
    look.add_argument("--thorough", action="store_true", help="compare checksums too: reads every file")

    measure = actions.add_parser("calibrate", help="measure once which steps a large model can leave out, on its own weights: for "
                                 "the preset Calibrated draft")
    measure.set_defaults(run=calibrate)
    measure.add_argument("name", help="folder under models/")
    measure.add_argument("--again", action="store_true", help="measure it again, though it was measured already")
    measure.add_argument("--picture", type=Path, metavar="FILE", help="what is filmed for it (default: the lighthouse)")

    agents = commands.add_parser("mcp", help="serve an agent that starts this command, over its standard input and output")
    agents.set_defaults(run=agent)
    agents.add_argument("--tools", choices=("all", "basic"), default="all", help="which of the tools to list (default: all); the "
                        "basic ones suffice to make a film")

    doctor = commands.add_parser("doctor", help="say what this machine has, which models run on it, and how")
    doctor.set_defaults(run=examine)
    doctor.add_argument("--model", help="folder under models/ (default: all)")
    doctor.add_argument("--size", metavar="WxH", help="of the film in pixels (default: each model's own)")
    doctor.add_argument("--sections", type=int, metavar="N", help="of the whole film (default: 20); matters where the memory grows")
    doctor.add_argument("--profile", help="of presets/profiles, or a file.toml (default: STUDIO_PROFILE, or the best that fits)")
    doctor.add_argument("--card", metavar="NAME", help='plan for this graphics card, such as "RTX 4070" or "3080 laptop 16GB"')
    doctor.add_argument("--vram", type=float, metavar="GB", help="plan for this much graphics memory; 0: no graphics card")
    doctor.add_argument("--ram", type=float, metavar="GB", help="and this much memory (default: this machine's)")
