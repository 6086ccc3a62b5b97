"""The training commands: `python -m studio.lab.train autoencoder|weather|film|memory|force|export [recipe.toml]`."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

RECIPES = Path(__file__).parent / "recipes"
OTHERS = {"export": "film", "force": "force-mini"}
"""Commands whose recipes have other names."""


def main() -> None:
    """Read the command line and run one command."""
    parser = argparse.ArgumentParser(prog="python -m studio.lab.train", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("autoencoder", "weather", "film", "memory", "force", "export"):
        command = commands.add_parser(name)
        recipe = RECIPES / f"{OTHERS.get(name, name)}-cpu.toml"
        command.add_argument("recipe", nargs="?", type=Path, default=recipe)
        if name == "force":
            command.add_argument("--export", type=Path, metavar="FOLDER", help="write a finished arm as a new model folder")
            command.add_argument("--arm", help="which one to export, if the recipe has several")
            command.add_argument("--seed", type=int, help="of which run, if the recipe has several")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    from studio.catalogue.cards import ModelError
    from studio.lab.train.keeping import RecipeError  # torch is slow to import: not before the command line is right

    try:
        run(chosen)
    except (RecipeError, ModelError) as error:
        parser.exit(1, f"{error}\n")


def run(chosen: argparse.Namespace) -> None:
    """One command, as the command line has it. Raises RecipeError and ModelError: what is wrong, in a sentence."""
    from studio.lab.train.keeping import read_recipe

    if chosen.command == "autoencoder":
        from studio.lab.train import autoencoder

        autoencoder.train(read_recipe(chosen.recipe, autoencoder.Recipe))
    elif chosen.command == "weather":
        from studio.lab.train import weather

        weather.train(read_recipe(chosen.recipe, weather.Recipe))
    elif chosen.command == "film":
        from studio.lab.train import film

        film.train(read_recipe(chosen.recipe, film.Recipe))
    elif chosen.command == "memory":
        from studio.lab.train import study

        study.study(chosen.recipe)
    elif chosen.command == "force" and chosen.export:
        from studio.lab.train import forced_folder

        card = forced_folder.export(chosen.recipe, chosen.export, chosen.arm, chosen.seed)
        logging.info("%s: %s", card.folder, card.summary)
    elif chosen.command == "force":
        from studio.lab.train import finetune

        finetune.finetune(chosen.recipe)
    else:
        from studio.lab.train import export

        export.export(chosen.recipe)


if __name__ == "__main__":
    main()
