"""The group `measure`: the commands that measure models, their memories and the studio, and write figures, tables and pictures."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from studio.lab.commands import benchmark, cards, film_memory, measure_pictures, memory_bench, placement, scale
from studio.lab.commands.measure_options import add, model_option, output_option, report, size_option, write
from studio.lab.commands.models import find_card
from studio.lab.commands.options import Commands, Size, add_command, add_group, positive

MODEL_PARTS = ("camera", "light", "weather", "figure", "words", "autoencoder", "steadiness", "sharpness", "cost")
PSI_SECTIONS, LEAST_PSI_SECTIONS = 200, 40
SCENES = 6
SMALL = 0.6
"""Share of the model's first size, each way, that a quick measurement films at."""


def add_parsers(groups: Commands) -> None:
    """Add the group `measure` and its commands."""
    commands = add_group(
        groups, "measure", "Measure models, their memories and the studio. Figures are written as JSON, with tables.")
    _add_model(commands)
    _add_memory(commands)
    _add_psi(commands)
    _add_cache(commands)
    _add_kept(commands)
    measure_pictures.add_parsers(commands)
    learn = add_command(commands, "learn", _learn, "Teach the classifiers of light and weather anew from true films. "
                        "Overwrites studio/lab/measure/class_means.py.")
    learn.add_argument("--scenes", type=positive, default=SCENES, metavar="N",
                       help=f"how many drawn scenes they learn from, beside the photographs (default: {SCENES})")
    placement.add_parsers(commands)
    cards.add_parsers(commands)
    scale.add_parsers(commands)
    benchmark.add_parsers(commands)
    memory_bench.add_parsers(commands)
    film_memory.add_parsers(commands)


def _add_model(commands: Commands) -> None:
    command = add(commands, "model", _model, "Measure what a model follows and keeps: its figures, sheets of frames, and the "
                   "tables of its card.")
    model_option(command)
    command.add_argument("--only", nargs="+", choices=MODEL_PARTS, metavar="PART",
                         help=f"some of {', '.join(MODEL_PARTS)} (default: all)")
    command.add_argument("--quick", action="store_true", help="fewer films, and smaller ones (default: no)")
    command.add_argument("--pictures", type=positive, metavar="N",
                         help="how many photographs, and how many scenes, of every case (default: as many as the plan has)")
    size_option(command)
    output_option(command, "runs/evaluation/NAME")


def _add_memory(commands: Commands) -> None:
    command = add(commands, "memory", _memory, "Measure what models remember of what was out of view: with their long-term "
                   "memory, with another film's, and with none.")
    command.add_argument("--model", nargs="+", metavar="NAME", help="one or several folders under models/, or any folders "
                         "(default: the first model)")
    command.add_argument("--quick", action="store_true", help="fewer films, and smaller ones (default: no)")
    command.add_argument("--pictures", type=positive, metavar="N",
                         help="how many photographs, and how many scenes, of every case (default: 4; 1 with --quick)")
    command.add_argument("--sections", type=positive, metavar="N", help="length of the long films (default: 20; 6 with --quick)")
    command.add_argument("--gaps", nargs="+", type=_gap, metavar="N",
                         help="sections out of view before a return (default: 1 2 4 8; 1 4 with --quick)")
    command.add_argument("--arms", nargs="*", metavar="ARM", help="measure the model also with less to go back to and with the "
                         "whole film; without an ARM, all of these (default: the model alone)")
    command.add_argument("--memories", type=Path, metavar="FOLDER",
                         help="measure the memories of a memory study as arms too; a folder like runs/memory (default: none)")
    command.add_argument("--encoder", nargs="+", type=Path, default=[], metavar="FOLDER",
                         help="folders of a DINO model (subject consistency) and of a CLIP or SigLIP model (background "
                              "consistency) on this machine (default: none)")
    command.add_argument("--quality", nargs="+", default=[], metavar="METRIC",
                         help="image-quality metrics of pyiqa, like musiq; pyiqa must be installed and downloads their weights "
                              "(default: none)")
    size_option(command)
    output_option(command, "runs/evaluation/memory")


def _add_psi(commands: Commands) -> None:
    command = add(commands, "psi", _psi, "Measure what the long-term memory psi costs from the first section to the last; a plot "
                   "and a table, and the cost counted for FramePack-F1.")
    model_option(command)
    command.add_argument("--sections", type=_psi_sections, default=PSI_SECTIONS, metavar="N",
                         help=f"length of the film, {LEAST_PSI_SECTIONS} or more (default: {PSI_SECTIONS})")
    output_option(command, "runs/evaluation/NAME")


def _add_cache(commands: Commands) -> None:
    command = add(commands, "cache", _cache, "Measure what leaving out blocks or steps saves and costs a large model.")
    model_option(command)
    size_option(command)
    command.add_argument("--steps", type=positive, metavar="N", help="steps of a section (default: the model's own)")
    command.add_argument("--thresholds", nargs="+", type=_threshold, metavar="X",
                         help="thresholds of the step cache, above 0 and up to 1 (default: 0.03 0.06 0.1 0.15 0.25)")
    command.add_argument("--rule", choices=("first-block", "magnitude"), default="first-block",
                         help="by what is left out: the first block's residual, or what 'app.py models calibrate' measured "
                              "(default: first-block)")
    output_option(command, "runs/evaluation/NAME")


