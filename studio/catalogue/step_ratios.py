"""What a step cache needs to know of a model's own weights: how the blocks' residual changes from one step to the next.

MagCache (2506.09045) skips steps by these ratios, which depend on the weights and hardly on the film. They are measured once
(`python app.py models calibrate`) and lie beside what is prepared of the weights, under their fingerprint. A take keeps those that
it was made with, so that it can be made again after another measurement, and elsewhere. Imports no torch.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.catalogue.cards import PREPARED, ModelCard, ModelError
from studio.catalogue.fingerprint import fingerprint
from studio.disk import atomic_write, explain
from studio.language import sentence

FIRST_BLOCK, MAGNITUDE = "first-block", "magnitude"
"""The two step caches: by the first block's residual, as each film has it, or by ratios that were measured before."""
FIRST_BLOCK_THRESHOLD = 0.06
"""ParaAttention's threshold for HunyuanVideo, which FramePack is derived from. It was not measured on FramePack-F1."""
FILE = "step-ratios.json"
DIGITS = 5
"""Decimals that are kept, so that two measurements of the same weights hardly ever skip other steps."""


@dataclass(frozen=True)
class StepRatios:
    """The ratios of one model."""

    stages: tuple[tuple[float, ...], ...]
    """For each stage of the sampler, and each step of it: the mean length of the residual's vectors over that of the step before.
    The first of a stage is 1."""

    def __post_init__(self) -> None:
        if not self.stages or not all(self.stages) or not all(math.isfinite(one) for stage in self.stages for one in stage):
            raise ValueError("no ratios, or some that are no numbers")


def ratios_path(card: ModelCard) -> Path:
    """Where the ratios of a model lie."""
    return (card.weights or card.folder) / PREPARED / FILE


def read_ratios(card: ModelCard) -> StepRatios:
    """The ratios that were measured of a model's weights.

    Raises:
        ModelError: they were not measured, were measured of other weights, or are damaged; the message says what to do.
    """
    try:
        read: Any = json.loads(ratios_path(card).read_text("utf-8"))
        if read["fingerprint"] == fingerprint(card):
            return StepRatios(tuple(tuple(map(float, stage)) for stage in read["stages"]))
    except (OSError, ValueError, TypeError, KeyError):
        pass
    raise ModelError(sentence(
        "Which steps {model} can leave out is measured once, on its own weights, and was not yet. Run "
        "'python app.py models calibrate {name}', or choose another preset; nothing was lost.", model=card.title, name=card.name))


def write_ratios(card: ModelCard, ratios: StepRatios) -> Path:
    """Write the ratios of a model's weights; returns their path. Raises ModelError: the disk does not take them."""
    path = ratios_path(card)
    stages = [[round(one, DIGITS) for one in stage] for stage in ratios.stages]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as temporary:
            temporary.write_text(json.dumps({"fingerprint": fingerprint(card), "stages": stages}) + "\n", "utf-8")
    except OSError as error:
        raise ModelError(explain(path, error)) from error
    return path
