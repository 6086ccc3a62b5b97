"""The consistency of a film's frames by the features of an image encoder: the model's own, or one in a folder.

VBench's consistencies (2311.17982): for each frame the mean of its features' cosine similarities with the first frame's and with
the previous frame's. Subject consistency uses DINO's features, background consistency CLIP's. A model's own encoder was trained
with the model, so its figures cannot be compared between models; those of an encoder in a folder can. Nothing is downloaded.
Letters: T frames, H and W height and width, D width of the features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.film_model import FilmModel
from studio.engine.image_encoder import CLIP, DINO, Features, load_image_encoder

SUBJECT, BACKGROUND = "subject consistency", "background consistency"
NAMES = {SUBJECT: DINO, BACKGROUND: CLIP}
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

    Raises:
        ValueError: the folder has no encoder that can be used; the message says what is missing.
    """
    found = load_image_encoder(folder)
    return Encoder(SUBJECT if found.group == DINO else BACKGROUND, found.kind, found.features)


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
