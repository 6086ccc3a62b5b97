"""Whether the frames of a film are of one kind to an image encoder: the model's own, or one in a folder. It knows no truth.

VBench's consistencies (2311.17982): for each frame the mean of its features' cosine with the first frame's and with the one before.
Its subject consistency is told by DINO's features, its background consistency by CLIP's. A model's own encoder was trained with it,
so different models' figures are not comparable; those of a folder are. Nothing is downloaded.
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
    SUBJECT: ("dinov2", "dinov2_with_registers", "dinov3_vit", "vit"),       # DINO's own first ones are published as "vit"
    BACKGROUND: ("clip", "clip_vision_model", "siglip", "siglip_vision_model"),
}
"""Which models, as transformers names them, tell which consistency."""
NAMES = {SUBJECT: "DINO", BACKGROUND: "CLIP or SigLIP"}
ABSENT = "absent: no folder of a {} model was named with --encoder"


@dataclass(frozen=True)
class Encoder:
    """An image encoder from a folder, and which consistency it tells."""

    tells: str           # SUBJECT or BACKGROUND
    kind: str            # as transformers names it
    features: Features


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


def local(folder: Path) -> Encoder:
    """The image encoder in a folder on this machine: a DINO model (its class token), a CLIP or SigLIP one (its image embedding).

    Frames are squeezed into the square that it wants, so that all of each is seen.

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
        tells = _told_by(folder, config.model_type)
        network: Any = AutoModel.from_pretrained(folder, local_files_only=True).eval()
    except OSError as error:
        raise ValueError(f"The image encoder in {folder} cannot be loaded: {error}") from error
    side, embed = _side(look, config), _class_token if tells == SUBJECT else _embedding

    @torch.no_grad()
    def features(frames: Tensor) -> Tensor:
        square = F.interpolate(frames, (side, side), mode="bicubic", antialias=True, align_corners=False)
        return torch.cat([embed(network, some) for some in ((square - mean) / deviation).split(16)])

    return Encoder(tells, config.model_type, features)


def encoders(folders: Sequence[Path]) -> dict[str, Encoder]:
    """The encoders in folders, by the consistency that each tells.

    Raises:
        ValueError: as `local`, or two tell the same one.
    """
    found: dict[str, Encoder] = {}
    for folder in folders:
        encoder = local(folder)
        if encoder.tells in found:
            raise ValueError(f"{folder} is the second encoder for the {encoder.tells}: name one {NAMES[encoder.tells]} model.")
        found[encoder.tells] = encoder
    return found


def _told_by(folder: Path, kind: str) -> str:
    for tells, kinds in KINDS.items():
        if kind in kinds:
            return tells
    known = "; ".join(f"{tells}: {', '.join(kinds)}" for tells, kinds in KINDS.items())
    raise ValueError(f"The encoder in {folder} is of the kind '{kind}', which tells no consistency. Those that do: {known}.")


def _side(look: dict[str, Any], config: Any) -> int:
    """Pixels of the square that the network gets: what its processor crops or resizes to, or what its config says."""
    for key in ("crop_size", "size"):
        table = look.get(key)
        if isinstance(table, dict) and "height" in table:
            return int(table["height"])
    return int(getattr(getattr(config, "vision_config", config), "image_size", 224))


def _class_token(network: Any, pixels: Tensor) -> Tensor:
    """Not the pooler's output: DINO's first models are published without one, and transformers would make one up."""
    token: Tensor = network(pixel_values=pixels).last_hidden_state[:, 0]
    return token


def _embedding(network: Any, pixels: Tensor) -> Tensor:
    """The image's place among texts, where the text half is there; of a folder with the seeing half alone what that pools."""
    whole = hasattr(network, "get_image_features")
    out = network.get_image_features(pixel_values=pixels) if whole else network(pixel_values=pixels)
    pooled: Tensor | None = getattr(out, "pooler_output", None)
    return out.last_hidden_state.mean(dim=1) if pooled is None else pooled
