"""`python -m studio.lab.measure benchmark|model|memory|psi|placement|cache|kept|learn`: figures of README and cards."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

PARTS = ("startup", "sections", "stock", "page")
MODEL_PARTS = ("camera", "light", "weather", "figure", "autoencoder", "steadiness", "cost")
ROOT = Path(__file__).parents[3]
BENCHMARK_SECTIONS, PSI_SECTIONS = 40, 200
SMALL = 0.6
"""Of the model's first size, each way: what a quick measurement films at."""


def measure(part: str, model: str | None, sections: int) -> dict[str, Any]:
    """One part's figures. Each part imports only what it measures."""
    if part == "startup":
        from studio.lab.measure import startup

        return startup.measure()
    if part == "stock":
        from studio.lab.measure import stock

        return stock.compare()
    if part == "page":
        from studio.lab.measure import page

        return page.measure()
    from studio.backbones.load import load
    from studio.lab.measure import sections as per_section

    return per_section.measure(load(_card(model)), sections)


def measure_model(options: argparse.Namespace) -> dict[str, Any]:
    """All figures of a model; pictures and the card's tables go to the output folder."""
    from dataclasses import replace

    from studio.backbones.load import load
    from studio.lab.measure import model as evaluation
    from studio.lab.measure import plan, report

    film_model = load(_card(options.model))
    scale = plan.QUICK if options.quick else plan.FULL
    if options.pictures:
        scale = replace(scale, pictures=options.pictures, turns=False)
    width, height = options.size or _size(film_model.card.sizes[0], options.quick)
    out = options.output or Path("runs") / "evaluation" / film_model.card.name
    figures = evaluation.measure(film_model, scale, width, height, out, _say, options.only or evaluation.PARTS)
    (out / "figures.json").write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    table = report.markdown(figures)
    (out / "card.md").write_text(table, "utf-8")
    sys.stdout.write(table)
    return figures


def measure_memory(options: argparse.Namespace) -> dict[str, Any]:
    """Whether the memories of one or several models remember; JSON, plots, sheets and a table go to the output folder."""
    from dataclasses import replace

    from studio.backbones.load import load
    from studio.lab.measure import memory, memory_table
    from studio.lab.measure.consistency import encoders
    from studio.lab.measure.quality import installed
    from studio.lab.measure.variants import variants

    readers, qualities = encoders(options.encoder), [installed(name) for name in dict.fromkeys(options.quality)]
    models = [load(_card(name)) for name in options.model or [None]]
    if options.arms is not None or options.memories is not None:
        models = [arm for model in models for arm in variants(model, options.arms or (), options.memories)]
    scale = memory.QUICK if options.quick else memory.FULL
    scale = replace(scale, gaps=tuple(sorted(set(options.gaps)))) if options.gaps else scale
    scale = scale.pictures(options.pictures) if options.pictures else scale
    scale = replace(scale, sections=options.sections) if options.sections else scale
    width, height = options.size or _size(models[0].card.sizes[0], options.quick)
    out = options.output or Path("runs") / "evaluation" / "memory"
    figures = memory.measure(models, scale, width, height, out, _say, readers, qualities)
    _written(out, "memory", figures, memory_table.markdown(figures))
    return figures


def measure_psi(options: argparse.Namespace) -> dict[str, Any]:
    """What psi costs from the first section to the last; JSON, a plot and a table go to the output folder."""
    from studio.backbones.load import load
    from studio.lab.measure import psi

    card = _card(options.model)
    figures = psi.measure(load(card), options.sections or PSI_SECTIONS)
    out = options.output or Path("runs") / "evaluation" / card.name
    _written(out, "psi", figures, psi.markdown(figures))
    psi.draw(figures, out / "psi.png")
    return figures


def measure_cache(options: argparse.Namespace) -> dict[str, Any]:
    """What the step cache saves and costs on a model of the large kind; JSON and a table go to the output folder."""
    from studio.backbones.load import load
    from studio.lab.measure import step_cache

    card = _card(options.model)
    size = options.size or card.sizes[0]
    figures = step_cache.measure(
        load(card, size=size), size, options.steps, tuple(options.thresholds or step_cache.THRESHOLDS), _say)
    _written(options.output or Path("runs") / "evaluation" / card.name, "cache", figures, step_cache.markdown(figures))
    return figures


def _written(out: Path, name: str, figures: dict[str, Any], table: str) -> None:
    """JSON and table as files in a folder; the table on the screen as well."""
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{name}.json").write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    (out / f"{name}.md").write_text(table, "utf-8")
    sys.stdout.write(table)


