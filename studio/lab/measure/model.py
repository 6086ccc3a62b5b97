"""Measuring a model folder: are its films what their prompts ask for, sharp, steady, quick; as figures, sheets and a table.

It makes films only as the engine does and reads them with recognisers that know no model; each recogniser's result on the true
film of the same case stands beside the model's: that is the most that can be reached. Letters: T frames, H and W.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from studio.backbones.film_model import FilmModel
from studio.lab.measure import camera, fidelity, figures, learning, light, plan, sheet, steadiness, thresholds, weather
from studio.lab.measure import sections as per_section
from studio.lab.measure.filming import film, photographs
from studio.lab.measure.tally import Confusion, rate
from studio.lab.photographs import COLOURFUL, NAMES
from studio.lab.world import LIGHTS, WEATHERS

SOURCES = ("photograph", "scene")
PARTS = ("camera", "light", "weather", "figure", "autoencoder", "steadiness", "cost")
BLIND = ("left", "up", "in", "out", "shake", "night", "lamp", "flicker", "snow", "rain", "fog", "wind", "right", "hold", "warm")
"""What the ten films for a person may ask for, first choices first."""


@dataclass
class Reel:
    """What is kept of the films that were made: rows of frames by subject, films to guess, and what a section took."""

    model: FilmModel
    width: int
    height: int
    rows: dict[str, list[sheet.Row]] = field(default_factory=dict)
    guesses: dict[str, tuple[str, Tensor]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    def make(self, case: plan.Case, true: Tensor) -> Tensor:
        """The case's film [T, 3, H, W], from the first frame of the true one."""
        clock = time.perf_counter()
        made = film(self.model, true[0], case.prompts, case.number)
        self.seconds.append((time.perf_counter() - clock) / len(case.prompts))
        words = " | ".join(case.prompts)
        self.rows.setdefault(case.subject.name, []).append(sheet.row(f"{words}   [{case.asked}]", made))
        if len(case.prompts) == 1 and case.asked in BLIND:
            self.guesses.setdefault(case.asked, (words, made))
        return made

    def last(self, made: Tensor) -> Tensor:
        """The last section of a film with the frame before it, [1 + n, 3, H, W]."""
        return made[-self.model.card.section_frames - 1 :]


@dataclass(frozen=True)
class Outcome:
    """Two matrices for each source: the model's films and the true ones."""

    model: dict[str, Confusion]
    truth: dict[str, Confusion]

    @classmethod
    def of(cls, labels: Sequence[str], alike: dict[str, str] | None = None) -> Outcome:
        return cls(*({s: Confusion(labels, alike or {}) for s in SOURCES} for _ in range(2)))

    def table(self) -> dict[str, Any]:
        return {s: {"model": self.model[s].table(), "truth": self.truth[s].table()} for s in SOURCES if self.model[s].count()}

    def whole(self) -> Confusion:
        """The model's films from all sources in one matrix."""
        first = self.model[SOURCES[0]]
        return Confusion(first.labels, first.alike, sum((self.model[s].cases for s in SOURCES), type(first.cases)()))


def source(case: plan.Case) -> str:
    return SOURCES[0] if case.subject.photograph else SOURCES[1]


def follow_camera(reel: Reel, cases: Sequence[plan.Case]) -> tuple[dict[str, Any], Confusion]:
    """Which move each film makes, and how far its pace is from the true film's."""
    outcome, paces, films = Outcome.of(camera.MOVES, camera.ALIKE), [], []
    for case in cases:
        frames = case.subject.truth(case.script, reel.width, reel.height)
        move, true = camera.follow(reel.last(reel.make(case, frames))), camera.follow(frames)
        outcome.truth[source(case)].add(case.asked, camera.name(true))
        right = outcome.model[source(case)].add(case.asked, camera.name(move))
        films.append({"asked": case.asked, "speed": case.script[-1].speed, "prompt": case.prompts[-1], "from": case.subject.name,
                      "seen": camera.name(move), "right": right, "move": vars(move), "true move": vars(true)})
        if camera.name(true) == camera.ALIKE.get(case.asked, case.asked):
            paces.append((case.asked, camera.pace_error(move, true)))
    pans = [pace for asked, pace in paces if asked in ("left", "right", "up", "down")]
    zooms = [pace for asked, pace in paces if asked in ("in", "out", "dolly in", "dolly out")]
    pace = {} if not pans or not zooms else {
        "pan error": statistics.median(p["pan"] for p in pans), "pan asked": statistics.median(p["asked"] for p in pans),
        "zoom error": math.exp(statistics.median(p["swell"] for p in zooms)),
        "zoom asked": math.exp(statistics.median(p["swell asked"] for p in zooms)),
    }
    return {"followed": outcome.table(), "pace": pace, "films": films}, outcome.whole()


