"""The history encoder of 2512.23851 as a memory of the bench: its tokens know the place of their cell.

Letters: B sections, T frames of a section, L patches of a section, N cells of it, D width.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from studio.backbones.panorama.places import CHANNELS, FRAMES, PATCH, SIDE, to_tokens
from studio.memory.frame_preservation import SegmentEncoder
from studio.memory.frame_preservation_config import FramePreservationConfig
from studio.memory.learned import AppendedMemory, SectionTokens

Rate = tuple[int, int, int]


class HistoryEncoder(AppendedMemory):
    """psi_n = the encodings of all sections before n, each cell with the mean of its patches' places: [B, n N, D]."""

    def __init__(self, width: int, heads: int, stages: int, patchify: Callable[[Tensor], Tensor], rate: Rate = (2, 2, 1)) -> None:
        """A memory with random weights.

        Args:
            width: D. heads: of its attention. stages: channels of its first convolution; the last ones have four times as many.
            patchify: the denoiser's projection of clean tokens [., ., PIXELS] to D; it stays the denoiser's.
            rate: patches along height and width, and frames, to a token.
        """
        super().__init__(width)
        channels = tuple(stages * step for step in (1, 2, 2, 4))
        config = FramePreservationConfig(width, CHANNELS, rate, PATCH, (*channels, channels[-1]), heads)
        self.encoder, self.rate, self._patchify = SegmentEncoder(config, rate), rate, (patchify,)

    def encode(self, sections: SectionTokens) -> Tensor:
        """phi(x) with places, [B, N, D]."""
        rows, columns, frames = self.rate
        places = sections.placed.unflatten(1, (FRAMES // frames, frames, SIDE // rows, rows, SIDE // columns, columns))
        encoded: Tensor = self.encoder(sections.latents, self._tokens) + places.mean(dim=(2, 4, 6)).flatten(1, 3)
        return encoded

    def _tokens(self, latents: Tensor) -> Tensor:
        """The first projection of latents [B, C, T, h, w], [B, T h w / PATCH^2, D]."""
        return self._patchify[0](to_tokens(latents.transpose(1, 2)[:, None])[:, 0])
