"""How well an autoencoder keeps pictures and clips, and whether its grid shows. It knows no prompts and no films of a model.

Letters: T frames, H and W height and width.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from studio.lab.measure.filming import Subject
from studio.lab.psnr import psnr
from studio.lab.world import Section

GRID = 16
"""Pixels of the tiles that autoencoders may show the edges of; those of 8 pixels are seen as well."""
CLIPS = {"slow pan": Section("right", "slow"), "pan": Section("right", "normal"), "tilt": Section("down", "normal"),
         "slow zoom": Section("in", "slow")}
Trip = Callable[[Tensor], Tensor]
"""Frames [T, 3, H, W] in [0, 1] through the autoencoder and back."""


def trip(codec: Any) -> Trip | None:
    """There and back again by the codec's autoencoder; None for a codec that has none that takes clips."""
    autoencoder = getattr(codec, "autoencoder", None)
    if autoencoder is None:
        return None
    tensors = [*autoencoder.parameters(), *autoencoder.buffers()]

    @torch.no_grad()
    def there_and_back(frames: Tensor) -> Tensor:
        clip = (frames.movedim(0, 1)[None] * 2 - 1).to(tensors[0])
        made = autoencoder.decode(autoencoder.encode(clip))
        return (made[0].movedim(0, 1).float().cpu().clamp(-1, 1) + 1) / 2

    return there_and_back


def ssim(made: Tensor, true: Tensor) -> float:
    """Mean structural similarity of frames [T, 3, H, W] in [0, 1] (Wang et al. 2004; scikit-image's)."""
    from skimage.metrics import structural_similarity  # only measuring needs it

    alike = [structural_similarity(t.numpy(), m.numpy(), channel_axis=0, data_range=1.0) for m, t in zip(made, true, strict=True)]
    return float(sum(alike) / len(alike))


def grid(frames: Tensor, tile: int = GRID) -> float:
    """Mean step across the tiles' edges over the mean step elsewhere, of frames [T, 3, H, W]: 1 if no grid is there."""
    ratios = []
    for axis in (2, 3):
        steps = frames.diff(dim=axis).abs().mean(dim=[d for d in range(4) if d != axis])
        edge = torch.arange(1, len(steps) + 1) % tile == 0
        ratios.append(float(steps[edge].mean() / steps[~edge].mean().clamp(min=1e-9)))
    return sum(ratios) / 2


def compare(made: Tensor, true: Tensor) -> dict[str, float]:
    """PSNR, SSIM, and how much more of a grid than the original has: 1 for none."""
    some = slice(0, None, max(1, len(true) // 4))
    return {
        "psnr": psnr(made, true), "ssim": ssim(made[some], true[some]),
        "grid 16": grid(made, 16) / grid(true, 16), "grid 8": grid(made, 8) / grid(true, 8),
    }


def measure(
    there_and_back: Trip, subjects: Sequence[Subject], width: int, height: int, clips: int, frames: int = 25
) -> dict[str, Any]:
    """Stills of all `subjects`, and the first `clips` of them in motion, `frames` frames each (1 + 4 k)."""
    stills = {}
    for subject in subjects:
        true = subject.picture(width, height)[None]
        stills[subject.name] = compare(there_and_back(true), true)
    moving = {}
    for subject in subjects[:clips]:
        for name, section in CLIPS.items():
            true = subject.truth([section], width, height)[:frames]
            moving[f"{subject.name}, {name}"] = compare(there_and_back(true), true)
    return {"size": [width, height], "still": stills, "still mean": mean(stills), "moving": moving, "moving mean": mean(moving)}


def mean(rows: dict[str, dict[str, float]]) -> dict[str, float]:
    """The rows' mean in each figure, and the worst PSNR; nothing of nothing."""
    if not rows:
        return {}
    keys = next(iter(rows.values()))
    return {**{key: sum(row[key] for row in rows.values()) / len(rows) for key in keys},
            "worst psnr": min(row["psnr"] for row in rows.values())}
