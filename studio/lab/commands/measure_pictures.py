"""The commands of the group `measure` that look at pictures: new ground, lifted subjects, films beyond the first frame, exports,
the invisible mark."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from studio.lab.commands.measure_options import add, model_option, output_option, report, write
from studio.lab.commands.models import find_card
from studio.lab.commands.options import Commands, positive, size


def add_parsers(commands: Commands) -> None:
    """Add the commands to the group `measure`."""
    _add_extension(commands)
    _add_subject(commands)
    _add_sheet(commands)
    _add_exports(commands)
    _add_mark(commands)


def _add_extension(commands: Commands) -> None:
    command = add(commands, "extension", _extension, "Measure the ground that the studio adds beyond a picture's edges, beside "
                   "mirrored and real ground: 12 photographs and drawings, a table and a sheet.")
    command.add_argument("--pictures", nargs="+", metavar="NAME", help="some of the pictures (default: all)")
    command.add_argument("--longest", type=positive, default=1280, metavar="PIXELS",
                         help="pixels of the pictures' longer side (default: 1280)")
    output_option(command, "runs/evaluation/extension")


def _add_subject(commands: Commands) -> None:
    command = add(commands, "subject", _subject, "Measure how well a subject is lifted from its picture by a stroke and by a "
                   "click: 15 photographs, drawings and composites, a table and a sheet.")
    command.add_argument("--longest", type=positive, default=1280, metavar="PIXELS",
                         help="pixels of the pictures' longer side (default: 1280)")
    output_option(command, "runs/evaluation/subject")


def _add_sheet(commands: Commands) -> None:
    command = add(commands, "sheet", _sheet, "Film six pictures beyond the first frame at 320x192 and at a large size, and draw "
                   "both on one sheet.")
    model_option(command)
    command.add_argument("--pictures", nargs="+", metavar="NAME", help="samples of the studio, scikit-image's photographs, or "
                         "drawn scenes like 'scene 3' (default: three samples and three photographs)")
    command.add_argument("--size", type=size, metavar="WxH", help="of the large films (default: the model's default size)")
    command.add_argument("-o", "--output", type=Path, metavar="FILE", default=Path("runs/evaluation/before-after.png"),
                         help="the sheet, PNG or WebP (default: runs/evaluation/before-after.png)")


def _add_exports(commands: Commands) -> None:
    command = add(commands, "exports", _exports, "Measure the time and the bytes of each export of a film, beside its length.")
    command.add_argument("--seconds", type=positive, default=60, metavar="N", help="length of the film (default: 60)")
    command.add_argument("--size", type=size, default=(640, 384), metavar="WxH", help="of the film in pixels (default: 640x384)")
    output_option(command, "runs/evaluation/exports")


def _add_mark(commands: Commands) -> None:
    command = add(commands, "invisible-mark", _mark, "Measure the invisible mark of exported films: what it changes, what it "
                  "survives, and whether anything unmarked is taken for marked.")
    command.add_argument("--quick", action="store_true", help="films of 1 and 3 seconds, none of the embedded model (default: no)")
    output_option(command, "runs/evaluation/invisible-mark")


def _mark(options: argparse.Namespace) -> None:
    from studio.lab.measure import invisible_mark

    out = options.output or Path("runs") / "evaluation" / "invisible-mark"
    figures = invisible_mark.measure((1, 3), rendered=(), report=report) if options.quick else invisible_mark.measure(report=report)
    write(out, "invisible-mark.json", "invisible-mark.md", figures, invisible_mark.markdown(figures))


def _exports(options: argparse.Namespace) -> None:
    from studio.lab.measure import export_costs

    out = options.output or Path("runs") / "evaluation" / "exports"
    figures = export_costs.measure(options.seconds, options.size, report=report)
    write(out, "exports.json", "exports.md", figures, export_costs.markdown(figures))


def _extension(options: argparse.Namespace) -> None:
    from studio.lab.measure import extension

    out = options.output or Path("runs") / "evaluation" / "extension"
    figures = extension.measure(out, options.pictures or extension.PICTURES, options.longest, report)
    write(out, "extension.json", "extension.md", figures, extension.markdown(figures))


def _subject(options: argparse.Namespace) -> None:
    from studio.lab.measure import subject

    out = options.output or Path("runs") / "evaluation" / "subject"
    figures = subject.measure(out, options.longest, report)
    write(out, "subject.json", "subject.md", figures, subject.markdown(figures))


def _sheet(options: argparse.Namespace) -> None:
    from studio.backbones.load import load
    from studio.lab.measure import edge_films

    card = find_card(options.model)
    edge_films.measure(
        load(card), options.pictures or edge_films.PICTURES, options.size or card.default_size, options.output, report)
    sys.stdout.write(f"{options.output}\n")
