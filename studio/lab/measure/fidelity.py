"""How well an autoencoder reproduces pictures and clips, and whether the grid of its tiles shows.

Letters: T frames, H and W height and width.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from studio.backbones.animatic.scene_picture import PictureMemory
from studio.diffusion.backbone import SceneConditioning, ScenePicture
from studio.lab.measure.filming import Subject
from studio.lab.psnr import psnr
from studio.lab.world import Section

GRID = 16
"""Edge in pixels of the tiles whose borders an autoencoder may show; tiles of 8 pixels are measured as well."""
CLIPS = {"slow pan": Section("right", "slow"), "pan": Section("right", "normal"), "tilt": Section("down", "normal"),
         "slow zoom": Section("in", "slow")}
RoundTrip = Callable[[Tensor], Tensor]
"""Encodes and decodes frames [T, 3, H, W] in [0, 1]."""


def round_trip(codec: Any) -> RoundTrip | None:
    """Returns the round trip through the codec's autoencoder; None for a codec without an `autoencoder`."""
    autoencoder = getattr(codec, "autoencoder", None)
    if autoencoder is None:
        return None
    tensors = [*autoencoder.parameters(), *autoencoder.buffers()]

    @torch.no_grad()
    def encode_and_decode(frames: Tensor) -> Tensor:
        """Frames [T, 3, H, W] in 0 to 1 as psi holds them, the same shape."""
        clip = (frames.movedim(0, 1)[None] * 2 - 1).to(tensors[0])
        made = autoencoder.decode(autoencoder.encode(clip))
        return (made[0].movedim(0, 1).float().cpu().clamp(-1, 1) + 1) / 2

    return encode_and_decode


def memory_round_trip(codec: Any) -> RoundTrip:
    """Returns the round trip of still frames through psi, which is where large films look up their frames."""
    memory = PictureMemory(codec.autoencoder)

    @torch.no_grad()
    def encode_and_decode(frames: Tensor) -> Tensor:
        made = []
        for frame in frames.split(1):
            scene = ScenePicture(frame * 2 - 1, 0, 0, frame.shape[3], frame.shape[2])
            nothing = torch.zeros(1, 0)
            made.append(memory.picture(memory.begin(SceneConditioning(nothing, nothing, nothing, nothing, scene))))
        return (torch.cat(made).float().cpu().clamp(-1, 1) + 1) / 2

    return encode_and_decode


def ssim(made: Tensor, true: Tensor) -> float:
    """Returns the mean structural similarity of frames [T, 3, H, W] in [0, 1] (Wang et al. 2004, scikit-image's)."""
    from skimage.metrics import structural_similarity  # installed with the extra "lab" only

    values = [structural_similarity(t.numpy(), m.numpy(), channel_axis=0, data_range=1.0) for m, t in zip(made, true, strict=True)]
    return float(sum(values) / len(values))


def grid_strength(frames: Tensor, tile: int = GRID) -> float:
    """Returns the mean step across the tiles' borders over the mean step elsewhere, of frames [T, 3, H, W]: 1 without a grid."""
    ratios = []
    for axis in (2, 3):
        steps = frames.diff(dim=axis).abs().mean(dim=[d for d in range(4) if d != axis])
        edge = torch.arange(1, len(steps) + 1) % tile == 0
        ratios.append(float(steps[edge].mean() / steps[~edge].mean().clamp(min=1e-9)))
    return sum(ratios) / 2


def compare(made: Tensor, true: Tensor) -> dict[str, float]:
    """Returns PSNR, SSIM and the grid's strength against the original's: 1 for no more than the original has."""
    some = slice(0, None, max(1, len(true) // 4))
    return {
        "psnr": psnr(made, true), "ssim": ssim(made[some], true[some]),
        "grid 16": grid_strength(made, 16) / grid_strength(true, 16), "grid 8": grid_strength(made, 8) / grid_strength(true, 8),
    }


def measure(
    encode_and_decode: RoundTrip, subjects: Sequence[Subject], width: int, height: int, clips: int, frames: int = 25
) -> dict[str, Any]:
    """Returns figures of stills of all `subjects`, and of the first `clips` of them in motion, `frames` frames each (1 + 4 k)."""
    stills = {}
    for subject in subjects:
        true = subject.picture(width, height)[None]
        stills[subject.name] = compare(encode_and_decode(true), true)
    moving = {}
    for subject in subjects[:clips]:
        for name, section in CLIPS.items():
            true = subject.truth([section], width, height)[:frames]
            moving[f"{subject.name}, {name}"] = compare(encode_and_decode(true), true)
    return {"size": [width, height], "still": stills, "still mean": mean(stills), "moving": moving, "moving mean": mean(moving)}


def mean(rows: dict[str, dict[str, float]]) -> dict[str, float]:
    """Returns the mean of each figure over the rows, and the worst PSNR; an empty dictionary for no rows."""
    if not rows:
        return {}
    keys = next(iter(rows.values()))
    return {**{key: sum(row[key] for row in rows.values()) / len(rows) for key in keys},
            "worst psnr": min(row["psnr"] for row in rows.values())}
