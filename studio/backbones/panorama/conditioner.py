"""What a panorama model reads: of a prompt how the camera pans, and of the reference its view of 16 x 16 pixels.

It knows three wishes, pan left, pan right and hold, each pan slowly, plainly or fast. Everything else holds the camera.
"""

from __future__ import annotations

import re

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.panorama.places import VIEW, to_tokens
from studio.diffusion.backbone import Conditioning

SLOW, PLAIN, FASTEST = 4, 8, 16
"""Columns of a pan in a latent. A view is 16 columns wide."""
_CLAUSE = re.compile(r"[.;!?\n]")
_PAN = re.compile(
    r"\b(?:pan|pans|panning|camera\b[^,]*?\b(?:moves?|moving|turns?|turning|swings?|goes|travels?|slides?|drifts?|glides?))\b"
    r".*?\b(left|right)\b", re.IGNORECASE)
_NOT = re.compile(r"\b(?:no|not|never|without|stops?|instead of)\b|n['’]t\b", re.IGNORECASE)
_SLOWLY = re.compile(r"\b(?:slow|slowly|gentle|gently|softly|calmly)\b", re.IGNORECASE)
_FAST = re.compile(r"\b(?:fast|faster|quick|quickly|swift|swiftly|rapidly)\b", re.IGNORECASE)


def read_move(prompt: str) -> int:
    """Columns that a prompt moves the camera in a latent: to the right if positive, 0 where it asks for no pan.

    Of several pans the first one counts, because a section has one.
    """
    for clause in _CLAUSE.split(prompt):
        found = _PAN.search(clause)
        if found is not None and not _NOT.search(clause, 0, found.end()):
            speed = SLOW if _SLOWLY.search(clause) else FASTEST if _FAST.search(clause) else PLAIN
            return speed if found.group(1).lower() == "right" else -speed
    return 0


def view_of(picture: Tensor) -> Tensor:
    """The view [B, 3, 16, 16] of a picture [B, 3, H, W] in [-1, 1]: the mean of each pixel's area."""
    return F.adaptive_avg_pool2d(picture.float(), VIEW)


class PanoramaConditioner:
    """The prompt's move as the one text feature [1, 1, 1], and the reference's view as image features, the tokens [1, 16, 48]."""

    def __call__(self, prompt: str, picture: Tensor) -> Conditioning:
        """Read a prompt and a picture [1, 3, H, W] in [-1, 1]."""
        text = torch.full((1, 1, 1), float(read_move(prompt)))
        return Conditioning(text, torch.ones(1, 1), torch.zeros(1, 1), to_tokens(view_of(picture)[:, None, None])[:, 0])

    def read_apart(self, prompt: str, style: str, begins: bool, picture: Tensor) -> Conditioning:
        """The prompt alone: a style asks this model for nothing."""
        return self(prompt, picture)
