"""Measures a model folder: whether its films show what their prompts ask for, and how sharp, steady and fast they are.

The films are made as the engine makes them, and classifiers that use no model recognise what they show. The result of each
classifier on the true film of the same case is given as well, as the best that can be reached.
Letters: T frames, H and W height and width.
"""

from __future__ import annotations

import math
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from studio.backbones.film_model import FilmModel
from studio.lab.measure import (
    camera_move,
    class_means,
    fidelity,
    figure_actions,
    film_cases,
    learn_classes,
    light_features,
    section_costs,
    sharpness,
    sheet,
    steadiness,
    weather_features,
    words,
)
from studio.lab.measure.film_cases import Case, Workload
from studio.lab.measure.filming import photographs
from studio.lab.measure.model_films import GUESSED, ModelFilms
from studio.lab.measure.scene_pictures import FilmSize, film_size
from studio.lab.measure.tally import Confusion, accuracy
from studio.lab.photographs import COLOURFUL, NAMES
from studio.lab.world import LIGHTS, WEATHERS

SOURCES = ("photograph", "scene")
PARTS = ("camera", "light", "weather", "figure", "words", "autoencoder", "steadiness", "sharpness", "cost")
AUTOENCODER_SIZE = 320, 192
"""Width and height at which the autoencoder of small films is measured."""


@dataclass(frozen=True)
class Outcome:
    """Confusion matrices for each source, of the model's films and of the true films."""

    model: dict[str, Confusion]
    truth: dict[str, Confusion]

    @classmethod
    def empty(cls, labels: Sequence[str], alike: dict[str, str] | None = None) -> Outcome:
        """Returns an outcome without cases; the arguments are those of `Confusion`."""
        return cls(*({s: Confusion(labels, alike or {}) for s in SOURCES} for _ in range(2)))

    def table(self) -> dict[str, Any]:
        """Returns both matrices of each source that has cases, for JSON."""
        return {s: {"model": self.model[s].as_dict(), "truth": self.truth[s].as_dict()} for s in SOURCES if self.model[s].count()}

    def combined(self) -> Confusion:
        """Returns the matrix of the model's films from all sources."""
        first = self.model[SOURCES[0]]
        return Confusion(first.labels, first.synonyms, sum((self.model[s].counts for s in SOURCES), type(first.counts)()))


def source(case: Case) -> str:
    """Returns what the film of a case begins with, one of SOURCES."""
    return SOURCES[0] if case.subject.photograph else SOURCES[1]


def measure_camera(films: ModelFilms, cases: Sequence[Case]) -> tuple[dict[str, Any], Confusion]:
    """Returns which move each film makes and how far its pace is from the true film's, for JSON, and the confusion matrix."""
    outcome, paces, rows = Outcome.empty(camera_move.MOVES, camera_move.SAME_AS), [], []
    for case in cases:
        world, frames = films.truth(case)
        move, true = camera_move.estimate(films.last_section(films.make(case, world, frames))), camera_move.estimate(frames)
        name, true_name = camera_move.classify(move), camera_move.classify(true)
        outcome.truth[source(case)].add(case.expected, true_name)
        right = outcome.model[source(case)].add(case.expected, name)
        rows.append({"asked": case.expected, "speed": case.script[-1].speed, "prompt": case.prompts[-1],
                     "from": case.subject.name, "seen": name, "right": right, "move": move.record(), "true move": true.record()})
        if true_name == camera_move.SAME_AS.get(case.expected, case.expected):
            paces.append((case.expected, camera_move.pace_error(move, true)))
    pans = [pace for expected, pace in paces if expected in ("left", "right", "up", "down")]
    zooms = [pace for expected, pace in paces if expected in ("in", "out", "dolly in", "dolly out")]
    pace = {} if not pans or not zooms else {
        "pan error": statistics.median(p["pan"] for p in pans), "pan asked": statistics.median(p["true pan"] for p in pans),
        "zoom error": math.exp(statistics.median(p["zoom"] for p in zooms)),
        "zoom asked": math.exp(statistics.median(p["true zoom"] for p in zooms)),
    }
    return {"followed": outcome.table(), "pace": pace, "films": rows}, outcome.combined()


def measure_classes(
    films: ModelFilms, cases: Sequence[Case], labels: Sequence[str], names: Sequence[str], features: Callable[[Tensor], Tensor],
    classify: Callable[[Tensor], str],
) -> tuple[dict[str, Any], Confusion]:
    """Returns which light or weather each film ends with, for JSON, and the confusion matrix.

    Args:
        films: makes them.
        cases: to film.
        labels: of all classes.
        names: of the features.
        features: of frames [T, 3, H, W], the first of which is the picture before.
        classify: from features to a label.
    """
    outcome, rows = Outcome.empty(labels), []
    for case in cases:
        world, true = films.truth(case)
        made = films.make(case, world, true)
        found = [features(torch.cat([f[:1], f[-n:]])) for f, n in ((made, films.model.card.section_frames), (true, 36))]
        label = classify(found[0])
        outcome.truth[source(case)].add(case.expected, classify(found[1]))
        right = outcome.model[source(case)].add(case.expected, label)
        rows.append({"asked": case.expected, "prompt": case.prompts[-1], "from": case.subject.name, "seen": label, "right": right,
                     "look": dict(zip(names, found[0].tolist(), strict=True)),
                     "true look": dict(zip(names, found[1].tolist(), strict=True))})
    return {"followed": outcome.table(), "films": rows}, outcome.combined()


