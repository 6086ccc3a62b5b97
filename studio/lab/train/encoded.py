"""Films as latents, and as what the network is to say about them. It knows no network and no batches.

Letters: C channels of the scene that the network sees, D drawn ones, n sections of a film, h and w latent height and width,
W the window (9).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.animatic.autoencoder import GROUP, LappedAutoencoder
from studio.backbones.animatic.backbone import VISIBLE_CHANNELS
from studio.backbones.animatic.composition import inside_weight, sample, source_coordinates
from studio.backbones.animatic.heads import DRAWN_CHANNELS, wind_flow
from studio.backbones.animatic.state import FilmState, join_latents
from studio.lab.train.footage import Footage
from studio.lab.world import CELL, FRAMES, Film, Section, film

WINDOW = FRAMES // GROUP


@dataclass(frozen=True)
class Truth:
    """What the network should say, at the last frame of each latent, counted from the section's base frame."""

    scene: Tensor        # [D, W, h, w]
    base: Tensor         # [D, W, h, w] what is composed from the base frame
    known: Tensor        # [W, h, w] how much of each cell was in the base frame
    way: Tensor          # [W, 3] cells to the right and down, log of the magnification
    flow: Tensor         # [W, 2, h, w] cells, beside the way and the wind's sway
    light: Tensor        # [W, 3, h, w]
    weather: Tensor      # [W, 3]
    says: Tensor         # [2] whether light and weather are asked for at all; -1: nobody knows
    trusted: Tensor      # [] 0: way, flow and light were not found (in footage), only the scene counts


@dataclass(frozen=True)
class Encoded:
    """A film as latents."""

    latents: Tensor                    # [C + 10, 1 + 9 n, h, w] float16
    stills: Tensor                     # [C + 10, n, h, w] float16: each section's base frame as a film's first frame
    pictures: Tensor                   # [n, 3, S, S] float16: the same frames for the image encoder
    truths: tuple[Truth, ...]
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class Shot:
    """A film and what is known of it."""

    film: Film
    trusted: tuple[bool, ...]      # whether each section's truth can be trusted
    lit: bool = False              # the light is in the pictures, and the film's `light` counts from each section's base frame


Shoot = Callable[[int, int, int, bool], Shot]
"""Film number, width, height, calm -> the film."""


def procedural(seed: int, sections: int, device: str = "cpu") -> Shoot:
    """Films of the procedural world."""

    def made(number: int, width: int, height: int, calm: bool) -> Shot:
        return Shot(film(seed * 100_000_000 + number, width, height, sections, device=device, calm=calm), (True,) * sections)

    return made


def from_footage(folder: Path, index: Path, seed: int, sections: int) -> Shoot:
    """Films of a folder of videos with captions. Raises FootageError."""
    footage = Footage(folder, index, seed, sections)

    def made(number: int, width: int, height: int, calm: bool) -> Shot:
        clip = footage.film(number, width, height)
        return Shot(clip.film, clip.trusted, lit=True)

    return made


@torch.no_grad()
def encoded(shot: Shot, autoencoder: LappedAutoencoder, image_size: int) -> Encoded:
    """A film's latents and truths."""
    made = shot.film
    frames = made.scene.float() / 127.5 - 1                                             # [T, 3, H, W]
    before = frames[:-1:FRAMES]                                                          # [n, 3, H, W] base frames
    still = torch.cat([_encode(autoencoder, frame.expand(GROUP, -1, -1, -1)) for frame in before], dim=1)
    scene = torch.cat([still[:, :1], _encode(autoencoder, frames[1:])], dim=1)
    state = _state(made, shot.lit)
    latents = join_latents(scene[None], state)[0]
    truths = tuple(_truth(shot, frames, k, autoencoder) for k in range(len(made.sections)))
    size = (image_size, image_size)
    return Encoded(
        latents=latents.half().cpu(),
        stills=join_latents(still[None], state[slice(0, -1, WINDOW)])[0].half().cpu(),
        pictures=F.interpolate(before, size, mode="bilinear", antialias=True, align_corners=False).half().cpu(),
        truths=truths,
        sections=made.sections,
    )


