"""The blend at the beginning of a segment: over so many frames its prompt takes over from the one before it.

A backbone that keeps light, weather and pace as a state blends by itself (`BlendsChanges`); for any other the embeddings of both
prompts are mixed, section by section.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.diffusion.backbone import Conditioning


@dataclass(frozen=True)
class SectionBlend:
    """Where a section lies in its segment's blend. All numbers are frames."""

    frames: int       # of the blend
    done: int         # of the segment before this section
    section: int      # of the section

    def reached(self, share: float) -> float:
        """How much of the new prompt counts at a moment of the section, from 0 to 1, with a soft start and end.

        Args:
            share: of the section that has passed, from 0 to 1.
        """
        passed = min(1.0, (self.done + share * self.section) / self.frames)
        return passed * passed * (3 - 2 * passed)

    def ends(self, window: int) -> Sequence[float]:
        """`reached` at the end of each of the section's `window` latents."""
        return [self.reached((latent + 1) / window) for latent in range(window)]

    def middles(self, window: int) -> Sequence[float]:
        """`reached` in the middle of each of the section's `window` latents."""
        return [self.reached((latent + 0.5) / window) for latent in range(window)]


def section_blend(frames: int, index: int, section: int) -> SectionBlend | None:
    """The blend of a segment in its section of that index; None: it has none, or it is over.

    Args:
        frames: of the blend.
        index: of the section in its segment, from 0.
        section: frames of a section.
    """
    done = index * section
    return SectionBlend(frames, done, section) if done < frames else None


@runtime_checkable
class BlendsChanges(Protocol):
    """A backbone that lets what changes with a prompt change over a number of frames."""

    def blend(self, blend: SectionBlend) -> AbstractContextManager[object]:
        """A context for the steps of one section that lies in a blend."""


def mix(before: Conditioning, after: Conditioning, weight: float) -> Conditioning:
    """The embeddings of two prompts mixed; picture and all else are those of `after`.

    Tokens at the same place are mixed; where one prompt has none, the other's is taken. The mask is that of the prompt that counts
    more, so that the mixture is `before` at weight 0 and `after` at weight 1.

    Args:
        before, after: embeddings of text [B, L, .], whose L may differ.
        weight: of `after`, from 0 to 1.
    """
    length = max(before.text.shape[1], after.text.shape[1])
    texts = [_pad(each.text, length) for each in (before, after)]
    masks = [_pad(each.mask, length) for each in (before, after)]
    weights = [share * (mask != 0).float().unsqueeze(-1) for share, mask in zip((1 - weight, weight), masks, strict=True)]
    total = weights[0] + weights[1]
    nearer = int(weight >= 0.5)
    mixed = (weights[0] * texts[0].float() + weights[1] * texts[1].float()) / total.clamp(min=1e-9)
    text = torch.where(total > 0, mixed, texts[nearer].float()).to(after.text.dtype)
    pooled = torch.lerp(before.pooled.float(), after.pooled.float(), weight).to(after.pooled.dtype)
    return replace(after, text=text, mask=masks[nearer], pooled=pooled)


def _pad(values: Tensor, length: int) -> Tensor:
    """Values [B, L, ...] with zeros after them, [B, length, ...]."""
    return F.pad(values, (*[0] * (2 * (values.dim() - 2)), 0, length - values.shape[1]))
