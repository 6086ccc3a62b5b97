"""Does a returned view show what was there? Scores of single films, and what they say together. It makes no films.

Each view is compared as it is with the true one, and, so that a camera that went astray is not taken for a memory that failed, with
the true one seen from where the camera really is. The part that neither the reference image nor the recent window shows is scored
for itself: that part memory alone can supply. Letters: K candidates, H and W height and width of a frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from studio.lab.measure import activity
from studio.lab.measure.frame_motion import correlate, estimate_motion, grey, remove_light, warp
from studio.lab.measure.histories import ARMS, NONE, PAIRED, TRUE, Made
from studio.lab.measure.intervals import Estimate, estimate
from studio.lab.measure.journeys import Case
from studio.lab.measure.tally import rate
from studio.lab.psnr import psnr

LEAST = 0.02
"""Of the frame: a smaller part is not scored by itself."""
NARROW = 24
"""Pixels: a part that is narrower is too small to tell a shift from."""
BACK = 0.5
"""A figure is back if what is new in its place is at least this much of what should be."""
NO_MEMORY = "not applicable: the model has no long-term memory, so no psi could be exchanged"
SOURCES = "frames looked up in"
"""What a section costs its model: how many frames must be kept to compose it from."""
SCORES = ("whole psnr", "whole ssim", "part psnr", "part ssim", "registered part psnr", "registered part ssim")


@dataclass(frozen=True)
class Score:
    """One film's last view, scored."""

    kind: str
    gap: int
    name: str
    number: int
    arm: str
    values: dict[str, float]                           # by the names in SCORES and more; what cannot be told is left out
    nearest: int | None                                # of the candidates, in the part; None without a part
    right: int
    other: int
    candidates: int
    by_state: bool
    flags: dict[str, bool] = field(default_factory=dict)

    def table(self) -> dict[str, Any]:
        """For JSON."""
        shown = None if self.nearest is None else "true" if self.nearest == self.right else (
            "paired history's" if self.nearest == self.other else "another's")
        return {"kind": self.kind, "gap": self.gap, "from": self.name, "number": self.number, "psi": self.arm, "shows": shown,
                "candidates": self.candidates, "pose by": "film state" if self.by_state else "registration",
                **self.values, **self.flags}


def score(case: Case, arm: str, made: Made, recent: int) -> Score:
    """Compare the last frame of a section [s, 3, H, W] with what is true. `recent`: frames that the recent window holds."""
    last, true = made.frames[-1], case.views[case.right]
    values = {"whole psnr": psnr(last, true), "whole ssim": float(likeness(last, true).mean())}
    away = made.pose - case.pose[-1]
    values |= {"camera error": float(away[:2].norm()), "swell error": float(away[2].abs())}
    if made.sources is not None:
        values[SOURCES] = float(made.sources)
    needed = case.needed(recent)
    values["part share"] = float(needed.float().mean())
    values |= _parted(last, true, needed, "part")
    aligned, from_there, mask = _registered(case, made, recent)
    values |= _parted(aligned, from_there[case.right], mask, "registered part")
    values["registered whole psnr"] = psnr(aligned, from_there[case.right])
    nearest = None
    if float(mask.float().mean()) >= LEAST:
        # the mean of all that might be there: what a guess that remembers nothing can score at best
        values["blind part psnr"] = psnr(torch.stack(from_there).mean(0)[:, mask], from_there[case.right][:, mask])
        nearest = likest(aligned, from_there, mask)
        if case.plate is None and (shift := misplaced(aligned, from_there[case.right], mask)) is not None:
            values["position error"] = shift
    flags = {}
    if case.plate is not None:
        values |= _presence(last, true, case.plate, needed)
        flags["back"] = values["presence"] >= BACK
        flags["back and right"] = flags["back"] and nearest == case.right
    before = case.past.frames[-1:].float() / 255
    values |= activity.compare(torch.cat([before, made.frames]), torch.cat([before, case.truth.float() / 255]))
    return Score(
        case.kind, case.gap, case.name, case.number, arm, values, nearest, case.right, case.other, len(case.views),
        made.by_state, flags)


