"""The commands of `measure` that time the studio itself: its parts one by one, or together as `benchmark`."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from pathlib import Path
from typing import Any

from studio.lab.commands.options import Commands, add_command, complain, positive, size

PARTS = {
    "startup": "Time from `python app.py` to the first page and to the engine being ready.",
    "sections": "Time of a model's sections at several sizes, part by part, beside FFmpeg's zoompan and what the machine can do.",
    "stock": "Our section loop beside diffusers' stock FramePack pipeline, with the same small random weights.",
    "page": "Time from a click to the page showing it, in Chromium, which must be installed.",
    "neighbour": "Time of a section alone, beside a busy process and beside a browser that plays a film; needs Chromium.",
}
SIZES = ((320, 192), (640, 384), (1280, 768))
ROUNDS, LONG = 5, 40


ALONE = {
    "load": "Time of clicks, errors, memory, files and turns while sessions click and films are rendered, for some minutes.",
    "farm": "Time of an audition on Ray workers of this machine against one of them, one thread each; and Ray's share of a take.",
}
"""Parts that take minutes, or processors for themselves: `benchmark` has none of them."""
AUDITION_SIZE = (320, 192)


def add_parsers(commands: Commands) -> None:
    """Add a command for each part, and `benchmark` for several of them, to the group `measure`."""
    both = "Time the studio: several of the commands startup, sections, stock, page and neighbour in one run, as one JSON file."
    for name, about in {**PARTS, **ALONE, "benchmark": both}.items():
        command = add_command(commands, name, _run, about)
        command.set_defaults(parts=[name], model=None, sizes=SIZES, rounds=ROUNDS, long=0, size=None, sessions=0)
        if name == "benchmark":
            command.add_argument("--only", dest="parts", nargs="+", choices=tuple(PARTS), metavar="PART", default=list(PARTS),
                                 help=f"some of {', '.join(PARTS)} (default: all)")
        if name in ("benchmark", "sections"):
            command.add_argument("--model", metavar="NAME", help="of the sections: a folder under models/, or any folder "
                                 "(default: the first model)")
            command.add_argument("--sizes", nargs="+", type=size, default=list(SIZES), metavar="WxH",
                                 help="of the films; ratios are to the first (default: 320x192 640x384 1280x768)")
            command.add_argument("--rounds", type=positive, default=ROUNDS, metavar="N",
                                 help=f"how often the sizes take turns, with three sections each (default: {ROUNDS})")
            command.add_argument("--long", type=at_least_four, nargs="?", const=LONG, default=0, metavar="N",
                                 help=f"render N sections of the model's default size as well and compare the last with the "
                                      f"fourth; without N, {LONG} (default: no)")
        if name in ("benchmark", "page"):
            command.add_argument("--sessions", type=positive, default=0, metavar="N",
                                 help="click while N sessions do and one film is rendered as well (default: no)")
        if name in ("benchmark", "neighbour"):
            command.add_argument("--size", type=size, metavar="WxH",
                                 help="of the films beside a neighbour (default: the model's default size)")
        if name == "load":
            command.add_argument("--sessions", type=positive, default=20, metavar="N", help="that click (default: 20)")
            command.add_argument("--rendering", type=positive, default=3, metavar="N", help="films that are rendered (default: 3)")
            command.add_argument("--minutes", type=float, default=10.0, metavar="N", help="how long (default: 10)")
        if name == "farm":
            command.add_argument("--workers", type=positive, default=2, metavar="N", help="on this machine (default: 2)")
            command.add_argument("--takes", type=positive, default=4, metavar="N", help="of the audition (default: 4)")
            command.add_argument("--rounds", type=positive, default=3, metavar="N",
                                 help="of one audition on one worker and one on all (default: 3)")
            command.add_argument("--size", type=size, default=AUDITION_SIZE, metavar="WxH", help="of a take (default: 320x192)")
            command.add_argument("--steps", type=positive, default=8, metavar="N", help="of a take (default: 8)")
        command.add_argument("-o", "--output", type=Path, metavar="FILE", help="write the JSON to this file too (default: none)")


def at_least_four(text: str) -> int:
    """A number of sections of which the last can be compared with the fourth."""
    if (number := positive(text)) < 4:
        raise argparse.ArgumentTypeError(f"the last section is compared with the fourth, so {number} are too few")
    return number


def _run(options: argparse.Namespace) -> int:
    from studio.catalogue.cards import ModelError

    figures: dict[str, Any] = {"machine": {"processor": platform.machine(), "system": platform.system()}}
    try:
        for part in options.parts:
            _report(part)
            figures[part] = _part(part, options)
    except (ModelError, ValueError) as error:
        return complain(error, 1)
    text = json.dumps(figures, indent=2) + "\n"
    sys.stdout.write(text)
    if options.output:
        options.output.write_text(text, "utf-8")
    return 0


def _report(part: str) -> None:
    sys.stderr.write(f"measuring {part} ...\n")


def _part(part: str, options: argparse.Namespace) -> dict[str, Any]:
    """The figures of one part. Imports only what that part measures.

    Raises:
        ModelError: there is no such model.
        ValueError: the part cannot be measured here.
    """
    if part in ("startup", "page", "neighbour"):
        from studio.lab.measure import neighbour, page_latency, startup

        try:
            if part == "neighbour":
                return neighbour.measure(options.size)
            return startup.measure() if part == "startup" else page_latency.measure(sessions=options.sessions)
        except RuntimeError as error:      # the studio did not start, or there is no Chromium: a sentence will do
            raise ValueError(str(error)) from error
    if part == "load":
        from studio.lab.measure import load as under_load

        return under_load.measure(options.sessions, options.rendering, options.minutes)
    if part == "farm":
        from studio.lab.measure import farm

        figures = farm.measure(options.workers, options.takes, options.rounds, options.size, options.steps, _report)
        sys.stderr.write(farm.markdown(figures))
        return figures
    if part == "stock":
        from studio.lab.measure import stock

        return stock.compare()
    from studio.backbones.load import load
    from studio.lab.commands.models import find_card
    from studio.lab.measure import size_costs

    figures = size_costs.measure(load(find_card(options.model)), options.sizes, options.rounds, options.long, report=_report)
    sys.stderr.write(size_costs.markdown(figures))
    return figures
