"""The long-term memory of panorama films: a learned one, whose content is shown by filming from it alone.

Letters: B films, T frames of a section, V = VIEW, W columns of the panorama, K noises, M = H k and D = v the shape of psi.
"""

from __future__ import annotations

import torch
from torch import Tensor

from studio.backbones.panorama.folder import PIXELS_PER_LATENT
from studio.backbones.panorama.latents import Views, to_views
from studio.backbones.panorama.network import PanoramaNetwork
from studio.backbones.panorama.places import CHANNELS, FRAMES, PATCH, SIDE, VIEW, to_frames
from studio.memory.protocol import ConditioningFeatures, MemoryView, RememberedPlace

NOISES = 4
"""K, noises from which each view is filmed."""
STEPS = 8
"""Euler steps of each."""
SEED = 64
"""Of the noises: the same psi always gives the same picture."""
SCALE = 10
"""Pixels of the memory's picture along a side of a pixel of the view."""


class PanoramaMemory:
    """A `Memory` of the panorama's columns."""

    holds_places = True

    def __init__(self, network: PanoramaNetwork) -> None:
        """The memory of `network`."""
        self._network = network

    @torch.no_grad()
    def begin(self, conditioning: ConditioningFeatures) -> Tensor:
        """psi_0 [B, M, D]: the empty memory after one section that holds the reference's view still, at column 0."""
        tokens = conditioning.image[:, None].float()                                                # [B, 1, SIDE^2, PIXELS]
        still = to_frames(tokens).expand(-1, FRAMES, -1, -1, -1, -1).flatten(2, 3)
        nowhere = torch.zeros(len(tokens), FRAMES)
        return self._network.write(self._network.memory.begin(len(tokens)), Views(still, nowhere, nowhere))

    @torch.no_grad()
    def update(self, psi: Tensor, latents: Tensor) -> Tensor:
        """psi_{n+1} [B, M, D] from psi_n and the finished section's latents [B, 5, T, V, V]."""
        return self._network.write(psi, to_views(latents))

    def view(self, psi: Tensor, recent: Tensor) -> MemoryView:
        """The whole ring as psi [1, M, D] remembers it, with the newest view of `recent` [1, 5, T, V, V] in its middle."""
        columns = self._network.config.columns
        ring, known = self.panorama(psi)
        left = (columns - VIEW) // 2
        turn = left - int(to_views(recent[:, :, -1:]).columns[0, -1])
        frame = enlarge(ring.roll(turn, dims=2), SCALE)
        share = enlarge(known.roll(turn)[None, None].expand(1, VIEW, -1), SCALE)[0]
        return MemoryView(frame, share, (left * SCALE, 0, (left + VIEW) * SCALE, VIEW * SCALE))

    def answers(self, psi: Tensor) -> bool:
        """Always."""
        return True

    def answer(self, psi: Tensor, latent: Tensor) -> RememberedPlace:
        """See `AnswersPlaces`; in the film's pixels."""
        views, known = self.recall(psi, to_views(latent).columns[0])
        share = known[0].expand(1, VIEW, -1)
        return RememberedPlace(enlarge(views[0], PIXELS_PER_LATENT), enlarge(share, PIXELS_PER_LATENT)[0])

    def panorama(self, psi: Tensor) -> tuple[Tensor, Tensor]:
        """All that psi [1, M, D] holds: the panorama [3, V, W] in [-1, 1], and how well each column is known, [W], 0 to 1."""
        views, known = self.recall(psi, torch.arange(0, self._network.config.columns, VIEW))
        return views.movedim(0, 2).flatten(2), known.flatten()

    def recall(self, psi: Tensor, columns: Tensor) -> tuple[Tensor, Tensor]:
        """The views at columns [n], as psi [1, M, D] remembers them: filmed from it alone, with no section before.

        Returns:
            [n, 3, V, V] their means over K noises, and how well each of their columns is known, [n, V], 0 to 1: where all noises
            lead to the same view.
        """
        made, config = self._film(psi, columns), self._network.config
        known = ((config.invented - deviations(made)) / (config.invented - config.known)).clamp(0, 1)
        return made.mean(dim=0).clamp(-1, 1), known.repeat_interleave(PATCH, dim=1)

    def ring_deviations(self, psi: Tensor) -> Tensor:
        """How far views of the whole ring deviate between noises, [W / PATCH], for psi [1, M, D]; see `NetworkConfig.known`."""
        return deviations(self._film(psi, torch.arange(0, self._network.config.columns, VIEW))).flatten()

    @torch.no_grad()
    def _film(self, psi: Tensor, columns: Tensor) -> Tensor:
        """The views at columns [n] from each noise, [K, n, 3, V, V]."""
        count = len(columns)
        at = columns.float()[:, None].expand(-1, FRAMES).repeat(NOISES, 1)                          # [K n, T]
        places = self._network.places(at, torch.zeros_like(at))
        memory = self._network.read(psi.expand(len(at), -1, -1), places)
        generator = torch.Generator().manual_seed(SEED)
        noise = torch.randn(NOISES, FRAMES, CHANNELS, VIEW, VIEW, generator=generator).repeat_interleave(count, dim=0)
        return self._network.film(noise, places, None, memory, STEPS)[:, 0].unflatten(0, (NOISES, count))


def deviations(made: Tensor) -> Tensor:
    """Of views from several noises [K, n, 3, V, V], the mean standard deviation in each column of patches, [n, SIDE]."""
    return made.std(dim=0).unflatten(3, (SIDE, PATCH)).mean(dim=(1, 2, 4))


def enlarge(picture: Tensor, times: int) -> Tensor:
    """A picture [C, h, w] with each pixel as a square of `times` x `times`."""
    return picture.repeat_interleave(times, dim=1).repeat_interleave(times, dim=2)