def likest(made: Tensor, candidates: Sequence[Tensor], mask: Tensor) -> int:
    """Which of K candidates [3, H, W] a frame is most like within a mask [H, W]: the largest cosine around their mean colour.

    The smallest distance would not do: it prefers the smoothest candidate, whatever a film shows that is none of them.
    """
    middle = torch.stack([candidate[:, mask] for candidate in candidates]).mean(dim=(0, 2))[:, None]
    shown = made[:, mask] - middle
    told = [candidate[:, mask] - middle for candidate in candidates]
    return max(range(len(told)), key=lambda k: float((shown * told[k]).sum() / told[k].norm().clamp(min=1e-6)))


def likeness(made: Tensor, true: Tensor) -> Tensor:
    """Structural similarity of every pixel of frames [3, H, W] in [0, 1], [H, W] (Wang et al. 2004; scikit-image's)."""
    from skimage.metrics import structural_similarity  # only measuring needs it

    _, whole = structural_similarity(
        true.numpy(), made.clamp(0, 1).numpy(), channel_axis=0, data_range=1.0, full=True, win_size=min(7, *_odd(true.shape[1:])))
    return torch.from_numpy(np.ascontiguousarray(whole)).mean(0)


def _odd(sides: Sequence[int]) -> list[int]:
    return [side - 1 + side % 2 for side in sides]


def _parted(made: Tensor, true: Tensor, mask: Tensor, name: str) -> dict[str, float]:
    """PSNR and SSIM within a mask [H, W] that is large enough."""
    if float(mask.float().mean()) < LEAST:
        return {}
    return {f"{name} psnr": psnr(made[:, mask], true[:, mask]), f"{name} ssim": float(likeness(made, true)[mask].mean())}


def _registered(case: Case, made: Made, recent: int) -> tuple[Tensor, tuple[Tensor, ...], Tensor]:
    """The last frame, the candidates as seen from where its camera is, and the part that memory alone can supply there."""
    last = made.frames[-1]
    if case.canvases:
        return last, case.seen_from(made.pose), case.needed(recent, made.pose)
    # A figure's film: the frame is carried back to where the camera should be.
    true = case.views[case.right]
    movement = estimate_motion(grey(true[None]), grey(last[None]))
    back = torch.stack([warp(channel[None], *_inverse(movement.shift, movement.log_zoom))[0][0] for channel in last])
    better = psnr(back, true) > psnr(last, true)
    return (back if better else last), case.views, case.needed(recent)


def _inverse(shift: Tensor, swell: Tensor) -> tuple[Tensor, Tensor]:
    return -shift * (-swell).exp()[:, None], -swell


def misplaced(made: Tensor, true: Tensor, mask: Tensor) -> float | None:
    """By how many pixels what is seen within a mask lies elsewhere than it should; None where the part is too small to tell."""
    rows, columns = mask.any(1).nonzero().flatten(), mask.any(0).nonzero().flatten()
    if not len(rows) or min(len(rows), len(columns)) < NARROW:
        return None
    box = (slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1))
    a, b = (remove_light(grey(frame[None]))[:, box[0], box[1]] for frame in (true, made))
    return float(correlate(a, b)[0].norm())


def _presence(made: Tensor, true: Tensor, plate: Tensor, part: Tensor) -> dict[str, float]:
    """How much of what should have come is there, and how far its middle is from where it should be, in pixels."""
    new, due = ((frame - plate).abs().mean(0) for frame in (made, true))
    place = torch.stack(torch.meshgrid(torch.arange(len(new)), torch.arange(new.shape[1]), indexing="ij")).float()
    found = {"presence": float((new * part).sum() / (due * part).sum().clamp(min=1e-6))}
    if bool((new > 0.1).any()):
        middles = [(place * (what * (what > 0.1))).sum((1, 2)) / (what * (what > 0.1)).sum().clamp(min=1e-6) for what in (new, due)]
        found["position error"] = float((middles[0] - middles[1]).norm())
    return found


@dataclass(frozen=True)
class Curve:
    """A score over the gap."""

    gaps: tuple[int, ...]
    estimates: tuple[Estimate, ...]


