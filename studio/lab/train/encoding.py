"""Training films encoded for the embedded model: their latents, and the truth that the network is to predict for each section.

Letters: C channels of the scene that the network sees, D drawn channels, S side of the image encoder's picture, T frames,
n sections of a film, W the window (9 latent frames), H and W height and width in pixels, h and w in latents.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.animatic.autoencoder import GROUP, LappedAutoencoder
from studio.backbones.animatic.composition import inside_weight, sample, source_coordinates
from studio.backbones.animatic.heads import DRAWN_CHANNELS, wind_flow
from studio.backbones.animatic.network_channels import VISIBLE_CHANNELS
from studio.backbones.animatic.state import FilmState, join_latents
from studio.lab.train.footage import Footage
from studio.lab.world import CELL, FRAMES, Film, Section, film

WINDOW = FRAMES // GROUP


@dataclass(frozen=True)
class Truth:
    """What the network is to predict for a section: values at the last frame of each latent, counted from the section's base frame.

    The base frame is the last frame before the section. Cached films are keyed by the names of these fields.
    """

    scene: Tensor        # [D, W, h, w]
    base: Tensor         # [D, W, h, w] the scene as composed from the base frame alone
    known: Tensor        # [W, h, w] how much of each cell was in the base frame
    way: Tensor          # [W, 3] cells to the right and down, log of the magnification
    flow: Tensor         # [W, 2, h, w] cells; without what the way and the wind's sway move
    light: Tensor        # [W, 3, h, w]
    weather: Tensor      # [W, 3]
    says: Tensor         # [2] 1 if the caption asks for a change of light, of weather; 0 if not; -1 if that is unknown
    trusted: Tensor      # [] 1; 0 if way, flow and light could not be registered (in footage), so that only the scene counts


@dataclass(frozen=True)
class EncodedFilm:
    """A film as latents, with its truths. C + 10 channels: the scene's and the state's."""

    latents: Tensor                    # [C + 10, 1 + 9 n, h, w] float16
    stills: Tensor                     # [C + 10, n, h, w] float16: each section's base frame as a film's first frame
    pictures: Tensor                   # [n, 3, S, S] float16: the same frames for the image encoder
    truths: tuple[Truth, ...]
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class TrainingFilm:
    """A film, and what is known of it."""

    film: Film
    trusted: tuple[bool, ...]      # whether each section's truth can be trusted
    lit: bool = False              # the light is in the pictures, and the film's `light` counts from each section's base frame


FilmSource = Callable[[int, int, int, bool], TrainingFilm]
"""From a film's number, its width and height in pixels, and whether only the camera moves, to the film."""


def procedural_films(seed: int, sections: int, device: str = "cpu") -> FilmSource:
    """Films of the procedural world, of so many sections each, rendered on a device."""

    def make(number: int, width: int, height: int, calm: bool) -> TrainingFilm:
        true = film(seed * 100_000_000 + number, width, height, sections, device=device, calm=calm)
        return TrainingFilm(true, (True,) * sections)

    return make


def footage_films(folder: Path, index: Path, seed: int, sections: int) -> FilmSource:
    """Films of a folder of videos with captions. Raises FootageError: there is nothing to train on."""
    footage = Footage(folder, index, seed, sections)

    def make(number: int, width: int, height: int, calm: bool) -> TrainingFilm:
        clip = footage.film(number, width, height)
        return TrainingFilm(clip.film, clip.trusted, lit=True)

    return make


@torch.no_grad()
def encode_film(training_film: TrainingFilm, autoencoder: LappedAutoencoder, image_size: int) -> EncodedFilm:
    """A film's latents and truths, on the CPU; `image_size` is the side of the image encoder's picture in pixels."""
    true = training_film.film
    frames = true.scene.float() / 127.5 - 1                                             # [T, 3, H, W]
    before = frames[:-1:FRAMES]                                                         # [n, 3, H, W] base frames
    still = torch.cat([_encode(autoencoder, frame.expand(GROUP, -1, -1, -1)) for frame in before], dim=1)
    scene = torch.cat([still[:, :1], _encode(autoencoder, frames[1:])], dim=1)
    state = _state(true, training_film.lit)
    latents = join_latents(scene[None], state)[0]
    truths = tuple(_truth(training_film, frames, k, autoencoder) for k in range(len(true.sections)))
    size = (image_size, image_size)
    return EncodedFilm(
        latents=latents.half().cpu(),
        stills=join_latents(still[None], state[slice(0, -1, WINDOW)])[0].half().cpu(),
        pictures=F.interpolate(before, size, mode="bilinear", antialias=True, align_corners=False).half().cpu(),
        truths=truths,
        sections=true.sections,
    )


