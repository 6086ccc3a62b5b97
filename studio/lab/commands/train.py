"""The group `train`: the commands that train the parts of a model and export them, each from a recipe."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable
from pathlib import Path

from studio.lab.commands.options import Commands, add_command, add_group, complain, existing_file, whole_number

RECIPES = Path(__file__).parents[1] / "train" / "recipes"


def add_parsers(groups: Commands) -> None:
    """Add the group `train` and its commands."""
    commands = add_group(
        groups, "train",
        "Train the embedded model part by part, or fine-tune FramePack. Recipes are TOML files in studio/lab/train/recipes.")
    _add(commands, "autoencoder", "autoencoder-cpu", _autoencoder, "Train the autoencoder of the embedded model.")
    _add(commands, "weather", "weather-cpu", _weather, "Train the part that draws light and weather.")
    _add(commands, "words", "words-cpu", _words, "Train the reader of words, and put it into the model folder of the recipe.")
    _add(commands, "film", "film-cpu", _film, "Train the film model on latents of the world or of footage.")
    _add(commands, "memory", "memory-cpu", _memory,
         "Train long-term memories: the memory study with all arms of the recipe, or the map of the shipped model.")
    force = _add(commands, "force", "force-mini-cpu", _force,
                 "Train the forcing stage: every arm and seed of the recipe, or write a finished arm as a model folder.")
    force.add_argument("--export", type=Path, metavar="FOLDER",
                       help="train nothing, and write a finished arm as this new model folder (default: train)")
    force.add_argument("--arm", help="with --export: the arm to write (default: the recipe's only one)")
    force.add_argument("--seed", type=whole_number, help="with --export: the seed of its run (default: the recipe's only one)")
    panorama = _add(commands, "panorama", "panorama-cpu", _panorama,
                    "Train the panorama model, a small network with a learned memory, and write its model folder.")
    panorama.add_argument("--checkpoint", type=existing_file, metavar="FILE",
                          help="train nothing, and write the network of this checkpoint of the memory bench (default: train)")
    _add(commands, "export", "film-cpu", _export,
         "Write the trained film model of the recipe to models/memorypack-mini: weights, tokenizer and card.")


def _add(
    commands: Commands, name: str, recipe: str, train: Callable[[argparse.Namespace], None], about: str
) -> argparse.ArgumentParser:
    """Add a command that takes a recipe; `recipe` names the one that it takes by itself."""
    command = add_command(commands, name, _run, about)
    command.set_defaults(train=train, parser=command)
    # A default that is a text goes through `existing_file` as well.
    command.add_argument("recipe", nargs="?", type=existing_file, metavar="RECIPE", default=str(RECIPES / f"{recipe}.toml"),
                         help=f"a TOML file (default: {recipe}.toml of studio/lab/train/recipes)")
    return command


def _run(options: argparse.Namespace) -> int:
    """Carry out a training command. Returns 2 if the recipe cannot be used, 1 if a model or footage that it names cannot."""
    if options.train is _force and not options.export and (options.arm or options.seed is not None):
        options.parser.error("--arm and --seed choose what --export writes: give --export FOLDER too")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    from studio.catalogue.cards import ModelError
    from studio.lab.panorama.training import RunError
    from studio.lab.train.caption_files import FootageError
    from studio.lab.train.recipe import RecipeError
    from studio.lab.world import ScriptError  # imports torch, which is slow: not before the command line is read

    try:
        options.train(options)
    except (RecipeError, ScriptError) as error:
        return complain(error, 2)
    except (ModelError, FootageError, RunError) as error:
        return complain(error, 1)
    return 0


def _autoencoder(options: argparse.Namespace) -> None:
    from studio.lab.train import autoencoder
    from studio.lab.train.recipe import read_recipe

    autoencoder.train(read_recipe(options.recipe, autoencoder.AutoencoderRecipe))


def _weather(options: argparse.Namespace) -> None:
    from studio.lab.train import weather
    from studio.lab.train.recipe import read_recipe

    weather.train(read_recipe(options.recipe, weather.WeatherRecipe))


def _words(options: argparse.Namespace) -> None:
    from studio.lab.train import words
    from studio.lab.train.recipe import read_recipe

    recipe = read_recipe(options.recipe, words.WordsRecipe)
    words.add_to_model(words.train(recipe), Path(recipe.model))


def _film(options: argparse.Namespace) -> None:
    from studio.lab.train import film
    from studio.lab.train.film_recipe import FilmRecipe
    from studio.lab.train.recipe import read_recipe

    film.train(read_recipe(options.recipe, FilmRecipe))


def _memory(options: argparse.Namespace) -> None:
    from studio.lab.train import study

    study.study(options.recipe)


def _force(options: argparse.Namespace) -> None:
    if options.export:
        from studio.lab.train import forced_folder

        card = forced_folder.export(options.recipe, options.export, options.arm, options.seed)
        logging.info("%s: %s", card.folder, card.summary)
    else:
        from studio.lab.train import finetune

        finetune.finetune(options.recipe)


def _panorama(options: argparse.Namespace) -> None:
    from studio.lab.panorama import export, training
    from studio.lab.train.recipe import read_recipe

    recipe = read_recipe(options.recipe, export.PanoramaRecipe)
    if options.checkpoint:
        card = export.export_checkpoint(options.checkpoint, Path(recipe.model))
    else:
        card = export.export(training.train(recipe.training, Path(recipe.run)), recipe.training, Path(recipe.model))
    logging.info("%s: %s", card.folder, card.summary)


def _export(options: argparse.Namespace) -> None:
    from studio.lab.train import export

    export.export(options.recipe)
