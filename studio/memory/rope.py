"""RoPE consistency (MemoryPack, 2510.01784): the frame index of every part of a packed context.

RoPE turns a query at index m and a key at index n so that their product depends on the distance alone (the paper's equation 2):

    R_q(x_q, m) R_k(x_k, n) = R_g(x_q, x_k, n - m).

So the indices tell the network how far apart in time two frames are. The paper's rule: the reference image keeps the start index of
the whole film, like a CLS token, and every segment gets its true index, so the distance to the image grows with the film.
FramePack-F1 instead gives every section the same indices. The context stream (text, image features, psi) has no RoPE: its distance
to a frame is the frame's own index. Letters: W window (latent frames per section).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from studio.memory.context_sizes import RECENT


class RopeRule(Protocol):
    """A rule that assigns an index to every latent frame of the packed context."""

    def __call__(self, sections: int, window: int) -> Tensor:
        """[1 + 19 + W] indices of start image, recent frames (oldest first) and window, after `sections` finished sections.

        One rule for the whole batch, as diffusers' RoPE needs it: all films of a batch are at the same section.
        """


@dataclass(frozen=True)
class FixedOffsets:
    """FramePack-F1's rule: image 0, recent frames 1 to 19, window from 20, in every section."""

    def __call__(self, sections: int, window: int) -> Tensor:
        """0, 1, 2, ..., 19 + W, whatever `sections` is."""
        return torch.arange(1 + RECENT + window)


@dataclass(frozen=True)
class TrueIndices:
    """The paper's rule: image 0, frame f of the film 19 + f, in every section and at every compression.

    The offset of 19 comes from FramePack: the empty history of a new film lies between the image and the first section, so no index
    is negative and the first section has FramePack's indices.

    Longer films: no index exceeds `trained`. From the section on whose last frame would exceed it, recent frames and window end at
    `trained`: distances among them stay true, and the distance to the image stays at the longest one used in training. With
    `trained` = 19 + W this is FramePack's rule.
    """

    trained: int  # largest index used in training

    def __call__(self, sections: int, window: int) -> Tensor:
        """Indices after `sections` finished sections, see the class.

        Raises:
            ValueError: one section alone exceeds the trained range.
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


def first_frame_index(rule: RopeRule, sections: int, window: int) -> int:
    """Index of the film's first frame, counted back from the window after `sections` finished sections of W = `window` frames.

    It is 20 as long as indices are true, and falls with every section where the window's indices no longer grow.
    """
    return int(rule(sections, window)[1 + RECENT]) - sections * window


def rope_rule(trained: int) -> RopeRule:
    """The rule for a model trained with true indices up to `trained`; 0 for one trained with FramePack's."""
    return TrueIndices(trained) if trained else FIXED_OFFSETS