def _encode(autoencoder: LappedAutoencoder, frames: Tensor, channels: int = VISIBLE_CHANNELS) -> Tensor:
    """Latents [C, k, h, w] of frames [4 k, 3, H, W]."""
    groups = frames.unflatten(0, (-1, GROUP)).transpose(1, 2)
    return torch.cat([autoencoder.encode_group(part, channels) for part in groups.split(9)]).transpose(0, 1)


def _state(true: Film, lit: bool) -> FilmState:
    """The film's state at the end of each latent, [1, 1 + 9 n]."""
    ends = slice(0, None, GROUP)
    pose = torch.cat([(true.pose[ends, :2] - true.pose[0, :2]) / CELL, true.pose[ends, 2:]], dim=1)
    clock = torch.arange(0, len(true.pose), GROUP, device=pose.device).float()
    light = torch.zeros_like(true.light[ends]) if lit else true.light[ends]
    return FilmState(pose[None], light[None].float(), true.weather[ends][None].float(), clock[None])


def _truth(training_film: TrainingFilm, frames: Tensor, k: int, autoencoder: LappedAutoencoder) -> Truth:
    """The truth of section k of a film whose frames are [T, 3, H, W] in [-1, 1]."""
    true, lit = training_film.film, training_film.lit
    first = k * FRAMES
    here, ends = slice(first + 1, first + FRAMES + 1), slice(first + GROUP, first + FRAMES + 1, GROUP)
    height, width = frames.shape[-2:]
    displacement = F.interpolate(true.flow[here].float(), (height, width), mode="bilinear", align_corners=False)
    rest = torch.zeros(1, FRAMES, 3, device=frames.device)
    at = source_coordinates(rest, rest[:, 0], height, width) + displacement.movedim(1, -1)[None]
    composed = sample(frames[first][None], at)[0].movedim(1, 0)                           # [36, 3, H, W]
    known = F.avg_pool2d(inside_weight(at, frames)[0, 0], CELL).unflatten(0, (-1, GROUP)).mean(1)
    way = true.pose[ends] - true.pose[first]
    way = torch.cat([way[:, :2] * true.pose[first, 2].exp() / CELL, way[:, 2:]], dim=1).float()
    shown = frames[here]
    if lit:
        gain = F.interpolate(true.light[here].float(), (height, width), mode="bilinear", align_corners=False).exp()
        shown = (shown + 1) / gain - 1
    section = true.sections[k]
    flow = (true.flow[ends].float() - _affine(way, height, width)) / CELL
    if section.weather == "wind":
        flow = flow - wind_flow(torch.ones(1, device=flow.device), FRAMES, *flow.shape[-2:])[0, GROUP - 1 :: GROUP]
    changes = [section.light not in ("", "flicker"), section.weather not in ("", "wind")]
    return Truth(
        scene=_encode(autoencoder, shown, DRAWN_CHANNELS).half().cpu(),
        base=_encode(autoencoder, composed, DRAWN_CHANNELS).half().cpu(),
        known=known.half().cpu(),
        way=way.cpu(),
        flow=flow.half().cpu(),
        light=true.light[ends].half().cpu(),
        weather=true.weather[ends].float().cpu(),
        says=torch.full((2,), -1.0) if lit else torch.tensor(changes).float(),
        trusted=torch.tensor(float(training_film.trusted[k])),
    )


def _affine(way: Tensor, height: int, width: int) -> Tensor:
    """By how many pixels a way [W, 3] moves the picture at the cells' middles, [W, 2, h, w]."""
    h, w = height // CELL, width // CELL
    ys, xs = (((torch.arange(n, device=way.device) + 0.5) - n / 2) * CELL for n in (h, w))
    ys, xs = torch.meshgrid(ys, xs, indexing="ij")
    shrink = torch.expm1(-way[:, 2])[:, None, None, None]
    return shrink * torch.stack([xs, ys])[None] + CELL * way[:, :2, None, None]
