"""The velocity of panorama sections: the network films the views, and where they are is known.

The camera's move comes from the prompt (`conditioner`), so columns and moves of a section are known before it is made: the newest
column plus the moves, modulo W. The network is given the newest section and what the memory answers to the places in flight.
Letters: B films, T = 2 frames of a section, V = VIEW, W columns of the panorama, L text tokens.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from studio.backbones.panorama.conditioner import FASTEST
from studio.backbones.panorama.latents import LATENT_CHANNELS, Views, to_latents, to_views
from studio.backbones.panorama.network import PanoramaNetwork
from studio.backbones.panorama.places import CHANNELS
from studio.diffusion.backbone import Conditioning
from studio.memory.framepack import PackedContext


class PanoramaBackbone(nn.Module):
    """A `Backbone` of views. It keeps nothing between calls: the memory is asked in every step, which costs next to nothing."""

    device, dtype, patch_size, channels = torch.device("cpu"), torch.float32, 1, LATENT_CHANNELS

    def __init__(self, network: PanoramaNetwork) -> None:
        """Film with `network`."""
        super().__init__()
        self.network = network

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
        return (x - to_latents(Views(frames, columns, moves))) / sigma.view(-1, 1, 1, 1, 1)

    def round_latents(self, latents: Tensor, psi: Tensor | None) -> Tensor:
        """Columns and moves as the whole numbers that Euler steps reach but for rounding; views in float16's digits."""
        views = to_views(latents)
        return to_latents(Views(views.frames.half().float(), views.columns % self.network.config.columns, views.moves))

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