def _add_kept(commands: Commands) -> None:
    command = add(commands, "kept", _kept, "Show what the arms of the memory study keep, as a table and a plot. Measures nothing "
                   "new: `train memory` writes the results.")
    command.add_argument("--results", type=Path, default=Path("runs/memory/results.json"), metavar="FILE",
                         help="results of the memory study (default: runs/memory/results.json)")
    output_option(command, "that of the results")


def _gap(text: str) -> int:
    """Sections out of view."""
    try:
        return positive(text)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"'{text}': a gap is at least one section, as a whole number") from None


def _psi_sections(text: str) -> int:
    if (number := positive(text)) < LEAST_PSI_SECTIONS:
        raise argparse.ArgumentTypeError(f"the film needs {LEAST_PSI_SECTIONS} sections or more, not {number}")
    return number


def _threshold(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number <= 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number above 0, up to 1")
    return number


def _model(options: argparse.Namespace) -> None:
    from studio.backbones.load import load
    from studio.lab.measure import film_cases, model_figures, model_table

    film_model = load(find_card(options.model))
    workload = film_cases.QUICK if options.quick else film_cases.FULL
    if options.pictures:
        workload = replace(workload, pictures=options.pictures, alternate=False)
    width, height = options.size or _default_size(film_model.card.sizes[0], options.quick)
    out = options.output or Path("runs") / "evaluation" / film_model.card.name
    figures = model_figures.measure(film_model, workload, width, height, out, report, options.only or model_figures.PARTS)
    write(out, "figures.json", "card.md", figures, model_table.markdown(figures))


def _memory(options: argparse.Namespace) -> None:
    from studio.backbones.load import load
    from studio.lab.measure import memory, memory_table
    from studio.lab.measure.consistency import load_encoders
    from studio.lab.measure.quality import load_metric
    from studio.lab.measure.variants import variants

    readers, qualities = load_encoders(options.encoder), [load_metric(name) for name in dict.fromkeys(options.quality)]
    models = [load(find_card(name)) for name in options.model or [None]]
    if options.arms is not None or options.memories is not None:
        models = [arm for model in models for arm in variants(model, options.arms or (), options.memories)]
    scale = memory.QUICK if options.quick else memory.FULL
    scale = replace(scale, gaps=tuple(sorted(set(options.gaps)))) if options.gaps else scale
    scale = scale.with_pictures(options.pictures) if options.pictures else scale
    scale = replace(scale, sections=options.sections) if options.sections else scale
    width, height = options.size or _default_size(models[0].card.sizes[0], options.quick)
    out = options.output or Path("runs") / "evaluation" / "memory"
    figures = memory.measure(models, scale, width, height, out, report, readers, qualities)
    write(out, "memory.json", "memory.md", figures, memory_table.markdown(figures))


def _psi(options: argparse.Namespace) -> None:
    from studio.backbones.load import load
    from studio.lab.measure import psi

    card = find_card(options.model)
    figures = psi.measure(load(card), options.sections)
    out = options.output or Path("runs") / "evaluation" / card.name
    write(out, "psi.json", "psi.md", figures, psi.markdown(figures))
    psi.draw(figures, out / "psi.png")


def _cache(options: argparse.Namespace) -> None:
    from studio.backbones.load import load
    from studio.lab.measure import step_cache_costs

    card = find_card(options.model)
    at = options.size or card.sizes[0]
    thresholds = tuple(options.thresholds or step_cache_costs.THRESHOLDS)
    figures = step_cache_costs.measure(load(card, size=at), at, options.steps, thresholds, report, options.rule)
    out = options.output or Path("runs") / "evaluation" / card.name
    write(out, "cache.json", "cache.md", figures, step_cache_costs.markdown(figures))


def _kept(options: argparse.Namespace) -> None:
    from studio.lab.measure import memory_study

    try:
        results = json.loads(options.results.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{options.results} holds no results of the memory study ({error}). Run that first.") from None
    out = options.output or options.results.parent
    table = memory_study.markdown(results if isinstance(results, list) else [])
    out.mkdir(parents=True, exist_ok=True)
    (out / "kept.md").write_text(table, "utf-8")
    memory_study.draw(results, out / "kept.png")
    sys.stdout.write(table)


def _learn(options: argparse.Namespace) -> int:
    from studio.lab.measure import learn_classes

    subjects = learn_classes.subjects_to_learn_from(options.scenes)
    report("light")
    light = learn_classes.learn_light(subjects)
    report("weather")
    learn_classes.write(light, learn_classes.learn_weather(subjects))
    return 0


def _default_size(first: Size, quick: bool) -> Size:
    """The model's first size, or about SMALL of it in multiples of 32."""
    if not quick:
        return first
    width, height = (max(32, round(side * SMALL / 32) * 32) for side in first)
    return width, height
