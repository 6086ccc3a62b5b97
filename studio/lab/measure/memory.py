"""Measures whether models remember: all film the same returns, with their own psi, with another film's psi, and without psi.

What is measured, and with which seeds, is fixed here before any film is made, and is the same for all models. Figures, plots and
contact sheets are the result; see `histories` for the films and `memory_scores` for the scores.
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
from studio.lab.measure import absences, drift, journeys, memory_plots, sheet
from studio.lab.measure.consistency import ABSENT, NAMES, Encoder, consistency, own_features
from studio.lab.measure.histories import ARMS, NONE, FilmedSection, SectionFilmer
from studio.lab.measure.intervals import estimate
from studio.lab.measure.journeys import MemoryCase
from studio.lab.measure.memory_scores import Score, score_arms
from studio.lab.measure.memory_summary import summarize
from studio.lab.measure.quality import QualityMetric
from studio.lab.psnr import psnr

ROWS_PER_KIND = 2
"""Films of each kind of case on a model's contact sheet."""
Report = Callable[[str], None]
"""Is called with what is measured next."""


@dataclass(frozen=True)
class Scale:
    """How much is measured. The fields are written to the JSON file."""

    gaps: Sequence[int] = (1, 2, 4, 8)
    photographs: int = 4
    scenes: int = 4
    figures: int = 2           # scenes for each way in which a figure is absent
    sections: int = 20         # of long films: a minute, where a section lasts three seconds
    journeys: Sequence[str] = journeys.KINDS

    def with_pictures(self, count: int) -> Scale:
        """This scale with so many photographs, scenes, and scenes of figures."""
        return replace(self, photographs=count, scenes=count, figures=count)


QUICK, FULL = Scale(gaps=(1, 4), photographs=1, scenes=1, figures=1, sections=6), Scale()


def cases(scale: Scale, width: int, height: int, section_frames: int) -> Iterator[MemoryCase]:
    """Every kind of journey from every picture over every gap, and every absence of a figure.

    Args:
        scale: how many.
        width, height: of a frame.
        section_frames: frames of a section of the models.
    """
    for number, name in enumerate(journeys.picture_names(scale.photographs, scale.scenes)):
        for kind in scale.journeys:
            for gap in scale.gaps:
                yield journeys.journey(kind, gap, name, number, width, height, section_frames)
    for kind in absences.KINDS:
        yield from absences.cases(kind, scale.gaps, scale.figures, width, height, section_frames)


def measure(
    models: Sequence[FilmModel], scale: Scale, width: int, height: int, out: Path, report: Report,
    encoders: Mapping[str, Encoder] | None = None, qualities: Sequence[QualityMetric] = (),
) -> dict[str, Any]:
    """Measures several models on the same cases; returns all figures for JSON.

    Args:
        models: to compare; their sections must be of one length.
        scale: how much is measured.
        width, height: of the films in pixels.
        out: folder for plots and contact sheets; created if needed.
        report: is called with what is measured next.
        encoders: measure the consistency of the long films, by the consistency that each measures.
        qualities: measure the image quality of the long films.

    Raises:
        ValueError: a model's sections or sizes cannot be compared with the world's, the models' sections differ, or two models have
            the same name.
    """
    clock = time.perf_counter()
    _check(models)
    out.mkdir(parents=True, exist_ok=True)
    filmers = {model.card.name: SectionFilmer(model) for model in models}
    scores, ceilings, rows = _film_cases(filmers, scale, width, height, report)
    figures_of: dict[str, Any] = {}
    for model in models:
        name = model.card.name
        report(f"long films of {name}")
        figures_of[name] = {
            "fingerprint": model.fingerprint, "long-term memory": model.memory is not None,
            "recent frames": filmers[name].recent_frames, "ceiling psnr": ceilings[name], "kinds": summarize(scores[name]),
            "films": [score.as_dict() for score in scores[name]],
            **_measure_long_films(model, scale, width, height, encoders or {}, qualities),
        }
    figures = {
        "size": [width, height], "scale": asdict(scale), "candidates": journeys.CANDIDATES, "models": figures_of,
        "consistency": {measured: encoders[measured].kind if encoders and measured in encoders else ABSENT.format(name)
                        for measured, name in NAMES.items()},
        "quality": {each.name: {"lower is better": each.lower_is_better} for each in qualities},
        "seconds": time.perf_counter() - clock,
    }
    memory_plots.draw_gaps(scores, out)
    memory_plots.draw_drifts(figures_of, out, [*drift.MEASURES, *(each.name for each in qualities)])
    for name, some in rows.items():
        psi = ", ".join(ARMS) if filmers[name].has_memory else NONE
        sheet.contact_sheet(some, out / f"returns-{name}.webp", f"{name}, psi: {psi}")
    return figures


