"""The lengths of FramePack-F1's history (2504.12626), and what a model sees of it. Imports no torch: the page shows them."""

from __future__ import annotations

from dataclasses import dataclass

SIZES = (16, 2, 1)
"""Latent frames of the history at 4x, 2x and 1x compression, oldest first. In the paper's notation: f16k4 f2k2 f1k1."""
RECENT = sum(SIZES)
"""Latent frames of the history in all: 19."""


@dataclass(frozen=True)
class Context:
    """What a model looks at of the film so far, beside its long-term memory."""

    sizes: tuple[int, int, int] = SIZES
    """Newest latents at a fourth of their size, at half of it and at full size, the oldest first."""
    start: bool = True
    """Whether it looks at the picture that the film began with, too, when there is more of the film."""

    @property
    def recent(self) -> int:
        """Newest latents in all."""
        return sum(self.sizes)


FRAMEPACK_CONTEXT = Context()
"""FramePack-F1's own."""
