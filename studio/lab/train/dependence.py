"""Whether a model in training goes by its psi: its loss with its own, and with another film's. It knows no optimizer.

Memory Dependence of the loss: what another film's psi costs, the recent window, prompt and picture being the same. About 0 of a
model that does not read psi, or of films in which nothing further back than the window matters.
Letters: B batch, n section of a film.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

import torch

from studio.lab.train.forcing import Draws, History, Learner
from studio.lab.train.learners import Serial


@torch.no_grad()
def measure(learner: Learner[Serial], films: Sequence[Serial], sections: int, seed: int, draws: int = 4) -> dict[str, Any]:
    """Of films that were not learned from, true histories: the mean loss over sections from the second on, and its parts.

    Args:
        learner: a model with a memory.
        films: at least two, of at least so many sections.
        seed: of the noise, the same for all three.
        draws: so many noises a section.

    Returns:
        "own", "other" (the next film's psi) and "first" (psi_0 for ever), each {"loss": ..., parts}; "curve": of each the loss by
        section.

    Raises:
        ValueError: no memory, or fewer than two films.
    """
    if learner.memory is None or len(films) < 2:
        raise ValueError("Memory Dependence needs a memory and two films.")
    first = learner.conditioning(films, 0)
    history, begun = History.begin(learner.start(films)), learner.memory.begin(first)
    found: dict[str, list[dict[str, float]]] = {"own": [], "other": [], "first": []}
    for n in range(sections):
        context = history.context(learner.memory, first)
        assert context.psi is not None, "there is a memory"
        for name, psi in (("own", context.psi), ("other", context.psi.roll(1, 0)), ("first", begun)):
            told = [learner.told(films, n, replace(context, psi=psi), Draws(seed, k).of("dependence", n)) for k in range(draws)]
            found[name].append({
                "loss": fmean(float(each.loss) for each in told),
                **{part: fmean(each.parts[part] for each in told) for part in told[0].parts},
            })
        history = history.after(learner.truth(films, n), learner.memory, first, reach=1)
    means = {name: {part: fmean(row[part] for row in rows[1:]) for part in rows[0]} for name, rows in found.items()}
    return {**means, "curve": {name: [row["loss"] for row in rows] for name, rows in found.items()}}
