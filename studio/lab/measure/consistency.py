"""The consistency of a film's frames by the features of an image encoder: the model's own, or one in a folder.

VBench's consistencies (2311.17982): for each frame the mean of its features' cosine similarities with the first frame's and with
the previous frame's. Subject consistency uses DINO's features, background consistency CLIP's. A model's own encoder was trained
with the model, so its figures cannot be compared between models; those of an encoder in a folder can. Nothing is downloaded.
Letters: T frames, H and W height and width, D width of the features.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.film_model import FilmModel

Features = Callable[[Tensor], Tensor]
"""Frames [T, 3, H, W] in [0, 1] to features [T, D]."""
SUBJECT, BACKGROUND = "subject consistency", "background consistency"
KINDS = {
    SUBJECT: ("dinov2", "dinov2_with_registers", "dinov3_vit", "vit"),       # the first DINO models are published as "vit"
    BACKGROUND: ("clip", "clip_vision_model", "siglip", "siglip_vision_model"),
}
"""The model types of transformers that measure each consistency."""
NAMES = {SUBJECT: "DINO", BACKGROUND: "CLIP or SigLIP"}
ABSENT = "absent: no folder of a {} model was named with --encoder"


@dataclass(frozen=True)
class Encoder:
    """An image encoder from a folder."""

    measures: str        # SUBJECT or BACKGROUND
    kind: str            # its model type in transformers
    features: Features


@torch.no_grad()
def consistency(frames: Tensor, features: Features) -> float:
    """The mean cosine similarity of frames [T, 3, H, W] in [0, 1], T at least 2, with the first and the previous frame.

    Raises:
        ValueError: there is only one frame.
    """
    if len(frames) < 2:
        raise ValueError("Consistency needs at least two frames.")
    unit = F.normalize(features(frames).float(), dim=1)
    return float(((unit[1:] @ unit[0]) + (unit[1:] * unit[:-1]).sum(1)).mean() / 2)


def own_features(model: FilmModel) -> Features:
    """A function that returns the mean image token of the model's own encoder for each frame."""

    def features(frames: Tensor) -> Tensor:
        some = (frames * 2 - 1).to(model.device).split(1)
        return torch.cat([model.conditioner("", frame).image.mean(dim=1).float().cpu() for frame in some])

    return features


def load_encoder(folder: Path) -> Encoder:
    """Loads the image encoder in a folder on this machine.

    Features are the class token of a DINO model, and the image embedding of a CLIP or SigLIP model. Frames are resized to the
    square that the encoder takes, without cropping.

    Raises:
        ValueError: the folder has no encoder that can be used; the message says what is missing.
    """
    from transformers import AutoConfig, AutoModel  # slow to import, and only used here

    if not (folder / "config.json").is_file():
        raise ValueError(f"{folder} holds no image encoder: there is no config.json. Name the folder of a CLIP or DINO model.")
    try:
        processor: dict[str, Any] = json.loads((folder / "preprocessor_config.json").read_text("utf-8"))
        mean, deviation = (torch.tensor(processor[key]).view(1, 3, 1, 1) for key in ("image_mean", "image_std"))
    except (OSError, json.JSONDecodeError, KeyError) as error:
        raise ValueError(f"{folder / 'preprocessor_config.json'} does not say image_mean and image_std ({error}).") from error
    try:
        config: Any = AutoConfig.from_pretrained(folder, local_files_only=True)
        measures = _consistency_of(folder, config.model_type)
        network: Any = AutoModel.from_pretrained(folder, local_files_only=True).eval()
    except OSError as error:
        raise ValueError(f"The image encoder in {folder} cannot be loaded: {error}") from error
    side, embed = _side(processor, config), _class_token if measures == SUBJECT else _embedding

    @torch.no_grad()
    def features(frames: Tensor) -> Tensor:
        square = F.interpolate(frames, (side, side), mode="bicubic", antialias=True, align_corners=False)
        return torch.cat([embed(network, some) for some in ((square - mean) / deviation).split(16)])

    return Encoder(measures, config.model_type, features)


def load_encoders(folders: Sequence[Path]) -> dict[str, Encoder]:
    """Loads the encoders in folders; returns them by the consistency that each measures.

    Raises:
        ValueError: as `load_encoder`, or two of them measure the same consistency.
    """
    encoders: dict[str, Encoder] = {}
    for folder in folders:
        encoder = load_encoder(folder)
        if encoder.measures in encoders:
            raise ValueError(
                f"{folder} is the second encoder for the {encoder.measures}: name one {NAMES[encoder.measures]} model.")
        encoders[encoder.measures] = encoder
    return encoders


def _consistency_of(folder: Path, kind: str) -> str:
    """The consistency that a model type measures. Raises ValueError if it measures none."""
    for measures, kinds in KINDS.items():
        if kind in kinds:
            return measures
    known = "; ".join(f"{measures}: {', '.join(kinds)}" for measures, kinds in KINDS.items())
    raise ValueError(f"The encoder in {folder} is of the kind '{kind}', which measures no consistency. Those that do: {known}.")


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
