"""Summaries of the scores of many films: means with intervals by kind of case, arm and gap, and Memory Dependence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from studio.lab.measure.histories import ARMS, NONE, PAIRED, TRUE
from studio.lab.measure.intervals import Estimate, estimate
from studio.lab.measure.memory_scores import Score
from studio.lab.measure.tally import accuracy

NO_MEMORY = "not applicable: the model has no long-term memory, so no psi could be exchanged"
COMPARED = ("whole psnr", "whole ssim", "part psnr", "part ssim", "registered part psnr", "registered part ssim")
"""Names of the values whose Memory Dependence is computed."""


@dataclass(frozen=True)
class GapCurve:
    """The estimate of a value at each gap."""

    gaps: tuple[int, ...]
    estimates: tuple[Estimate, ...]


def gap_curve(scores: Sequence[Score], kind: str, arm: str, name: str) -> GapCurve:
    """The means of the value `name` with their intervals over the gap, for one kind of case and one arm."""
    mine = [score for score in scores if (score.kind, score.arm) == (kind, arm)]
    points = [(gap, _estimate([score for score in mine if score.gap == gap], name)) for gap in _gaps(mine, kind)]
    known = [(gap, value) for gap, value in points if value is not None]
    return GapCurve(tuple(gap for gap, _ in known), tuple(value for _, value in known))


def identification(scores: Sequence[Score]) -> dict[str, Any]:
    """For JSON: how often the returned part is nearest to the true candidate, by chance, and to the paired history's candidate."""
    known = [score for score in scores if score.nearest is not None]
    correct = accuracy(sum(score.nearest == score.true_index for score in known), len(known))
    chance = 1 / known[0].candidates if known else None
    paired = accuracy(sum(score.nearest == score.paired_index for score in known), len(known))
    return {**correct, "chance": chance, "paired history's": paired}


def memory_dependence(scores: Sequence[Score], kind: str, against: str = PAIRED, gap: int | None = None) -> dict[str, Any]:
    """For JSON: Memory Dependence, the mean over films of the value with the true psi minus the value with another arm's psi.

    It is about 0 where nothing has to be remembered, and above 0 on a return if the view is made from psi.

    Args:
        scores: of one model.
        kind: of the cases.
        against: the other arm, PAIRED or NONE.
        gap: of the cases; None: all gaps.
    """
    mine = {(s.gap, s.name, s.number): s for s in scores if s.kind == kind and s.arm == TRUE and gap in (None, s.gap)}
    theirs = {(s.gap, s.name, s.number): s for s in scores if s.kind == kind and s.arm == against and gap in (None, s.gap)}
    gains: dict[str, Any] = {}
    for name in COMPARED:
        pairs = [(at, mine[at].values[name] - theirs[at].values[name]) for at in mine
                 if at in theirs and name in mine[at].values and name in theirs[at].values]
        gain = estimate([value for _, value in pairs], [at[1] for at, _ in pairs])
        if gain is not None:
            gains[name] = gain.as_dict()
    both = [at for at in mine if at in theirs and mine[at].nearest is not None and theirs[at].nearest is not None]
    gain = estimate([float(mine[at].nearest == mine[at].true_index) - float(theirs[at].nearest == theirs[at].true_index)
                     for at in both], [at[1] for at in both])
    if gain is not None:
        gains["identity"] = gain.as_dict()
    return gains


def summarize(scores: Sequence[Score]) -> dict[str, Any]:
    """For JSON: the mean scores of a model by kind of case, arm and gap, and its Memory Dependence."""
    kinds = list(dict.fromkeys(score.kind for score in scores))
    return {kind: _summarize_kind([score for score in scores if score.kind == kind], kind) for kind in kinds}


def _summarize_kind(scores: Sequence[Score], kind: str) -> dict[str, Any]:
    summary: dict[str, Any] = {}
    present = [arm for arm in ARMS if any(score.arm == arm for score in scores)]
    for arm in present:
        mine = [score for score in scores if score.arm == arm]
        summary[arm] = {"all gaps": _means(mine), **{
            f"gap {gap}": _means([score for score in mine if score.gap == gap]) for gap in _gaps(mine, kind)}}
    if TRUE not in present:
        return {**summary, "memory dependence": NO_MEMORY}
    return {**summary, "memory dependence": {
        against: {"all gaps": memory_dependence(scores, kind, against), **{
            f"gap {gap}": memory_dependence(scores, kind, against, gap) for gap in _gaps(scores, kind)}}
        for against in (PAIRED, NONE) if against in present}}


def _means(scores: Sequence[Score]) -> dict[str, Any]:
    names = list(dict.fromkeys(name for score in scores for name in score.values))
    rows = {name: value.as_dict() for name in names if (value := _estimate(scores, name)) is not None}
    flags = list(dict.fromkeys(name for score in scores for name in score.flags))
    rates = {name: accuracy(sum(score.flags.get(name, False) for score in scores), len(scores)) for name in flags}
    return {"films": len(scores), **rows, **rates, "identity": identification(scores)}


def _estimate(scores: Sequence[Score], name: str) -> Estimate | None:
    some = [score for score in scores if name in score.values]
    return estimate([score.values[name] for score in some], [score.name for score in some])


def _gaps(scores: Sequence[Score], kind: str) -> list[int]:
    return sorted({score.gap for score in scores if score.kind == kind})
