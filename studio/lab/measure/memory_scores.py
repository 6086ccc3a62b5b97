"""Scores of what single films show on the return to a place.

Each returned view is compared with the true one, and also with the true one as seen from where the model's camera is, so that a
camera error does not count as a memory error. The part that neither the reference image nor the recent window shows is scored
separately, because only memory can supply it. Letters: K candidates, H and W height and width of a frame.
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
from studio.lab.measure.histories import FilmedSection
from studio.lab.measure.journeys import MemoryCase
from studio.lab.psnr import psnr

SMALLEST_PART = 0.02
"""Share of the frame below which a part is not scored."""
NARROWEST_PART = 24
"""Pixels: in a part that is narrower no displacement is measured."""
PRESENT = 0.5
"""A figure counts as back if the change in its place is at least this share of the true change."""
SOURCES = "frames looked up in"
"""Name of the value that says from how many frames a section may be composed, which is what such a memory costs."""


@dataclass(frozen=True)
class Score:
    """The scores of the last view of one film."""

    kind: str
    gap: int
    name: str
    number: int
    arm: str
    values: dict[str, float]                           # by name; those that do not apply to the film are missing
    nearest: int | None                                # index of the most similar candidate in the part; None without a part
    true_index: int
    paired_index: int
    candidates: int                                    # how many there are
    from_state: bool                                   # whether the camera's pose is from the film's state
    flags: dict[str, bool] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The score for JSON."""
        shown = None if self.nearest is None else "true" if self.nearest == self.true_index else (
            "paired history's" if self.nearest == self.paired_index else "another's")
        return {"kind": self.kind, "gap": self.gap, "from": self.name, "number": self.number, "psi": self.arm, "shows": shown,
                "candidates": self.candidates, "pose by": "film state" if self.from_state else "registration",
                **self.values, **self.flags}


def score_section(case: MemoryCase, arm: str, filmed: FilmedSection, recent: int) -> Score:
    """Scores the last frame of a section that a model filmed.

    Args:
        case: what was filmed, with the truth.
        arm: which psi the model had; one of `histories.ARMS`.
        filmed: the section.
        recent: frames in the recent window.
    """
    last, true = filmed.frames[-1], case.candidates[case.true_index]
    values = {"whole psnr": psnr(last, true), "whole ssim": float(ssim_map(last, true).mean())}
    offset = filmed.pose - case.pose[-1]
    values |= {"camera error": float(offset[:2].norm()), "swell error": float(offset[2].abs())}
    if filmed.sources is not None:
        values[SOURCES] = float(filmed.sources)
    mask = case.memory_mask(recent)
    values["part share"] = float(mask.float().mean())
    values |= _score_part(last, true, mask, "part")
    aligned, candidates, aligned_mask = _align(case, filmed, recent)
    values |= _score_part(aligned, candidates[case.true_index], aligned_mask, "registered part")
    values["registered whole psnr"] = psnr(aligned, candidates[case.true_index])
    nearest = None
    if float(aligned_mask.float().mean()) >= SMALLEST_PART:
        # The mean of all candidates is the best guess without a memory.
        mean = torch.stack(candidates).mean(0)
        values["blind part psnr"] = psnr(mean[:, aligned_mask], candidates[case.true_index][:, aligned_mask])
        nearest = most_similar(aligned, candidates, aligned_mask)
        if case.background is None and (
            shift := displacement(aligned, candidates[case.true_index], aligned_mask)) is not None:
            values["position error"] = shift
    flags = {}
    if case.background is not None:
        values |= _presence(last, true, case.background, mask)
        flags["back"] = values["presence"] >= PRESENT
        flags["back and right"] = flags["back"] and nearest == case.true_index
    before = case.past.frames[-1:].float() / 255
    values |= activity.compare(torch.cat([before, filmed.frames]), torch.cat([before, case.truth.float() / 255]))
    return Score(
        case.kind, case.gap, case.name, case.number, arm, values, nearest, case.true_index, case.paired_index,
        len(case.candidates), filmed.from_state, flags)


def score_arms(case: MemoryCase, films: Mapping[str, FilmedSection], recent: int) -> Iterator[Score]:
    """The score of each arm's section of a case; `recent` as in `score_section`."""
    for arm, filmed in films.items():
        yield score_section(case, arm, filmed, recent)