def _check(models: Sequence[FilmModel]) -> None:
    """Raises ValueError if the models cannot be compared."""
    names = [model.card.name for model in models]
    if len(set(names)) < len(names):
        raise ValueError(f"Two of the models have the same name ({', '.join(names)}): rename a folder, to tell them apart.")
    if len({model.card.section_frames for model in models}) > 1:
        raise ValueError("Models with sections of different lengths cannot film the same cases: measure them one by one.")


def _film_cases(
    filmers: Mapping[str, SectionFilmer], scale: Scale, width: int, height: int, report: Report
) -> tuple[dict[str, list[Score]], dict[str, Any], dict[str, list[sheet.SheetRow]]]:
    """Films all cases with all models: scores, the mean PSNR of encoded and decoded true frames, and sheet rows, by model."""
    scores: dict[str, list[Score]] = {name: [] for name in filmers}
    ceilings: dict[str, list[float]] = {name: [] for name in filmers}
    rows: dict[str, list[sheet.SheetRow]] = {name: [] for name in filmers}
    pictured: Counter[str] = Counter()
    section_frames = next(iter(filmers.values())).section_frames
    for case in cases(scale, width, height, section_frames):
        report(f"{case.kind} from {case.name}, gap {case.gap}")
        for name, filmer in filmers.items():
            films = filmer.film(case)
            scores[name] += score_arms(case, films, filmer.recent_frames)
            ceilings[name].append(psnr(filmer.encode_and_decode_last(case), case.candidates[case.true_index]))
            if case.gap == max(scale.gaps) and pictured[case.kind] < ROWS_PER_KIND:
                rows[name].append(case_row(case, films))
        pictured[case.kind] += case.gap == max(scale.gaps)
    means = {name: value.as_dict() for name, values in ceilings.items() if (value := estimate(values)) is not None}
    return scores, means, rows


def case_row(case: MemoryCase, films: Mapping[str, FilmedSection]) -> sheet.SheetRow:
    """The row of a contact sheet for a case and its films by arm.

    Its frames: the film's first frame, the place when it was visited, what is truly there now, the last frame of each arm, and what
    is there in the paired history.
    """
    visit = case.section_frames * (3 if case.kind == "updated" else 1)
    first = case.past.frames[0].float() / 255
    frames = [first, case.past.frames[visit].float() / 255, case.candidates[case.true_index],
              *[films[arm].frames[-1] for arm in ARMS if arm in films], case.candidates[case.paired_index]]
    return sheet.SheetRow(f"{case.kind}, {case.name}, gap {case.gap}", sheet.to_thumbnails(torch.stack(frames)))


def _measure_long_films(
    model: FilmModel, scale: Scale, width: int, height: int, encoders: Mapping[str, Encoder], qualities: Sequence[QualityMetric]
) -> dict[str, Any]:
    """Drift, motion, revisits, and consistency by the model's own encoder and by `encoders`: of each film, and means."""
    names = journeys.picture_names((scale.photographs + 1) // 2, (scale.scenes + 1) // 2)
    features = {"own encoder": own_features(model), **{name: encoder.features for name, encoder in encoders.items()}}
    consistencies = {name: partial(consistency, features=each) for name, each in features.items()}
    metrics = {each.name: each.score_frames for each in qualities}
    films = drift.measure(model, names, width, height, scale.sections, consistencies, metrics)
    means = {}
    for kind, rows in films.items():
        measures = next(iter(rows.values()))["drift"]
        means[kind] = {measure: _mean([row["drift"][measure] for row in rows.values()]) for measure in measures}
        means[kind] |= {name: _mean([row["consistency"][name] for row in rows.values()]) for name in features}
        means[kind]["motion energy over truth"] = _mean(
            [row["motion"]["motion energy over truth"] for row in rows.values() if "motion energy over truth" in row["motion"]])
        means[kind]["revisits psnr"] = _mean([fmean(row["revisits psnr"]) for row in rows.values() if row.get("revisits psnr")])
        means[kind]["motion energy"] = _mean([row["motion"]["motion energy"] for row in rows.values()])
    return {"sections of long films": scale.sections, "drift": means, "long films": films}


def _mean(values: Sequence[float]) -> dict[str, Any] | None:
    """The mean with its interval for JSON; None without values."""
    mean = estimate(values)
    return None if mean is None else mean.as_dict()
