"""A linear map from latents to colours, fitted to decoded frames: a preview for the cost of one small product.

    rgb = W z + b,    by ridge regression over all latent pixels z and the mean colours of the frames and pixels they stand for

Only sums are stored, no samples, so sections can be added at any time. By hand, because scikit-learn's ridge regression keeps no
sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional as F

RIDGE = 1e-3
"""Strength of the ridge penalty, as a share of the samples: colours must not be invented where few sections give no evidence."""


@dataclass(frozen=True)
class LatentMap:
    """Sums over samples z with a 1 appended for b, in float64 on the host. C latent channels."""

    gram: Tensor       # [C + 1, C + 1] sum of z z^T
    cross: Tensor      # [C + 1, 3] sum of z rgb^T
    square: Tensor     # [3] sum of rgb^2
    sections: int      # number of sections in the sums

    @staticmethod
    def empty(channels: int) -> LatentMap:
        """A map without any section."""
        side = channels + 1
        dtype = torch.float64
        return LatentMap(torch.zeros(side, side, dtype=dtype), torch.zeros(side, 3, dtype=dtype), torch.zeros(3, dtype=dtype), 0)

    def add_section(self, latents: Tensor, frames: Tensor) -> LatentMap:
        """The map with one more section.

        Args:
            latents: [1, C, n, h, w].
            frames: [1, 3, T, H, W] in [-1, 1], decoded from them; T a multiple of n, H of h, W of w.

        Raises:
            ValueError: shapes that do not belong together.
        """
        n, h, w = latents.shape[2:]
        kernel = tuple(large // small for large, small in zip(frames.shape[2:], (n, h, w), strict=True))
        if tuple(k * small for k, small in zip(kernel, (n, h, w), strict=True)) != tuple(frames.shape[2:]):
            raise ValueError(f"frames {tuple(frames.shape)} are not those of latents {tuple(latents.shape)}")
        # The frames of one latent at a time: all at once would double the memory.
        means = [F.avg_pool3d(some.float().clamp(-1, 1), kernel) for some in frames.split(kernel[0], dim=2)]
        colours = torch.cat(means, dim=2)[0].flatten(1).T.cpu().double()
        z = self._with_one(latents)
        return LatentMap(
            self.gram + z.T @ z, self.cross + z.T @ colours, self.square + colours.square().sum(0), self.sections + 1)

    @cached_property
    def weights(self) -> Tensor:
        """W and b, [C + 1, 3]. Raises ValueError: the map has no section."""
        if not self.sections:
            raise ValueError("a map that has learned from no section has no weights")
        ridge = torch.full((len(self.gram),), RIDGE * float(self.gram[-1, -1]), dtype=torch.float64)
        ridge[-1] = 0
        return torch.linalg.solve(self.gram + ridge.diag(), self.cross)

    @property
    def explained_variance(self) -> float:
        """Share of the colours' variance that the map explains, over its own sections."""
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
        """Latent pixels with a 1 appended, [n h w, C + 1]."""
        z = latents[0].flatten(1).T.cpu().double()
        return torch.cat([z, torch.ones(len(z), 1, dtype=torch.float64)], dim=1)
