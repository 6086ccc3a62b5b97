"""Memory Dependence of the training loss: by how much it grows if a film's psi is replaced by another film's.

Recent window, prompt and picture stay the same. The difference is about 0 if the model does not read psi, or if nothing that lies
further back than the window matters.
Letters: n section of a film.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

import torch

from studio.lab.train.forcing import Draws, FilmHistory, Learner
from studio.lab.train.latent_film import LatentFilm


@torch.no_grad()
def measure(learner: Learner[LatentFilm], films: Sequence[LatentFilm], sections: int, seed: int, draws: int = 4) -> dict[str, Any]:
    """The mean loss over the sections of films that were not trained on, from the second section on, with true histories.

    Args:
        learner: a model with a memory.
        films: at least two, each with at least so many sections.
        sections: how many of each film.
        seed: of the noise, which is the same for all three cases.
        draws: how many noises are averaged for a section.

    Returns:
        "own", "other" (the next film's psi) and "first" (psi_0 throughout), each with "loss" and the loss's parts; and "curve", the
        loss of each section in each case.

    Raises:
        ValueError: no memory, or fewer than two films.
    """
    if learner.memory is None or len(films) < 2:
        raise ValueError("Memory Dependence needs a memory and two films.")
    first = learner.conditioning(films, 0)
    history, psi_0 = FilmHistory.begin(learner.start(films)), learner.memory.begin(first)
    cases: dict[str, list[dict[str, float]]] = {"own": [], "other": [], "first": []}
    for n in range(sections):
        context = history.context(learner.memory, first)
        assert context.psi is not None, "there is a memory"
        for name, psi in (("own", context.psi), ("other", context.psi.roll(1, 0)), ("first", psi_0)):
            generators = [Draws(seed, k).generator("dependence", n) for k in range(draws)]
            predictions = [learner.predict(films, n, replace(context, psi=psi), generator) for generator in generators]
            cases[name].append({
                "loss": fmean(float(each.loss) for each in predictions),
                **{part: fmean(each.parts[part] for each in predictions) for part in predictions[0].parts},
            })
        history = history.append(learner.truth(films, n), learner.memory, first, reach=1)
    means = {name: {part: fmean(row[part] for row in rows[1:]) for part in rows[0]} for name, rows in cases.items()}
    return {**means, "curve": {name: [row["loss"] for row in rows] for name, rows in cases.items()}}
