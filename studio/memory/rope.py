"""RoPE consistency (2510.01784): the frame index of each part of a packed context. It knows no latents.

RoPE turns a query at index m and a key at index n so that their product depends on the distance alone (the paper's equation 2):

    R_q(x_q, m) R_k(x_k, n) = R_g(x_q, x_k, n - m).

So the indices say how far apart in time the network takes two frames to be. The paper's rule: the reference image, like a CLS
token, stays at the start index of the whole film, and every segment has its true index; the way back to the image grows with the
film. FramePack-F1 instead lays out every section alike. The context stream (text, image features, psi) has no RoPE: it is as far
from a frame as the frame's own index. Letters: W window (latent frames per section).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from studio.memory.context_sizes import RECENT


class RopeRule(Protocol):
    """Which index each latent frame of the packed context gets."""

    def __call__(self, sections: int, window: int) -> Tensor:
        """[1 + 19 + W] of start image, recent frames (oldest first) and window, after `sections` finished sections.

        One for the whole batch, because diffusers' RoPE takes no other: films of a batch are at the same section.
        """


@dataclass(frozen=True)
class FixedOffsets:
    """FramePack-F1's: image 0, recent 1 to 19, window from 20, whatever came before."""

    def __call__(self, sections: int, window: int) -> Tensor:
        return torch.arange(1 + RECENT + window)


@dataclass(frozen=True)
class TrueIndices:
    """The paper's: image 0, frame f of the film at 19 + f, in every section and at every compression the same.

    The 19 are FramePack's own: the history of a film not begun lies between image and first section, so no index is negative
    and the first section is plan out as FramePack lays it out.

    Longer films: no index goes beyond `trained`. From the section on whose last frame would, recent frames and window end at
    `trained`: distances among them stay true, the distance to the image stays at the longest that was trained. With
    `trained` = 19 + W this is FramePack's layout.
    """

    trained: int  # largest index seen in training

    def __call__(self, sections: int, window: int) -> Tensor:
        """Raises:
            ValueError: one section alone goes beyond the trained range.
        """
        if self.trained < RECENT + window:
            raise ValueError(
                f"Indices up to {self.trained} were trained; one section of {window} latent frames needs {RECENT + window}. "
                "Use the window that the model was trained with, or FramePack's fixed offsets."
            )
        shift = min(sections * window, self.trained - RECENT - window)
        indices = torch.arange(1 + RECENT + window) + shift
        indices[0] = 0
        return indices


FIXED_OFFSETS = FixedOffsets()


def rope_rule(trained: int) -> RopeRule:
    """The rule of a model trained with true indices up to `trained`; 0: with FramePack's."""
    return TrueIndices(trained) if trained else FIXED_OFFSETS
