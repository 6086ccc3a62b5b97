"""Film models of known memory, of the real parts where memory plays no part: one keeps the first section, one keeps nothing."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from studio.backbones.animatic.autoencoder import GROUP, VALUES, LappedAutoencoder
from studio.backbones.animatic.codec import AnimaticCodec
from studio.backbones.animatic.film_size import PATCH
from studio.backbones.animatic.state import STATE_CHANNELS as STATE
from studio.backbones.animatic.weather import WeatherSynthesis
from studio.backbones.film_model import FilmModel
from studio.catalogue.cards import ModelCard
from studio.diffusion.backbone import Conditioning
from tests.bases import cosines

WIDTH, HEIGHT = 160, 64
SECTION = 12
CHANNELS = 16 * 3 * GROUP


class Keeper:
    """A memory whose psi is the first section, whole."""

    def begin(self, conditioning: Conditioning) -> Tensor:
        return torch.zeros(1, 1, 1)

    def update(self, psi: Tensor, latents: Tensor) -> Tensor:
        return latents.reshape(1, 1, -1) if psi.shape[2] == 1 else psi


class Replay(nn.Module):
    """A backbone whose section is what psi holds; without psi, or if it does not listen, the newest latent again and again."""

    channels, patch_size, dtype = CHANNELS + STATE, 1, torch.float32

    def __init__(self, listens: bool) -> None:
        super().__init__()
        self.listens = listens
        self.weight = nn.Parameter(torch.zeros(1))

    @property
    def device(self) -> torch.device:
        return self.weight.device

    def prepare(self, *_: Any) -> None:
        """Nothing has to be: it is small."""

    def forward(self, x: Tensor, t: Tensor, packed: Any, conditioning: Any, guidance: Tensor, psi: Tensor | None) -> Tensor:
        still = packed.clean[:, :, -1:].expand_as(x)
        clean = psi.view_as(x) if psi is not None and psi.shape[2] == x.numel() and self.listens else still
        return (x - clean) / (t / 1000)


@cache
def autoencoder() -> LappedAutoencoder:
    """The 4 x 4 coarsest cosines of each colour in each frame: a fast pan is not smeared. Shared: do not change it."""
    waves = cosines(PATCH)[:4]
    planes = torch.einsum("iy,jx->ijyx", waves, waves).flatten(0, 1)
    basis = torch.einsum("kyx,cd,te->kctdeyx", planes, torch.eye(3), torch.eye(GROUP)).reshape(CHANNELS, VALUES)
    made = LappedAutoencoder(CHANNELS)
    made.set_basis(basis, torch.ones(CHANNELS), torch.zeros(VALUES))
    return made.eval().requires_grad_(False)


def model(name: str, listens: bool, remembers: bool = True) -> FilmModel:
    """Sections of 12 frames, so that 76 recent frames are more than six sections."""
    card = ModelCard(
        folder=Path(), name=name, title=name, summary="", licence="", fps=12, window=3, section_frames=SECTION,
        sizes=((WIDTH, HEIGHT),), steps=2, guidance=1.0, shift=3.0, kind="animatic", prompt_tokens=8)

    def conditioner(prompt: str, picture: Tensor) -> Conditioning:
        return Conditioning(torch.zeros(1, 1, 1), torch.ones(1, 1), torch.zeros(1, 1), picture.mean((2, 3))[:, None])

    memory: Any = Keeper() if remembers else None
    backbone: Any = Replay(listens)
    codec = AnimaticCodec(autoencoder(), WeatherSynthesis().eval().requires_grad_(False))
    return FilmModel(card, backbone, codec, conditioner, torch.device("cpu"), name, memory)
