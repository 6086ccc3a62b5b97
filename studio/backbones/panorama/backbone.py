"""The velocity of panorama sections: the network films the views, and where they are is known.

The camera's move comes from the prompt (`conditioner`), so columns and moves of a section are known before it is made: the newest
column plus the moves, modulo the world's columns.
The network is given the newest section and what the memory answers to the places in flight.
Letters: B films, T = 2 views of a section, V = VIEW, L text tokens, F frames of film for each view, H and W their pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from studio.backbones.panorama.codec import shown_columns
from studio.backbones.panorama.conditioner import FASTEST
from studio.backbones.panorama.film_memory import PanoramaMemory
from studio.backbones.panorama.folder import PIXELS_PER_LATENT
from studio.backbones.panorama.latents import LATENT_CHANNELS, Views, to_latents, to_views
from studio.backbones.panorama.network import PanoramaNetwork
from studio.backbones.panorama.places import CHANNELS, VIEW
from studio.diffusion.backbone import Conditioning
from studio.memory.framepack import PackedContext


@dataclass(frozen=True)
class _Made:
    """What the newest section was made from."""

    before: Views
    views: Views            # of the section; their frames do not matter
    psi: Tensor


class PanoramaBackbone(nn.Module):
    """A `Backbone` of views. The memory is asked in every step anew, which costs next to nothing."""

    device, dtype, patch_size, channels = torch.device("cpu"), torch.float32, 1, LATENT_CHANNELS

    def __init__(self, network: PanoramaNetwork, frames: int) -> None:
        """Film with `network`; `frames`: of film for each latent."""
        super().__init__()
        self.network, self._frames = network, frames
        self._made: _Made | None = None

    def prepare(
        self, timesteps: Tensor, conditioning: Conditioning, guidance: Tensor | None, should_stop: Callable[[], bool]
    ) -> None:
        """Nothing has to be prepared."""

    def forward(
        self, x: Tensor, timestep: Tensor, packed: PackedContext, conditioning: Conditioning, guidance: Tensor | None = None,
        psi: Tensor | None = None,
    ) -> Tensor:
        """The velocity (x_t - x) / sigma of x_t [B, 5, T, V, V], with the network's clean views and exact columns and moves.

        Without psi the section is filmed without a memory.
        """
        sigma, newest = timestep.float() / 1000, newest_section(packed)
        moves = self._moves(conditioning, x.shape[2])
        columns = (newest.columns[:, -1:] + moves.cumsum(dim=1)) % self.network.config.columns
        places = self.network.places(columns, moves)
        memory = None if psi is None else self.network.read(psi, places)
        noisy = x[:, :CHANNELS].transpose(1, 2)
        frames = self.network.clean(noisy, 1 - sigma, places, self.network.newest(newest), memory)
        views = Views(frames, columns, moves)
        self._made = None if psi is None else _Made(newest, views, psi)
        return (x - to_latents(views)) / sigma.view(-1, 1, 1, 1, 1)

    def round_latents(self, latents: Tensor, psi: Tensor | None) -> Tensor:
        """Columns and moves as the whole numbers that Euler steps reach but for rounding; views in float16's digits."""
        views = to_views(latents)
        return to_latents(Views(views.frames.half().float(), views.columns % self.network.config.columns, views.moves))

    def recalled_pixels(self) -> Tensor | None:
        """[F T, H, W] bool: the pixels of the newest section at places that psi knew, and that the section before does not show.

        Of the snapshot's frames the network is given those of the newest section alone.
        """
        if self._made is None:
            return None
        made, world = self._made, self.network.config.columns
        known = PanoramaMemory(self.network).panorama(made.psi)[1] > 0.5
        known[((made.before.columns[0, :, None] + torch.arange(VIEW)).flatten() % world).long()] = False
        recalled = known[shown_columns(made.views, self._frames, world)]
        return recalled[:, None].expand(-1, VIEW * PIXELS_PER_LATENT, -1)

    def _moves(self, conditioning: Conditioning, frames: int) -> Tensor:
        """[B, T] columns that the prompt moves the camera before each frame: what the network knows and is nearest to it.

        Where a segment takes over from another one, the embeddings of both prompts are mixed, and so the camera eases.
        """
        grid = self.network.config.grid
        moves = (conditioning.text[:, :1, 0].float() / grid).round() * grid
        return moves.clamp(-FASTEST, FASTEST).expand(-1, frames)


def newest_section(packed: PackedContext) -> Views:
    """The last two views of the film so far; of a film that has only its start, that view twice, held still."""
    recent = torch.cat([packed.history_2x[:, :, -1:], packed.clean[:, :, -1:]], dim=2)
    if not recent[:, :, 0].any():           # the history of a film without sections is zero before its start
        recent = packed.clean[:, :, -1:].expand(-1, -1, 2, -1, -1).clone()
        recent[:, CHANNELS + 1] = 0
    return to_views(recent)
