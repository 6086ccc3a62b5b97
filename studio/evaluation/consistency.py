"""Whether the frames of a film are of one kind to an image encoder: the model's own, or one in a folder. It knows no truth.

VBench's subject consistency (2311.17982): for each frame the mean of its features' cosine with the first frame's and with the one
before. A model's own encoder was trained with it, so different models' figures are not comparable; those of a folder are. Nothing
is downloaded. Letters: T frames, H and W height and width, D width of the features.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.engine.load import FilmModel

Features = Callable[[Tensor], Tensor]
"""Frames [T, 3, H, W] in [0, 1] to features [T, D]."""
ABSENT = "absent: no --encoder folder was named"


@torch.no_grad()
def consistency(frames: Tensor, features: Features) -> float:
    """Mean cosine with first and previous frame over frames [T, 3, H, W], T at least 2.

    Raises:
        ValueError: there is only one frame.
    """
    if len(frames) < 2:
        raise ValueError("Consistency needs at least two frames.")
    known = F.normalize(features(frames).float(), dim=1)
    return float(((known[1:] @ known[0]) + (known[1:] * known[:-1]).sum(1)).mean() / 2)


def own(model: FilmModel) -> Features:
    """The mean image token of the model's own encoder."""

    def features(frames: Tensor) -> Tensor:
        some = (frames * 2 - 1).to(model.device).split(1)
        return torch.cat([model.conditioner("", frame).image.mean(dim=1).float().cpu() for frame in some])

    return features


def local(folder: Path) -> Features:
    """The image encoder (CLIP, DINO, SigLIP: what transformers can load) in a folder on this machine.

    Raises:
        ValueError: there is none that can be used: the message says what is missing.
    """
    from transformers import AutoConfig, AutoModel  # loads slowly, and only this needs it

    if not (folder / "config.json").is_file():
        raise ValueError(f"{folder} holds no image encoder: there is no config.json. Name the folder of a CLIP or DINO model.")
    try:
        look: dict[str, Any] = json.loads((folder / "preprocessor_config.json").read_text("utf-8"))
        mean, deviation = (torch.tensor(look[key]).view(1, 3, 1, 1) for key in ("image_mean", "image_std"))
    except (OSError, json.JSONDecodeError, KeyError) as error:
        raise ValueError(f"{folder / 'preprocessor_config.json'} does not say image_mean and image_std ({error}).") from error
    try:
        config: Any = AutoConfig.from_pretrained(folder, local_files_only=True)
        network: Any = AutoModel.from_pretrained(folder, local_files_only=True).eval()
    except (OSError, ValueError) as error:
        raise ValueError(f"The image encoder in {folder} cannot be loaded: {error}") from error
    side = int(getattr(getattr(config, "vision_config", config), "image_size", 224))
    network = getattr(network, "vision_model", network)      # of CLIP and SigLIP the half that sees

    @torch.no_grad()
    def features(frames: Tensor) -> Tensor:
        square = F.interpolate(frames, (side, side), mode="bicubic", antialias=True, align_corners=False)
        return torch.cat([_pooled(network(pixel_values=some)) for some in ((square - mean) / deviation).split(16)])

    return features


def _pooled(out: Any) -> Tensor:
    pooled: Tensor | None = getattr(out, "pooler_output", None)
    return out.last_hidden_state[:, 0] if pooled is None else pooled
