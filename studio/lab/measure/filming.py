"""Films of a model as the engine makes them, and the pictures they begin with: photographs and scenes that no training uses.

Letters: T frames, H and W height and width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from studio.backbones.film_model import FilmModel
from studio.diffusion import flow
from studio.diffusion.section import Sampling, SectionResult, denoise_section
from studio.lab.photographs import photograph
from studio.memory.snapshot import Snapshot

if TYPE_CHECKING:
    from studio.lab.world import Film, Section

HELD_OUT = 900_000_000
"""Scenes from this number on are used for measuring only."""
AROUND = 0.5
"""Share of the frame's width that a photograph has beyond each edge of the first frame, before it is continued mirrored."""


@dataclass(frozen=True)
class Subject:
    """What a film begins with: a photograph by its name, or a held-out scene by its number."""

    name: str
    seed: int
    photograph: bool

    def film(self, script: Sequence[Section], width: int, height: int) -> Film:
        """Returns the true film of a script that begins with this picture."""
        from studio.lab.world import shoot

        canvas = None
        if self.photograph:
            canvas = (self._canvas(width, height) * 255 + 0.5).byte()
        return shoot(script, width, height, self.seed, picture=canvas)

    def truth(self, script: Sequence[Section], width: int, height: int) -> Tensor:
        """Returns the frames of the true film, [T, 3, H, W] in [0, 1]."""
        return self.film(script, width, height).frames().float() / 255

    def picture(self, width: int, height: int) -> Tensor:
        """Returns the first frame, [3, H, W] in [0, 1]."""
        if not self.photograph:
            from studio.lab.world import Section

            return self.truth([Section()], width, height)[0]
        edge = round(AROUND * width)
        return self._canvas(width, height)[:, edge : edge + height, edge : edge + width]

    def _canvas(self, width: int, height: int) -> Tensor:
        edge = round(AROUND * width)
        return photograph(self.name, width + 2 * edge, height + 2 * edge)


def scenes(count: int, first: int = 0) -> list[Subject]:
    """Returns `count` held-out scenes, from number `first` on."""
    return [Subject(f"scene {n}", HELD_OUT + n, photograph=False) for n in range(first, first + count)]


def photographs(names: Sequence[str]) -> list[Subject]:
    """Returns the photographs of these names as subjects."""
    return [Subject(name, HELD_OUT + n, photograph=True) for n, name in enumerate(names)]


@torch.no_grad()
def film(model: FilmModel, picture: Tensor, prompts: Sequence[str], seed: int) -> Tensor:
    """Returns a film [1 + 36 n, 3, H, W] in [0, 1] of one section per prompt, on the CPU. Frame 0 is the picture [3, H, W] itself.

    Raises:
        ValueError: the picture's size is no multiple of the codec's spatial factor.
    """
    height, width = picture.shape[1:]
    if width % model.codec.pixels_per_latent or height % model.codec.pixels_per_latent:
        raise ValueError(f"The film's size must be a multiple of {model.codec.pixels_per_latent} pixels, not {width} x {height}.")
    start = (picture[None] * 2 - 1).to(model.device)
    sampling = Sampling(model.card.steps, model.card.guidance, model.card.window, model.card.shift)
    snapshot = Snapshot.initial(model.codec.encode(start), model.fingerprint)
    stream = model.codec.stream(snapshot.recent, 0)
    shape = (1, snapshot.start.shape[1], model.card.window, *snapshot.start.shape[-2:])
    parts = [picture[None].float()]
    for index, prompt in enumerate(prompts):
        noise = flow.noise(shape, flow.section_seed(seed, index))
        conditioning = model.conditioner(prompt, start)
        for event in denoise_section(
            model.backbone, snapshot, conditioning, noise, sampling, memory=model.memory, rope=model.rope
        ):
            if isinstance(event, SectionResult):
                snapshot = event.snapshot
                parts.append((stream.push(event.latents)[0].movedim(0, 1).float().cpu().clamp(-1, 1) + 1) / 2)
    return torch.cat(parts)