def follow_look(
    reel: Reel, cases: Sequence[plan.Case], labels: Sequence[str], names: Sequence[str], features: Callable[[Tensor], Tensor],
    recognise: Callable[[Tensor], str],
) -> tuple[dict[str, Any], Confusion]:
    """Which light or weather each film ends with, against its first frame. The fourth and fifth arguments are the recogniser's."""
    outcome, films = Outcome.of(labels), []
    for case in cases:
        true = case.subject.truth(case.script, reel.width, reel.height)
        made = reel.make(case, true)
        looks = [features(torch.cat([f[:1], f[-n:]])) for f, n in ((made, reel.model.card.section_frames), (true, 36))]
        seen = recognise(looks[0])
        outcome.truth[source(case)].add(case.asked, recognise(looks[1]))
        right = outcome.model[source(case)].add(case.asked, seen)
        films.append({"asked": case.asked, "prompt": case.prompts[-1], "from": case.subject.name, "seen": seen, "right": right,
                      "look": dict(zip(names, looks[0].tolist(), strict=True)),
                      "true look": dict(zip(names, looks[1].tolist(), strict=True))})
    return {"followed": outcome.table(), "films": films}, outcome.whole()


def follow_figures(reel: Reel, count: int) -> tuple[dict[str, Any], Confusion]:
    """Which action the figure does, in scenes that have one: the true film that is nearest."""
    confusion, films, number = Confusion(figures.NAMES), [], 0
    for subject in figures.cast(count):
        for action in figures.NAMES[1:]:
            case = plan.Case(action, plan.worded(figures.script(action), 4, number), subject, number)
            true = figures.truths(subject, action, reel.width, reel.height)
            made = reel.make(case, true[action].frames().float() / 255)
            seen = figures.nearest(made, true, reel.model.card.section_frames)
            right = confusion.add(action, seen)
            films.append({"asked": action, "prompt": case.prompts[-1], "from": subject.name, "seen": seen, "right": right})
            number += 1
    truth = rate(confusion.count(), confusion.count())    # a true film is nearest to itself
    followed = {"scene": {"model": confusion.table(), "truth": truth}} if confusion.count() else {}
    return {"followed": followed, "films": films}, confusion


def cost(model: FilmModel, seconds: Sequence[float], timed: int) -> dict[str, Any]:
    """Weights, seconds per section, and the share of the matrix peak where sections are timed part by part."""
    weights = sum(path.stat().st_size for path in model.card.folder.rglob("*.safetensors"))
    known = {"weights_mb": weights / 1e6, "device": model.device.type, "threads": torch.get_num_threads(),
             "seconds_per_section": statistics.median(seconds)}
    if not timed or model.device.type != "cpu":
        return known
    return {**known, **per_section.measure(model, timed)}


def measure(
    model: FilmModel, scale: plan.Scale, width: int, height: int, out: Path, say: Callable[[str], None],
    parts: Sequence[str] = PARTS,
) -> dict[str, Any]:
    """The figures of these parts; sheets, matrices and films to guess go to `out`. `say` is told what is being measured."""
    torch.manual_seed(0)
    out.mkdir(parents=True, exist_ok=True)
    reel, clock = Reel(model, width, height), time.perf_counter()
    seen: dict[str, Any] = {"model": model.card.name, "size": [width, height]}
    followed: dict[str, Callable[[], tuple[dict[str, Any], Confusion]]] = {
        "camera": lambda: follow_camera(reel, plan.camera(scale)),
        "light": lambda: follow_look(
            reel, plan.light(scale), LIGHTS, light.FEATURES, light.features, learning.kept(thresholds.LIGHT)),
        "weather": lambda: follow_look(
            reel, plan.weather(scale), WEATHERS, weather.FEATURES, weather.features, learning.kept(thresholds.WEATHER)),
        "figure": lambda: follow_figures(reel, scale.figures),
    }
    for name in (part for part in followed if part in parts):
        say(name)
        seen[name], matrix = followed[name]()
        if matrix.count():
            sheet.confusion_picture(matrix, out / f"{name}.png", name)
    if "autoencoder" in parts and (there_and_back := fidelity.trip(model.codec)) is not None:
        say("autoencoder")
        seen["autoencoder"] = fidelity.measure(there_and_back, photographs(NAMES), 320, 192, scale.clips)
    if "steadiness" in parts:
        say("steadiness")
        seen["steadiness"] = steadiness.measure(
            model, photographs(COLOURFUL[:1]), width, height, scale.sections, scale.nonsense)
    if "cost" in parts and reel.seconds:
        say("cost")
        seen["cost"] = cost(model, reel.seconds, scale.timed)
    for subject, rows in reel.rows.items():
        sheet.contact_sheet(rows, out / f"{subject.replace(' ', '-')}.webp", f"{model.card.title}: {subject}")
    guesses = [reel.guesses[name] for name in BLIND if name in reel.guesses][:10]
    sheet.blind(guesses, out / "guess", model.card.fps)
    seen["seconds"] = time.perf_counter() - clock
    return seen