def tell_kept(options: argparse.Namespace) -> None:
    """What the arms of the memory study keep, as a table and a plot."""
    from studio.lab.measure import kept

    try:
        results = json.loads(options.results.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{options.results} holds no results of the memory study ({error}). Run that first.") from None
    out = options.output or options.results.parent
    table = kept.markdown(results if isinstance(results, list) else [])
    out.mkdir(parents=True, exist_ok=True)
    (out / "kept.md").write_text(table, "utf-8")
    kept.draw(results, out / "kept.png")
    sys.stdout.write(table)


def learn(count: int) -> None:
    """Teach the recognisers of light and weather anew from true films, and keep what they learned."""
    from studio.lab.measure import learning

    some = learning.teachers(count)
    _say("light")
    lights = learning.lights(some)
    _say("weather")
    learning.write(lights, learning.weathers(some))


def _card(name: str | None) -> Any:
    """The card of a folder under models/, or of any folder.

    Raises:
        ModelError: there is no such model.
    """
    from studio.catalogue.cards import ModelError, find_models, read_card

    if name and Path(name).is_dir():
        return read_card(Path(name))
    cards = {card.name: card for card in find_models(ROOT / "models")[0]}
    if not cards or (name and name not in cards):
        raise ModelError(f"There is no model '{name or ''}' under models/. There are: {', '.join(cards) or 'none'}.")
    return cards[name or next(iter(cards))]


def _size(first: tuple[int, int], quick: bool) -> tuple[int, int]:
    """What is filmed at: the model's first size, or about SMALL of it in multiples of 32."""
    if not quick:
        return first
    width, height = (max(32, round(side * SMALL / 32) * 32) for side in first)
    return width, height


def _dimensions(text: str) -> tuple[int, int]:
    try:
        width, height = (int(side) for side in text.lower().split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no size: write it like 320x192") from None
    return width, height


def _say(part: str) -> None:
    sys.stderr.write(f"measuring {part} ...\n")


def main() -> int:
    if sys.argv[1:2] == ["placement"]:           # has options of its own
        from studio.lab.measure import placement

        return placement.main(sys.argv[2:])
    parser = argparse.ArgumentParser(prog="python -m studio.lab.measure", description=__doc__)
    parser.add_argument("command", choices=["benchmark", "model", "memory", "psi", "cache", "kept", "learn"],
                        help="or placement, which has options of its own: placement --help")
    parser.add_argument("--only", nargs="+", choices=(*PARTS, *MODEL_PARTS), metavar="PART",
                        help=f"benchmark: some of {', '.join(PARTS)}; model: some of {', '.join(MODEL_PARTS)}")
    parser.add_argument("--model", nargs="+", help="a folder, or its name under models/ (default: the first); memory: several")
    parser.add_argument("--sections", type=int, help="benchmark, psi: sections over which cost must be flat; memory: of long films")
    parser.add_argument("--quick", action="store_true", help="model, memory: fewer films, and smaller ones")
    parser.add_argument("--pictures", type=int, help="model, memory: photographs, and scenes, of every case")
    parser.add_argument("--gaps", nargs="+", type=int, help="memory: sections away before a return, like 1 2 4 8")
    parser.add_argument("--arms", nargs="*", metavar="ARM",
                        help="memory: with less to go back to, with the whole film, as it is (default: all of them)")
    parser.add_argument("--memories", type=Path, metavar="FOLDER",
                        help="memory: the memories of a memory study as arms too, like runs/memory")
    parser.add_argument("--encoder", nargs="+", type=Path, default=[], metavar="FOLDER",
                        help="memory: folders of a DINO model (subject) and of a CLIP or SigLIP one (background) on this machine")
    parser.add_argument("--quality", nargs="+", default=[], metavar="NAME",
                        help="memory: metrics of pyiqa, if that is installed, like musiq; it fetches their weights by itself")
    parser.add_argument("--size", type=_dimensions, help="model, memory, cache: film at this size, like 320x192")
    parser.add_argument("--steps", type=int, help="cache: steps of a section (default: the model's own)")
    parser.add_argument("--thresholds", nargs="+", type=float, help="cache: of the step cache, like 0.06 0.1")
    parser.add_argument("--scenes", type=int, default=6, help="learn: scenes to learn light and weather from")
    parser.add_argument("--results", type=Path, default=Path("runs/memory/results.json"), help="kept: of the memory study")
    parser.add_argument("-o", "--output", type=Path, help="benchmark: a file for the JSON; else a folder for everything")
    options = parser.parse_args()
    if options.command == "learn":
        learn(options.scenes)
        return 0
    if options.command == "kept":
        return _told(tell_kept, options)
    if options.command == "memory":
        return _told(measure_memory, options)
    if options.model and len(options.model) > 1:
        parser.error("only memory compares several models: name one")
    if set(options.only or ()) - set(MODEL_PARTS if options.command == "model" else PARTS):
        parser.error(f"{options.command} has no such part: {' '.join(options.only)}")
    options.model = options.model[0] if options.model else None
    measured = {"model": measure_model, "cache": measure_cache, "psi": measure_psi}.get(options.command)
    if measured:
        return _told(measured, options)
    figures: dict[str, Any] = {"machine": {"processor": platform.machine(), "system": platform.system()}}
    for part in options.only or PARTS:
        _say(part)
        figures[part] = measure(part, options.model, options.sections or BENCHMARK_SECTIONS)
    text = json.dumps(figures, indent=2)
    sys.stdout.write(text + "\n")
    if options.output:
        options.output.write_text(text + "\n", "utf-8")
    return 0


def _told(measured: Callable[[argparse.Namespace], Any], options: argparse.Namespace) -> int:
    """Measure models; what cannot be measured is said in a sentence, not in a traceback."""
    from studio.catalogue.cards import ModelError

    try:
        measured(options)
    except (ModelError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
