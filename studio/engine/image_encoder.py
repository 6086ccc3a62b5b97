"""An image encoder in a folder on this machine, of the kinds that DINO, CLIP and SigLIP are published as. Nothing is downloaded.

Letters: T frames, H and W height and width, D width of the features.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.load import LOADING
from studio.language import sentence

Features = Callable[[Tensor], Tensor]
"""Frames [T, 3, H, W] in [0, 1] to features [T, D]."""
DINO, CLIP = "DINO", "CLIP or SigLIP"
KINDS = {
    DINO: ("dinov2", "dinov2_with_registers", "dinov3_vit", "vit"),       # the first DINO models are published as "vit"
    CLIP: ("clip", "clip_vision_model", "siglip", "siglip_vision_model"),
}
"""The model types of transformers that can be used."""


@dataclass(frozen=True)
class ImageEncoder:
    """An image encoder from a folder."""

    group: str           # DINO or CLIP
    kind: str            # its model type in transformers
    features: Features


def load_image_encoder(folder: Path) -> ImageEncoder:
    """Loads the image encoder in a folder on this machine.

    Features are the class token of a DINO model, and the image embedding of a CLIP or SigLIP model. Frames are resized to the
    square that the encoder takes, without cropping.

    Raises:
        ValueError: the folder has no encoder that can be used; the message says what is missing.
    """
    from transformers import AutoConfig, AutoModel  # slow to import, and only used here

    if not (folder / "config.json").is_file():
        raise ValueError(sentence(
            "{folder} holds no image encoder: there is no config.json. Name the folder of a CLIP or DINO model.", folder=folder))
    try:
        processor: dict[str, Any] = json.loads((folder / "preprocessor_config.json").read_text("utf-8"))
        mean, deviation = (torch.tensor(processor[key]).view(1, 3, 1, 1) for key in ("image_mean", "image_std"))
    except (OSError, json.JSONDecodeError, KeyError) as error:
        raise ValueError(sentence(
            "{folder} does not say image_mean and image_std ({error}).",
            folder=folder / "preprocessor_config.json", error=str(error))) from error
    try:
        config: Any = AutoConfig.from_pretrained(folder, local_files_only=True)
        group = _group(folder, config.model_type)
        # In float32: for another type transformers changes torch's default for a moment, in all threads, also in one that renders.
        with LOADING:
            network: Any = AutoModel.from_pretrained(folder, local_files_only=True, dtype=torch.float32).eval()
    except OSError as error:
        raise ValueError(sentence(
            "The image encoder in {folder} cannot be loaded: {error}", folder=folder, error=str(error))) from error
    side, embed = _side(processor, config), _class_token if group == DINO else _embedding

    @torch.no_grad()
    def features(frames: Tensor) -> Tensor:
        square = F.interpolate(frames, (side, side), mode="bicubic", antialias=True, align_corners=False)
        return torch.cat([embed(network, some) for some in ((square - mean) / deviation).split(16)])

    return ImageEncoder(group, config.model_type, features)


def _group(folder: Path, kind: str) -> str:
    """DINO or CLIP, by the model type. Raises ValueError if it is neither."""
    for group, kinds in KINDS.items():
        if kind in kinds:
            return group
    known = "; ".join(f"{group}: {', '.join(kinds)}" for group, kinds in KINDS.items())
    raise ValueError(sentence(
        "The encoder in {folder} is of the kind '{kind}', which cannot be used. Those that can: {known}.",
        folder=folder, kind=kind, known=known))


def _side(processor: dict[str, Any], config: Any) -> int:
    """Pixels of the square that the network takes: what its processor crops or resizes to, or what its config says."""
    for key in ("crop_size", "size"):
        table = processor.get(key)
        if isinstance(table, dict) and "height" in table:
            return int(table["height"])
    return int(getattr(getattr(config, "vision_config", config), "image_size", 224))


def _class_token(network: Any, pixels: Tensor) -> Tensor:
    """The last layer's class token [T, D]. The pooler is not used: the first DINO models are published without its weights."""
    token: Tensor = network(pixel_values=pixels).last_hidden_state[:, 0]
    return token


def _embedding(network: Any, pixels: Tensor) -> Tensor:
    """The image embedding [T, D] that is compared with texts; of a folder without the text model, the pooled output instead."""
    has_text = hasattr(network, "get_image_features")
    output = network.get_image_features(pixel_values=pixels) if has_text else network(pixel_values=pixels)
    pooled: Tensor | None = getattr(output, "pooler_output", None)
    return output.last_hidden_state.mean(dim=1) if pooled is None else pooled