def most_similar(frame: Tensor, candidates: Sequence[Tensor], mask: Tensor) -> int:
    """The index of the candidate that a frame is most similar to within a mask.

    Similarity is the cosine after subtracting the candidates' mean colour. The smallest distance would not do: it prefers the
    smoothest candidate if a frame shows none of them.

    Args:
        frame: [3, H, W].
        candidates: K frames [3, H, W].
        mask: [H, W] bool.
    """
    mean = torch.stack([candidate[:, mask] for candidate in candidates]).mean(dim=(0, 2))[:, None]
    shown = frame[:, mask] - mean
    centred = [candidate[:, mask] - mean for candidate in candidates]
    return max(range(len(centred)), key=lambda k: float((shown * centred[k]).sum() / centred[k].norm().clamp(min=1e-6)))


def ssim_map(frame: Tensor, truth: Tensor) -> Tensor:
    """The structural similarity [H, W] of each pixel of two frames [3, H, W] in [0, 1] (Wang et al. 2004), by scikit-image."""
    from skimage.metrics import structural_similarity  # belongs to the extra `lab`

    window = min(7, *(side - 1 + side % 2 for side in truth.shape[1:]))      # odd, and not larger than the frame
    _, similarity = structural_similarity(
        truth.numpy(), frame.clamp(0, 1).numpy(), channel_axis=0, data_range=1.0, full=True, win_size=window)
    return torch.from_numpy(np.ascontiguousarray(similarity)).mean(0)


def _score_part(frame: Tensor, truth: Tensor, mask: Tensor, name: str) -> dict[str, float]:
    """PSNR and SSIM of frames [3, H, W] within a mask [H, W]; empty if the mask is too small."""
    if float(mask.float().mean()) < SMALLEST_PART:
        return {}
    return {f"{name} psnr": psnr(frame[:, mask], truth[:, mask]), f"{name} ssim": float(ssim_map(frame, truth)[mask].mean())}


def _align(case: MemoryCase, filmed: FilmedSection, recent: int) -> tuple[Tensor, tuple[Tensor, ...], Tensor]:
    """The last frame, the candidates as seen from its camera's pose, and the mask of what only memory can supply there."""
    last = filmed.frames[-1]
    if case.canvases:
        return last, case.candidates_at(filmed.pose), case.memory_mask(recent, filmed.pose)
    # In a figure's film the frame is moved to where the camera should be.
    true = case.candidates[case.true_index]
    movement = estimate_motion(grey(true[None]), grey(last[None]))
    moved = torch.stack([warp(channel[None], *_inverse(movement.shift, movement.log_zoom))[0][0] for channel in last])
    better = psnr(moved, true) > psnr(last, true)
    return (moved if better else last), case.candidates, case.memory_mask(recent)


def _inverse(shift: Tensor, log_zoom: Tensor) -> tuple[Tensor, Tensor]:
    """Shift and log magnification of the inverse of a motion."""
    return -shift * (-log_zoom).exp()[:, None], -log_zoom


def displacement(frame: Tensor, truth: Tensor, mask: Tensor) -> float | None:
    """By how many pixels the content of `frame` [3, H, W] is shifted from that of `truth` within a mask [H, W].

    None if the mask is too narrow to tell.
    """
    rows, columns = mask.any(1).nonzero().flatten(), mask.any(0).nonzero().flatten()
    if not len(rows) or min(len(rows), len(columns)) < NARROWEST_PART:
        return None
    box = (slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1))
    a, b = (remove_light(grey(each[None]))[:, box[0], box[1]] for each in (truth, frame))
    return float(correlate(a, b)[0].norm())


def _presence(frame: Tensor, truth: Tensor, background: Tensor, part: Tensor) -> dict[str, float]:
    """How much of the figure is there as a share of what should be, and the distance in pixels between the two centres."""
    change, true_change = ((each - background).abs().mean(0) for each in (frame, truth))
    place = torch.stack(torch.meshgrid(torch.arange(len(change)), torch.arange(change.shape[1]), indexing="ij")).float()
    values = {"presence": float((change * part).sum() / (true_change * part).sum().clamp(min=1e-6))}
    if bool((change > 0.1).any()):
        centres = [(place * (each * (each > 0.1))).sum((1, 2)) / (each * (each > 0.1)).sum().clamp(min=1e-6)
                   for each in (change, true_change)]
        values["position error"] = float((centres[0] - centres[1]).norm())
    return values
