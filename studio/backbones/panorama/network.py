"""The network of a panorama model: the denoiser and its learned memory, as they film one section after the other.

    tokens that section n reads = memory.read(psi_n, its places),    psi_{n+1} = memory.update(psi_n, section n)

The lab trains both together with gradients through all updates (`studio.lab.panorama`).
Letters: B films, T frames of a section, V = VIEW, H heads of the memory, k x v the size of a head's matrix.
"""

from __future__ import annotations

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from studio.backbones.panorama.denoiser import Context, Denoiser, DenoiserConfig
from studio.backbones.panorama.latents import Views
from studio.backbones.panorama.places import Places, locate, place_features, to_frames, to_tokens
from studio.language import sentence
from studio.memory.delta_rule import DeltaRule
from studio.memory.learned import Question, SectionTokens, Start
from studio.tables import table

Count = Annotated[int, Field(ge=1, description=sentence("a whole number from 1 on"))]


@table
class NetworkConfig:
    """The architecture, and the world that the network was trained in."""

    columns: Count          # W of the panorama
    grid: Count             # the camera's moves are multiples of so many columns
    width: Count
    heads: Count
    layers: Count
    hidden: Count
    harmonics: Count
    memory_heads: Count     # H
    memory_key: Count       # k
    memory_value: Count     # v
    memory_hidden: Count
    known: float            # deviation of pixels between noises, up to which the memory knows a place, measured when it was trained
    invented: float         # the same, from which on the network invents it; larger
    memory_leaves_place: bool = False       # whether the memory keeps what was seen without its place


class PanoramaNetwork(nn.Module):
    """A denoiser and a memory by the delta rule, psi [B, H k, v]."""

    def __init__(self, config: NetworkConfig) -> None:
        """Random weights. Raises ValueError: the denoiser's heads cannot share its width."""
        super().__init__()
        c = self.config = config
        self.denoiser = Denoiser(DenoiserConfig(c.width, c.heads, c.layers, c.hidden, c.harmonics))
        start: Start = "exact copies" if c.memory_leaves_place else "random maps"
        self.memory = DeltaRule(
            c.width, c.memory_heads, c.memory_hidden, place_features(c.harmonics), c.memory_key, c.memory_value, start)

    def places(self, columns: Tensor, moves: Tensor) -> Places:
        """The places of a section's tokens, [B, 1, L, .], for columns and moves [B, T]."""
        return locate(columns[:, None], self.config.columns, self.config.harmonics, moves[:, None])

    def newest(self, views: Views) -> Context:
        """A finished section of two views, as the next one sees it."""
        return Context(self.denoiser.embed(to_tokens(views.frames[:, None]), self.places(views.columns, views.moves)))

    def read(self, psi: Tensor, places: Places) -> Context:
        """What psi answers to the places in flight."""
        question = Question(self.denoiser.place(places.features)[:, 0], places.known[:, 0])
        return Context(self.memory.read(psi, question)[:, None])

    def write(self, psi: Tensor, views: Views) -> Tensor:
        """psi_{n+1} from psi_n and a finished section of two views."""
        places, tokens = self.places(views.columns, views.moves), self.newest(views).tokens
        placed = self.denoiser.place(places.features)[:, 0]
        return self.memory.update(psi, SectionTokens(views.frames.transpose(1, 2), tokens[:, 0], placed, places.known[:, 0]))

    def clean(self, noisy: Tensor, time: Tensor, places: Places, newest: Context | None, memory: Context | None) -> Tensor:
        """The clean frames [B, T, 3, V, V] from x_t = t x + (1 - t) noise of the same shape, at times t [B]."""
        return to_frames(self.denoiser(to_tokens(noisy[:, None]), time[:, None], places, newest, memory))[:, 0]

    def film(self, noise: Tensor, places: Places, newest: Context | None, memory: Context | None, steps: int) -> Tensor:
        """Frames [B, T, 3, V, V] from noise of that shape, by Euler steps of equal length from t = 0 to 1."""
        x = noise
        for step in range(steps):
            clean = self.clean(x, torch.full((len(x),), step / steps), places, newest, memory)
            x = x + (clean - x) / (steps - step)
        return x
