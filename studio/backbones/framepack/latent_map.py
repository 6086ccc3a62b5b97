"""A linear map from latents to colours, fitted to what a decoder made of them: a look at a film that costs one small product.

    rgb = W z + b,    least squares over all latent pixels z and the mean colours of the frames and pixels that they stand for

It keeps sums, not samples, so more sections can be added at any time. It does not know where it is kept, nor who decodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional as F

RIDGE = 1e-3
"""Share of the samples by which weights are held small: directions that a few sections do not show must not be made up."""


@dataclass(frozen=True)
class LatentMap:
    """Sums over samples, in float64 on the host. C latent channels; a 1 stands behind them for b."""

    gram: Tensor       # [C + 1, C + 1] of latents with latents
    cross: Tensor      # [C + 1, 3] of latents with colours
    square: Tensor     # [3] of colours with themselves
    sections: int      # that were learned from

    @staticmethod
    def empty(channels: int) -> LatentMap:
        """Learned from nothing yet."""
        side = channels + 1
        kind = torch.float64
        return LatentMap(torch.zeros(side, side, dtype=kind), torch.zeros(side, 3, dtype=kind), torch.zeros(3, dtype=kind), 0)

    def add_section(self, latents: Tensor, frames: Tensor) -> LatentMap:
        """The map with a section more.

        Args:
            latents: [1, C, n, h, w].
            frames: [1, 3, T, H, W] in [-1, 1], those that were decoded of them; T a multiple of n, H of h, W of w.

        Raises:
            ValueError: shapes that do not belong together.
        """
        n, h, w = latents.shape[2:]
        kernel = tuple(large // small for large, small in zip(frames.shape[2:], (n, h, w), strict=True))
        if tuple(k * small for k, small in zip(kernel, (n, h, w), strict=True)) != tuple(frames.shape[2:]):
            raise ValueError(f"frames {tuple(frames.shape)} are not those of latents {tuple(latents.shape)}")
        # A latent's frames at a time: all of them at once would need as much memory again.
        means = [F.avg_pool3d(some.float().clamp(-1, 1), kernel) for some in frames.split(kernel[0], dim=2)]
        colours = torch.cat(means, dim=2)[0].flatten(1).T.cpu().double()
        known = self._with_one(latents)
        return LatentMap(
            self.gram + known.T @ known, self.cross + known.T @ colours, self.square + colours.square().sum(0), self.sections + 1)

    @cached_property
    def weights(self) -> Tensor:
        """[C + 1, 3]. Raises ValueError: nothing was learned."""
        if not self.sections:
            raise ValueError("a map that has learned from no section has no weights")
        held = torch.full((len(self.gram),), RIDGE * float(self.gram[-1, -1]), dtype=torch.float64)
        held[-1] = 0
        return torch.linalg.solve(self.gram + held.diag(), self.cross)

    @property
    def explained_variance(self) -> float:
        """Share of the colours' variance that the map explains, of what it learned from."""
        samples, mean = self.gram[-1, -1], self.cross[-1]
        total = (self.square - mean.square() / samples).sum()
        left = (self.square - 2 * (self.weights * self.cross).sum(0) + (self.weights * (self.gram @ self.weights)).sum(0)).sum()
        return float(1 - left / total) if total > 0 else 0.0

    def __call__(self, latents: Tensor) -> Tensor:
        """Colours [n, 3, h, w] in [-1, 1] of latents [1, C, n, h, w]."""
        weights = self.weights.to(latents.device, torch.float32)
        colours = torch.einsum("cnhw,cd->ndhw", latents[0].float(), weights[:-1]) + weights[-1].view(1, 3, 1, 1)
        return colours.clamp(-1, 1)

    @staticmethod
    def _with_one(latents: Tensor) -> Tensor:
        known = latents[0].flatten(1).T.cpu().double()
        return torch.cat([known, torch.ones(len(known), 1, dtype=torch.float64)], dim=1)
