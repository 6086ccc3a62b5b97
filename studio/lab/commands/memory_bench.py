"""The command `measure memory-bench`."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from studio.lab.commands.options import Commands, add_command, complain, positive


def add_parsers(commands: Commands) -> None:
    """Add the command to the group `measure`."""
    command = add_command(commands, "memory-bench", _run, "Train memories in a small world of panoramas, and measure what they "
                          "remember of what was out of view. A bench that was stopped goes on where it was.")
    command.add_argument("plan", nargs="?", help="a plan by its name, or a TOML file (default: list the plans)")
    command.add_argument("--arms", nargs="+", default=[], metavar="ARM", help="some arms of the plan (default: all)")
    command.add_argument("--seeds", nargs="+", type=int, default=[], metavar="N", help="in place of the plan's (default: those)")
    command.add_argument("--threads", type=positive, default=1, metavar="N", help="of each run (default: 1)")
    command.add_argument("--device", default="cpu", help="of torch, such as cuda (default: cpu)")
    command.add_argument("-o", "--output", type=Path, default=Path("runs/memory-bench"), metavar="FOLDER",
                         help="folder for everything written (default: runs/memory-bench)")


def _run(options: argparse.Namespace) -> int:
    from studio.lab.panorama.bench import carry_out
    from studio.lab.panorama.plan import plans, read_plan
    from studio.lab.panorama.tables import drift_table, plot, table
    from studio.lab.panorama.training import RunError
    from studio.lab.train.recipe import RecipeError

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    try:
        if options.plan is None:
            for name in plans():
                sys.stdout.write(f"{name}: {read_plan(name).question}\n")
            return 0
        plan, name = read_plan(options.plan), Path(options.plan).stem
        if strangers := set(options.arms) - set(plan.arms):
            raise RecipeError(f"The plan {name} has no arm '{sorted(strangers)[0]}'; it has {', '.join(plan.arms)}.")
        results = carry_out(plan, options.output, options.threads, options.arms, options.seeds, options.device)
    except RecipeError as error:
        return complain(error, 2)
    except RunError as error:
        return complain(error, 1)
    text = f"# {plan.question}\n\nExpected before the runs: {plan.expected.strip()}\n"
    for length in plan.sections:
        text += f"\nFilms of {length} sections; parts identified by gap, in percent:\n\n{table(results, length)}"
    if plan.alone:
        text += (f"\nFilms of {plan.alone} sections that go on from their own; what is left of the first section where the "
                 f"camera is back there:\n\n{drift_table(results)}")
    (options.output / f"{name}.md").write_text(text, "utf-8")
    plot(results, plan.sections, options.output / f"{name}.png")
    sys.stdout.write(text)
    return 0
