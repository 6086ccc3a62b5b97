"""A toy film model: three channels of averaged colour, a camera that pans one cell a latent, no text and no memory."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.backbones.family import LoadRequest
from studio.backbones.film_model import FilmModel
from studio.diffusion.backbone import Conditioning
from studio.memory.framepack import PackedContext

CELL, FRAMES = 8, 4


class Pan(nn.Module):
    """The velocity that leads to the newest latent, moved to the left by one cell more for each latent of the section."""

    device, dtype, patch_size, channels = torch.device("cpu"), torch.float32, 1, 3

    def prepare(
        self, timesteps: Tensor, conditioning: Conditioning, guidance: Tensor | None, should_stop: Callable[[], bool]
    ) -> None:
        """Nothing has to be prepared."""

    def forward(
        self, x: Tensor, timestep: Tensor, packed: PackedContext, conditioning: Conditioning, guidance: Tensor | None = None,
        psi: Tensor | None = None,
    ) -> Tensor:
        newest = packed.clean[:, :, -1]
        clean = torch.stack([newest.roll(-step, dims=-1) for step in range(1, x.shape[2] + 1)], dim=2)
        return (x - clean) / (timestep / 1000).view(-1, 1, 1, 1, 1)


class Cells:
    """Pictures as the mean colours of their cells."""

    pixels_per_latent = CELL
    piece: int | None = None

    def latent_size(self, width: int, height: int) -> tuple[int, int]:
        """Height and width of the latents of frames of width x height pixels."""
        return height // self.pixels_per_latent, width // self.pixels_per_latent

    def encode(self, picture: Tensor) -> Tensor:
        return F.avg_pool2d(picture, CELL).unsqueeze(2)

    def stream(self, recent: Tensor, sections: int, psi: Tensor | None = None) -> Cells:
        return self

    def push(self, latents: Tensor) -> Tensor:
        return F.interpolate(latents, scale_factor=(FRAMES, CELL, CELL))

    def preview(self, latents: Tensor) -> Tensor:
        return latents[0].movedim(0, 1).clamp(-1, 1)


def read(prompt: str, picture: Tensor) -> Conditioning:
    return Conditioning(torch.zeros(1, 1, 1), torch.ones(1, 1), torch.zeros(1, 1), torch.zeros(1, 0, 1))


def load(request: LoadRequest) -> FilmModel:
    return FilmModel(request.card, Pan(), Cells(), read, torch.device("cpu"), "toy:1")
