"""The command `measure film-memory`."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from studio.lab.commands.measure_options import model_option, write
from studio.lab.commands.models import find_card
from studio.lab.commands.options import Commands, add_command, complain, positive, whole_number


def add_parsers(commands: Commands) -> None:
    """Add the command to the group `measure`."""
    command = add_command(commands, "film-memory", _run, "Train learned memories in the embedded model's own world, and measure "
                          "what they remember beside its map. What was stopped goes on where it was.")
    model_option(command)
    command.add_argument("--arms", nargs="+", default=[], metavar="ARM", help="some arms of the plan (default: all)")
    command.add_argument("--seeds", nargs="+", type=whole_number, default=[], metavar="N", help="(default: those of the plan)")
    command.add_argument("--threads", type=positive, default=1, metavar="N", help="that compute (default: 1)")
    command.add_argument("-o", "--output", type=Path, default=Path("runs/film-memory"), metavar="FOLDER",
                         help="folder for everything written (default: runs/film-memory)")


def _run(options: argparse.Namespace) -> int:
    from studio.backbones.load import load
    from studio.catalogue.cards import ModelError
    from studio.lab.film_memory.bench import carry_out, map_memory, read_plan
    from studio.lab.film_memory.tables import figures, markdown, plot
    from studio.lab.train.recipe import RecipeError
    from studio.lab.train.resumable import RunError

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    try:
        plan = read_plan()
        if strangers := set(options.arms) - set(plan.arms):
            raise RecipeError(f"There is no arm '{sorted(strangers)[0]}'; there are {', '.join(plan.arms)}.")
        memory = map_memory(load(find_card(options.model)))
        results = carry_out(plan, memory, options.output, options.arms, options.seeds, options.threads)
    except RecipeError as error:
        return complain(error, 2)
    except (ModelError, RunError, RuntimeError, ValueError) as error:
        return complain(error, 1)
    write(options.output, "film-memory.json", "film-memory.md", figures(plan, results), markdown(plan, results))
    plot(plan, results, options.output / "film-memory.png")
    return 0
