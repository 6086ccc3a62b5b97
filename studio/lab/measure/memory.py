"""Measuring whether a model's memory remembers: the same returns by every model, with true psi, another film's psi, and none.

It decides what is filmed and where figures, plots and sheets go; it does not know how films are made or scored. What is measured,
and with which seeds, is written down here before any film is made, and is the same for all models.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import torch

from studio.backbones.film_model import FilmModel
from studio.lab.measure import absences, drift, journeys, sheet
from studio.lab.measure.consistency import ABSENT, NAMES, Encoder, consistency, own
from studio.lab.measure.histories import ARMS, NONE, Made, Witness
from studio.lab.measure.intervals import estimate
from studio.lab.measure.journeys import Case
from studio.lab.measure.quality import Quality
from studio.lab.measure.remembering import Score, curve, identity, scored, told
from studio.lab.plots import Line, Panel, save_plot
from studio.lab.psnr import psnr

STROKES = dict(zip(ARMS, ("solid", "dashed", "dotted"), strict=True))
PLOTS = {
    "registered part psnr": "PSNR of what memory alone can supply, dB",
    "registered part ssim": "SSIM of what memory alone can supply",
    "whole psnr": "PSNR of the whole returned view, dB", "camera error": "camera error on return, pixels",
}
PLOT_SIZE = (900, 560)
"""Width and height of a plot in pixels."""
PICTURED = 2
"""Films of each kind on a model's sheet."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Scale:
    """How much is measured."""

    gaps: Sequence[int] = (1, 2, 4, 8)
    photographs: int = 4
    scenes: int = 4
    figures: int = 2           # scenes of each way to be absent
    sections: int = 20         # of long films: a minute, where a section lasts three seconds
    journeys: Sequence[str] = journeys.KINDS

    def pictures(self, count: int) -> Scale:
        """So many photographs and scenes of each kind."""
        return replace(self, photographs=count, scenes=count, figures=count)


QUICK, FULL = Scale(gaps=(1, 4), photographs=1, scenes=1, figures=1, sections=6), Scale()


def cases(scale: Scale, width: int, height: int, section: int) -> Iterator[Case]:
    """Every journey from every picture over every gap, and every absence."""
    for number, name in enumerate(journeys.names(scale.photographs, scale.scenes)):
        for kind in scale.journeys:
            for gap in scale.gaps:
                yield journeys.journey(kind, gap, name, number, width, height, section)
    for kind in absences.KINDS:
        yield from absences.cases(kind, scale.gaps, scale.figures, width, height, section)


def measure(
    models: Sequence[FilmModel], scale: Scale, width: int, height: int, out: Path, say: Say,
    encoders: Mapping[str, Encoder] | None = None, qualities: Sequence[Quality] = (),
) -> dict[str, Any]:
    """All figures of the models beside each other; plots and sheets go to `out`.

    `encoders`, by the consistency that they tell, and `qualities` are asked about the long films.

    Raises:
        ValueError: a model's sections or sizes cannot be compared with the world's, the models' sections differ, or two models have
            the same name.
    """
    clock = time.perf_counter()
    _check(models)
    out.mkdir(parents=True, exist_ok=True)
    witnesses = {model.card.name: Witness(model) for model in models}
    scores, ceilings, shown = _filmed(witnesses, scale, width, height, say)
    found: dict[str, Any] = {}
    for model in models:
        name = model.card.name
        say(f"long films of {name}")
        found[name] = {
            "fingerprint": model.fingerprint, "long-term memory": model.memory is not None, "recent frames": witnesses[name].recent,
            "ceiling psnr": ceilings[name], "kinds": told(scores[name]), "films": [score.table() for score in scores[name]],
            **_long(model, scale, width, height, encoders or {}, qualities),
        }
    seen = {
        "size": [width, height], "scale": asdict(scale), "candidates": journeys.CANDIDATES, "models": found,
        "consistency": {tells: encoders[tells].kind if encoders and tells in encoders else ABSENT.format(name)
                        for tells, name in NAMES.items()},
        "quality": {each.name: {"lower is better": each.lower_better} for each in qualities},
        "seconds": time.perf_counter() - clock,
    }
    _draw_gaps(scores, out)
    _draw_drifts(found, out, [*drift.MEASURES, *(each.name for each in qualities)])
    for name, rows in shown.items():
        psi = ", ".join(ARMS) if witnesses[name].remembers else NONE
        sheet.contact_sheet(rows, out / f"returns-{name}.webp", f"{name}, psi: {psi}")
    return seen


def _check(models: Sequence[FilmModel]) -> None:
    names = [model.card.name for model in models]
    if len(set(names)) < len(names):
        raise ValueError(f"Two of the models have the same name ({', '.join(names)}): rename a folder, to tell them apart.")
    if len({model.card.section_frames for model in models}) > 1:
        raise ValueError("Models with sections of different lengths cannot film the same cases: measure them one by one.")


def _filmed(
    witnesses: Mapping[str, Witness], scale: Scale, width: int, height: int, say: Say
) -> tuple[dict[str, list[Score]], dict[str, Any], dict[str, list[sheet.Row]]]:
    """Scores, the codecs' ceilings and rows to look at, by model."""
    scores: dict[str, list[Score]] = {name: [] for name in witnesses}
    ceilings: dict[str, list[float]] = {name: [] for name in witnesses}
    shown: dict[str, list[sheet.Row]] = {name: [] for name in witnesses}
    pictured: Counter[str] = Counter()
    section = next(iter(witnesses.values())).section
    for case in cases(scale, width, height, section):
        say(f"{case.kind} from {case.name}, gap {case.gap}")
        for name, witness in witnesses.items():
            films = witness.film(case)
            scores[name] += scored(case, films, witness.recent)
            ceilings[name].append(psnr(witness.ceiling(case), case.views[case.right]))
            if case.gap == max(scale.gaps) and pictured[case.kind] < PICTURED:
                shown[name].append(row(case, films))
        pictured[case.kind] += case.gap == max(scale.gaps)
    means = {name: value.table() for name, values in ceilings.items() if (value := estimate(values)) is not None}
    return scores, means, shown


