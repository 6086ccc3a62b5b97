"""Films of a model as the engine makes them, and the pictures they begin with: photographs and scenes that no training uses.

Letters: T frames, H and W height and width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from studio.backbones.film_model import FilmModel
from studio.diffusion import flow
from studio.diffusion.backbone import SceneConditioning, ScenePicture
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
            canvas = (self.canvas(width, height) * 255 + 0.5).byte()
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
        return self.canvas(width, height)[:, edge : edge + height, edge : edge + width]

    def canvas(self, width: int, height: int) -> Tensor:
        """Returns a photograph with AROUND of its frame's width beyond each edge of the first frame, [3, Hc, Wc] in [0, 1]."""
        edge = round(AROUND * width)
        return photograph(self.name, width + 2 * edge, height + 2 * edge)


def scenes(count: int, first: int = 0) -> list[Subject]:
    """Returns `count` held-out scenes, from number `first` on."""
    return [Subject(f"scene {n}", HELD_OUT + n, photograph=False) for n in range(first, first + count)]


def photographs(names: Sequence[str]) -> list[Subject]:
    """Returns the photographs of these names as subjects."""
    return [Subject(name, HELD_OUT + n, photograph=True) for n, name in enumerate(names)]


@dataclass(frozen=True)
class Stretch:
    """A section of a film as it was made: its frames, and the snapshot after it."""

    frames: Tensor         # [n, 3, H, W] in [0, 1], on the CPU
    snapshot: Snapshot


def film(
    model: FilmModel, picture: Tensor, prompts: Sequence[str], seed: int, scene: ScenePicture | None = None,
    look: Callable[[Tensor], Tensor] = lambda frames: frames,
) -> Tensor:
    """Returns a film [1 + n per section, 3, H, W] in [0, 1] of one section per prompt, on the CPU. Frame 0 is the picture itself.

    Args:
        model: films it.
        picture: the first frame, [3, H, W] in [0, 1].
        prompts: of the sections.
        seed: of the film.
        scene: the whole picture around the first frame, for large films. None: a small film.
        look: what is returned of frames [n, 3, H, W] of one latent or more, such as frames that are smaller or fewer.

    Raises:
        ValueError: the picture's size is no multiple of the codec's spatial factor.
    """
    parts = [look_at_first(picture, look)]
    return torch.cat([*parts, *(part.frames for part in film_sections(model, picture, prompts, seed, scene, look))])


def look_at_first(picture: Tensor, look: Callable[[Tensor], Tensor]) -> Tensor:
    """Returns what `look` returns of the film's first frame [3, H, W], even if it leaves frames out."""
    return look(picture[None].float().expand(2, -1, -1, -1))[-1:]


@torch.no_grad()
def film_sections(
    model: FilmModel, picture: Tensor, prompts: Sequence[str], seed: int, scene: ScenePicture | None = None,
    look: Callable[[Tensor], Tensor] = lambda frames: frames,
) -> Iterator[Stretch]:
    """Films one section after the other, see `film`. Yields each when it is made, without the film's first frame."""
    height, width = picture.shape[1:]
    if width % model.codec.pixels_per_latent or height % model.codec.pixels_per_latent:
        raise ValueError(f"The film's size must be a multiple of {model.codec.pixels_per_latent} pixels, not {width} x {height}.")
    start = (picture[None] * 2 - 1).to(model.device)
    sampling = Sampling(model.card.steps, model.card.guidance, model.card.window, model.card.shift)
    snapshot, stream = Snapshot.initial(model.codec.encode(start), model.snapshot_name((width, height))), None
    shape = (1, snapshot.start.shape[1], model.card.window, *snapshot.start.shape[-2:])
    for index, prompt in enumerate(prompts):
        noise = flow.noise(shape, flow.section_seed(seed, index))
        conditioning = model.conditioner(prompt, start)
        if scene is not None:
            conditioning = SceneConditioning(
                conditioning.text, conditioning.mask, conditioning.pooled, conditioning.image, scene)
        for event in denoise_section(
            model.backbone, snapshot, conditioning, noise, sampling, memory=model.memory, rope=model.rope
        ):
            if isinstance(event, SectionResult):
                if stream is None:
                    stream = model.codec.stream(snapshot.recent, 0, event.snapshot.psi)
                snapshot = event.snapshot
                # One latent after the other, as the engine does: a section of large frames in floating point fills the memory.
                pieces = event.latents.split(stream.piece or model.card.window, dim=2)
                parts = [look((stream.push(piece)[0].movedim(0, 1).float().cpu().clamp(-1, 1) + 1) / 2) for piece in pieces]
                yield Stretch(torch.cat(parts), snapshot)
