"""The commands of `measure` that time the studio itself: its parts one by one, or together as `benchmark`."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from studio.lab.commands.options import Commands, add_command, complain, positive

PARTS = {
    "startup": "Time from `python app.py` to the first page and to the engine being ready.",
    "sections": "Time of a model's sections, part by part, beside what the machine can do.",
    "stock": "Our section loop beside diffusers' stock FramePack pipeline, with the same small random weights.",
    "page": "Time from a click to the page showing it, in Chromium, which must be installed.",
    "neighbour": "Time of a section alone, beside a busy process and beside a browser that plays a film; needs Chromium.",
}
SECTIONS = 40


def add_parsers(commands: Commands) -> None:
    """Add a command for each part, and `benchmark` for several of them, to the group `measure`."""
    both = "Time the studio: several of the commands startup, sections, stock, page and neighbour in one run, as one JSON file."
    for name, about in {**PARTS, "benchmark": both}.items():
        command = add_command(commands, name, _run, about)
        command.set_defaults(parts=[name], model=None, sections=SECTIONS)
        if name == "benchmark":
            command.add_argument("--only", dest="parts", nargs="+", choices=tuple(PARTS), metavar="PART", default=list(PARTS),
                                 help=f"some of {', '.join(PARTS)} (default: all)")
        if name in ("benchmark", "sections"):
            command.add_argument("--model", metavar="NAME", help="of the sections: a folder under models/, or any folder "
                                 "(default: the first model)")
            command.add_argument("--sections", type=at_least_four, default=SECTIONS, metavar="N",
                                 help=f"how many sections are rendered; the last is compared with the fourth (default: {SECTIONS})")
        command.add_argument("-o", "--output", type=Path, metavar="FILE", help="write the JSON to this file too (default: none)")


def at_least_four(text: str) -> int:
    """A number of sections of which the last can be compared with the fourth."""
    if (number := positive(text)) < 4:
        raise argparse.ArgumentTypeError(f"the last section is compared with the fourth, so {number} are too few")
    return number


def _run(options: argparse.Namespace) -> int:
    from studio.catalogue.cards import ModelError

    try:
        figures = _figures(options.parts, options.model, options.sections)
    except (ModelError, ValueError) as error:
        return complain(error, 1)
    text = json.dumps(figures, indent=2) + "\n"
    sys.stdout.write(text)
    if options.output:
        options.output.write_text(text, "utf-8")
    return 0


def _figures(parts: Sequence[str], model: str | None, sections: int) -> dict[str, Any]:
    """The machine, and the figures of each part."""
    figures: dict[str, Any] = {"machine": {"processor": platform.machine(), "system": platform.system()}}
    for part in parts:
        sys.stderr.write(f"measuring {part} ...\n")
        figures[part] = _part(part, model, sections)
    return figures


def _part(part: str, model: str | None, sections: int) -> dict[str, Any]:
    """The figures of one part. Imports only what that part measures.

    Raises:
        ModelError: there is no such model.
        ValueError: the part cannot be measured here.
    """
    if part in ("startup", "page", "neighbour"):
        from studio.lab.measure import neighbour, page_latency, startup

        try:
            return {"startup": startup, "page": page_latency, "neighbour": neighbour}[part].measure()
        except RuntimeError as error:      # the studio did not start, or there is no Chromium: a sentence will do
            raise ValueError(str(error)) from error
    if part == "stock":
        from studio.lab.measure import stock

        return stock.compare()
    from studio.backbones.load import load
    from studio.lab.commands.models import find_card
    from studio.lab.measure import section_costs

    return section_costs.measure(load(find_card(model)), sections)