def row(case: Case, films: Mapping[str, Made]) -> sheet.Row:
    """A return beside its truth: see the sheet's title."""
    visit = case.section * (3 if case.kind == "updated" else 1)
    first = case.past.frames[0].float() / 255
    frames = [first, case.past.frames[visit].float() / 255, case.views[case.right],
              *[films[arm].frames[-1] for arm in ARMS if arm in films], case.views[case.other]]
    small = torch.stack(frames)
    if small.shape[3] > 192:
        size = (round(small.shape[2] * 192 / small.shape[3]), 192)
        small = torch.nn.functional.interpolate(small, size, mode="bilinear", antialias=True, align_corners=False)
    return sheet.Row(f"{case.kind}, {case.name}, gap {case.gap}", (small.clamp(0, 1) * 255 + 0.5).byte())


def _long(
    model: FilmModel, scale: Scale, width: int, height: int, encoders: Mapping[str, Encoder], qualities: Sequence[Quality]
) -> dict[str, Any]:
    """Drift, and consistency by the model's own encoder and by those that were named."""
    names = journeys.names((scale.photographs + 1) // 2, (scale.scenes + 1) // 2)
    readers = {"own encoder": own(model), **{tells: encoder.features for tells, encoder in encoders.items()}}
    consistencies = {name: partial(consistency, features=reader) for name, reader in readers.items()}
    scores = {each.name: each.scores for each in qualities}
    films = drift.measure(model, names, width, height, scale.sections, consistencies, scores)
    means = {}
    for kind, rows in films.items():
        measures = next(iter(rows.values()))["drift"]
        means[kind] = {measure: _mean([row["drift"][measure] for row in rows.values()]) for measure in measures}
        means[kind] |= {name: _mean([row["consistency"][name] for row in rows.values()]) for name in readers}
        means[kind]["motion energy over truth"] = _mean(
            [row["motion"]["motion energy over truth"] for row in rows.values() if "motion energy over truth" in row["motion"]])
        means[kind]["revisits psnr"] = _mean([fmean(row["revisits psnr"]) for row in rows.values() if row.get("revisits psnr")])
        means[kind]["motion energy"] = _mean([row["motion"]["motion energy"] for row in rows.values()])
    return {"sections of long films": scale.sections, "drift": means, "long films": films}


def _mean(values: Sequence[float]) -> dict[str, Any] | None:
    found = estimate(values)
    return None if found is None else found.table()


def _draw_gaps(scores: Mapping[str, Sequence[Score]], out: Path) -> None:
    """Plots each score of PLOTS over the gap, one file for each kind of case; and how often the true place was identified."""
    kinds = list(dict.fromkeys(score.kind for mine in scores.values() for score in mine))
    for kind in kinds:
        for score, y_label in PLOTS.items():
            lines = []
            for number, (name, mine) in enumerate(scores.items()):
                for arm in ARMS:
                    found = curve(mine, kind, arm, score)
                    lines.append(Line(
                        f"{name}, psi: {arm}", found.gaps, [e.mean for e in found.estimates], [e.low for e in found.estimates],
                        [e.high for e in found.estimates], number, STROKES[arm]))
            _save(out / f"gap-{kind}-{score.replace(' ', '-')}.png",
                  Panel(f"{kind}: over the gap", lines, "sections away", y_label))
        _draw_identity(scores, kind, out)


def _draw_identity(scores: Mapping[str, Sequence[Score]], kind: str, out: Path) -> None:
    """Plots the share of films whose returned part is most like the true one, over the gap, with the share of a blind guess."""
    lines, chance = [], 0.0
    for number, (name, mine) in enumerate(scores.items()):
        for arm in ARMS:
            some = [score for score in mine if (score.kind, score.arm) == (kind, arm) and score.nearest is not None]
            gaps = sorted({score.gap for score in some})
            rows = [identity([score for score in some if score.gap == gap]) for gap in gaps]
            chance = rows[0]["chance"] if rows else chance
            lines.append(Line(
                f"{name}, psi: {arm}", gaps, [row["accuracy"] for row in rows], [row["interval"][0] for row in rows],
                [row["interval"][1] for row in rows], number, STROKES[arm]))
    _save(out / f"gap-{kind}-identity.png",
          Panel(f"{kind}: what came back is the true one", lines, "sections away", "share of films", ("chance", chance)))


def _draw_drifts(found: Mapping[str, Any], out: Path, measures: Sequence[str]) -> None:
    """Plots the mean course of each measure over the long films, all models in one plot."""
    for kind in ("hold", "tour"):
        for measure in measures:
            lines = []
            for number, (name, figures) in enumerate(found.items()):
                some = [row["course"][measure] for row in figures["long films"][kind].values()]
                estimates = [value for step in zip(*some, strict=True) if (value := estimate(step)) is not None]
                at = [drift.EVERY * (n + 1) for n in range(len(estimates))]
                lines.append(Line(name, at, [e.mean for e in estimates], color=number))
            _save(out / f"drift-{kind}-{measure}.png", Panel(f"{kind}: {measure} over a long film", lines, "frames", measure))


def _save(path: Path, panel: Panel) -> None:
    """Writes a plot of one panel, unless none of its lines has a point."""
    if any(line.x for line in panel.lines):
        save_plot(path, [panel], panel_size=PLOT_SIZE)