def _encode(autoencoder: LappedAutoencoder, frames: Tensor, channels: int = VISIBLE_CHANNELS) -> Tensor:
    """Latents [C, k, h, w] of frames [4 k, 3, H, W]."""
    groups = frames.unflatten(0, (-1, GROUP)).transpose(1, 2)
    return torch.cat([autoencoder.encode_group(part, channels) for part in groups.split(9)]).transpose(0, 1)


def _state(made: Film, lit: bool) -> FilmState:
    """The film's state at the end of each latent, [1, 1 + 9 n]."""
    ends = slice(0, None, GROUP)
    pose = torch.cat([(made.pose[ends, :2] - made.pose[0, :2]) / CELL, made.pose[ends, 2:]], dim=1)
    clock = torch.arange(0, len(made.pose), GROUP, device=pose.device).float()
    light = torch.zeros_like(made.light[ends]) if lit else made.light[ends]
    return FilmState(pose[None], light[None].float(), made.weather[ends][None].float(), clock[None])


def _truth(shot: Shot, frames: Tensor, k: int, autoencoder: LappedAutoencoder) -> Truth:
    """The truth of section k of a film whose frames are [T, 3, H, W] in [-1, 1]."""
    made = shot.film
    first = k * FRAMES
    here, ends = slice(first + 1, first + FRAMES + 1), slice(first + GROUP, first + FRAMES + 1, GROUP)
    height, width = frames.shape[-2:]
    beside = F.interpolate(made.flow[here].float(), (height, width), mode="bilinear", align_corners=False)
    rest = torch.zeros(1, FRAMES, 3, device=frames.device)
    at = source_coordinates(rest, rest[:, 0], height, width) + beside.movedim(1, -1)[None]
    composed = sample(frames[first][None], at)[0].movedim(1, 0)                           # [36, 3, H, W]
    known = F.avg_pool2d(inside_weight(at, frames)[0, 0], CELL).unflatten(0, (-1, GROUP)).mean(1)
    way = made.pose[ends] - made.pose[first]
    way = torch.cat([way[:, :2] * made.pose[first, 2].exp() / CELL, way[:, 2:]], dim=1).float()
    shown = frames[here]
    if shot.lit:
        gain = F.interpolate(made.light[here].float(), (height, width), mode="bilinear", align_corners=False).exp()
        shown = (shown + 1) / gain - 1
    section = made.sections[k]
    flow = (made.flow[ends].float() - _affine(way, height, width)) / CELL
    if section.weather == "wind":
        flow = flow - wind_flow(torch.ones(1, device=flow.device), FRAMES, *flow.shape[-2:])[0, GROUP - 1 :: GROUP]
    asked = [section.light not in ("", "flicker"), section.weather not in ("", "wind")]
    return Truth(
        scene=_encode(autoencoder, shown, DRAWN_CHANNELS).half().cpu(),
        base=_encode(autoencoder, composed, DRAWN_CHANNELS).half().cpu(),
        known=known.half().cpu(),
        way=way.cpu(),
        flow=flow.half().cpu(),
        light=made.light[ends].half().cpu(),
        weather=made.weather[ends].float().cpu(),
        says=torch.full((2,), -1.0) if shot.lit else torch.tensor(asked).float(),
        trusted=torch.tensor(float(shot.trusted[k])),
    )


def _affine(way: Tensor, height: int, width: int) -> Tensor:
    """The way's displacement at cells' middles in pixels, [W, 2, h, w]."""
    h, w = height // CELL, width // CELL
    ys, xs = (((torch.arange(n, device=way.device) + 0.5) - n / 2) * CELL for n in (h, w))
    ys, xs = torch.meshgrid(ys, xs, indexing="ij")
    shrink = torch.expm1(-way[:, 2])[:, None, None, None]
    return shrink * torch.stack([xs, ys])[None] + CELL * way[:, :2, None, None]