def measure_figures(films: ModelFilms, count: int) -> tuple[dict[str, Any], Confusion]:
    """Returns which action the figure does in `count` scenes that have one, for JSON, and the confusion matrix."""
    confusion, rows, number = Confusion(figure_actions.NAMES), [], 0
    for subject in figure_actions.scenes_with_figure(count):
        for action in figure_actions.NAMES[1:]:
            case = Case(action, film_cases.with_captions(figure_actions.script(action), 4, number), subject, number)
            true = figure_actions.true_films(subject, action, *films.size.seen)
            made = films.make(case, true[action], true[action].frames().float() / 255)
            name = figure_actions.nearest_action(made, true, films.model.card.section_frames)
            right = confusion.add(action, name)
            rows.append({"asked": action, "prompt": case.prompts[-1], "from": subject.name, "seen": name, "right": right})
            number += 1
    truth = accuracy(confusion.count(), confusion.count())    # a true film is nearest to itself
    followed = {"scene": {"model": confusion.as_dict(), "truth": truth}} if confusion.count() else {}
    return {"followed": followed, "films": rows}, confusion


def cost(model: FilmModel, size: FilmSize, seconds: Sequence[float], timed_sections: int) -> dict[str, Any]:
    """Returns the size of the weights and the seconds per section.

    If `timed_sections` is above 1, on a CPU, that many sections are timed part by part as well.
    """
    weights = sum(path.stat().st_size for path in model.card.folder.rglob("*.safetensors"))
    figures = {"weights_mb": weights / 1e6, "device": model.device.type, "threads": torch.get_num_threads(),
               "seconds_per_section": statistics.median(seconds)}
    if timed_sections < 2 or model.device.type != "cpu":
        return figures
    with tempfile.TemporaryDirectory() as folder:
        return {**figures, **section_costs.measure(model, (size.width, size.height), timed_sections, Path(folder))}


def measure(
    model: FilmModel, workload: Workload, width: int, height: int, out: Path, report: Callable[[str], None],
    parts: Sequence[str] = PARTS,
) -> dict[str, Any]:
    """Returns the figures of `parts`, for JSON. Sheets, matrices and films for guessing are written to the folder `out`.

    `report` is called with the name of each part before it is measured.
    """
    torch.manual_seed(0)
    out.mkdir(parents=True, exist_ok=True)
    size, clock = film_size(model, width, height), time.perf_counter()
    films = ModelFilms(model, size)
    figures: dict[str, Any] = {"model": model.card.name, "size": [width, height]}
    following: dict[str, Callable[[], tuple[dict[str, Any], Confusion]]] = {
        "camera": lambda: measure_camera(films, film_cases.camera(workload)),
        "light": lambda: measure_classes(
            films, film_cases.light(workload), LIGHTS, light_features.FEATURES, light_features.features,
            learn_classes.classifier_of(class_means.LIGHT)),
        "weather": lambda: measure_classes(
            films, film_cases.weather(workload), WEATHERS, weather_features.FEATURES, weather_features.features,
            learn_classes.classifier_of(class_means.WEATHER)),
        "figure": lambda: measure_figures(films, workload.figures),
    }
    for name in (part for part in following if part in parts):
        report(name)
        figures[name], matrix = following[name]()
        if matrix.count():
            sheet.confusion_plot(matrix, out / f"{name}.png", name)
    if "words" in parts and words.has_reader(model):
        report("words")
        figures["words"] = words.measure(model, photographs(COLOURFUL[:1])[0], *size.seen)
    if "autoencoder" in parts and (encode_and_decode := fidelity.round_trip(model.codec)) is not None:
        report("autoencoder")
        figures["autoencoder"] = fidelity.measure(
            encode_and_decode, photographs(NAMES), *((width, height) if size.large else AUTOENCODER_SIZE), workload.clips)
        if size.large:
            figures["psi"] = fidelity.measure(
                fidelity.memory_round_trip(model.codec), photographs(NAMES), width, height, clips=0)
    if "steadiness" in parts:
        report("steadiness")
        figures["steadiness"] = steadiness.measure(
            model, photographs(COLOURFUL[:1]), size, workload.sections, workload.nonsense)
    if "sharpness" in parts and size.large:
        report("sharpness")
        figures["sharpness"] = sharpness.measure(model, size, workload.sections)
    if "cost" in parts and films.seconds:
        report("cost")
        figures["cost"] = cost(model, size, films.seconds, workload.timed_sections)
    for subject, rows in films.rows.items():
        sheet.contact_sheet(rows, out / f"{subject.replace(' ', '-')}.webp", f"{model.card.title}: {subject}")
    guesses = [films.guesses[name] for name in GUESSED if name in films.guesses][:10]
    if guesses:                      # parts without prompts film nothing that could be guessed
        sheet.write_blind_test(guesses, out / "guess", model.card.fps)
    figures["seconds"] = time.perf_counter() - clock
    return figures