def curve(scores: Sequence[Score], kind: str, arm: str, name: str) -> Curve:
    """Means of one value with their intervals, over the gaps of a kind."""
    mine = [score for score in scores if (score.kind, score.arm) == (kind, arm)]
    found = [(gap, _estimate([score for score in mine if score.gap == gap], name)) for gap in _gaps(mine, kind)]
    kept = [(gap, value) for gap, value in found if value is not None]
    return Curve(tuple(gap for gap, _ in kept), tuple(value for _, value in kept))


def identity(scores: Sequence[Score]) -> dict[str, Any]:
    """How often the returned part is nearest to the true one, beside chance, and to that of the paired history."""
    told = [score for score in scores if score.nearest is not None]
    right = rate(sum(score.nearest == score.right for score in told), len(told))
    chance = 1 / told[0].candidates if told else None
    return {**right, "chance": chance, "paired history's": rate(sum(score.nearest == score.other for score in told), len(told))}


def dependence(scores: Sequence[Score], kind: str, against: str = PAIRED, gap: int | None = None) -> dict[str, Any]:
    """Memory Dependence: what the true psi gains over the paired one (or over none), film by film, in the units of each score.

    About 0 where nothing has to be remembered; above 0 on a return if psi is what the view was made from.
    """
    mine = {(s.gap, s.name, s.number): s for s in scores if s.kind == kind and s.arm == TRUE and gap in (None, s.gap)}
    theirs = {(s.gap, s.name, s.number): s for s in scores if s.kind == kind and s.arm == against and gap in (None, s.gap)}
    gained: dict[str, Any] = {}
    for name in SCORES:
        pairs = [(at, mine[at].values[name] - theirs[at].values[name]) for at in mine
                 if at in theirs and name in mine[at].values and name in theirs[at].values]
        found = estimate([value for _, value in pairs], [at[1] for at, _ in pairs])
        if found is not None:
            gained[name] = found.table()
    both = [at for at in mine if at in theirs and mine[at].nearest is not None and theirs[at].nearest is not None]
    found = estimate([float(mine[at].nearest == mine[at].right) - float(theirs[at].nearest == theirs[at].right) for at in both],
                     [at[1] for at in both])
    if found is not None:
        gained["identity"] = found.table()
    return gained


def told(scores: Sequence[Score]) -> dict[str, Any]:
    """All of a model's scores together, for JSON: by kind, by psi, by gap; and Memory Dependence."""
    kinds = list(dict.fromkeys(score.kind for score in scores))
    return {kind: _kind([score for score in scores if score.kind == kind], kind) for kind in kinds}


def _kind(scores: Sequence[Score], kind: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    present = [arm for arm in ARMS if any(score.arm == arm for score in scores)]
    for arm in present:
        mine = [score for score in scores if score.arm == arm]
        found[arm] = {"all gaps": _summary(mine), **{
            f"gap {gap}": _summary([score for score in mine if score.gap == gap]) for gap in _gaps(mine, kind)}}
    if TRUE not in present:
        return {**found, "memory dependence": NO_MEMORY}
    return {**found, "memory dependence": {
        against: {"all gaps": dependence(scores, kind, against), **{
            f"gap {gap}": dependence(scores, kind, against, gap) for gap in _gaps(scores, kind)}}
        for against in (PAIRED, NONE) if against in present}}


def _summary(scores: Sequence[Score]) -> dict[str, Any]:
    names = list(dict.fromkeys(name for score in scores for name in score.values))
    rows = {name: value.table() for name in names if (value := _estimate(scores, name)) is not None}
    flags = list(dict.fromkeys(name for score in scores for name in score.flags))
    counted = {name: rate(sum(score.flags.get(name, False) for score in scores), len(scores)) for name in flags}
    return {"films": len(scores), **rows, **counted, "identity": identity(scores)}


def _estimate(scores: Sequence[Score], name: str) -> Estimate | None:
    some = [score for score in scores if name in score.values]
    return estimate([score.values[name] for score in some], [score.name for score in some])


def _gaps(scores: Sequence[Score], kind: str) -> list[int]:
    return sorted({score.gap for score in scores if score.kind == kind})


def scored(case: Case, films: Mapping[str, Made], recent: int) -> Iterator[Score]:
    """The scores of a case's films, arm by arm."""
    for arm, made in films.items():
        yield score(case, arm, made, recent)
