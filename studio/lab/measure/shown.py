"""What one section of a film shows, by the film's own state: how the camera went, and the light and weather at the end.

Letters: W window (latents of a section), h and w latent height and width, H and W pixel height and width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from studio.backbones.animatic.heads import WIND_FULL
from studio.backbones.animatic.parts import animatic_parts
from studio.backbones.animatic.state import STATE_CHANNELS, FilmState, split_latents
from studio.backbones.animatic.words import Wish
from studio.backbones.film_model import FilmModel
from studio.diffusion import flow
from studio.diffusion.backbone import Conditioning
from studio.diffusion.section import Sampling, SectionResult, denoise_section
from studio.lab.world.camera import PACES, ZOOMS
from studio.lab.world.light import GAINS, target_gain
from studio.lab.world.section import CELL, FRAMES
from studio.memory.snapshot import Snapshot

STILL_PAN, STILL_ZOOM = 0.05, 0.01
"""Smaller motions count as none: cells, and log of the magnification."""
SOFT_START = 0.175
"""Share of the way after two of nine latents, below which a move starts softly: 0.22 without a soft start, 0.13 with one."""
WAVERING = 0.1
"""Log gain by which a light goes up and down that flickers."""


@dataclass(frozen=True)
class Shown:
    """What one section of a film shows, and its last frame."""

    wish: Wish                     # as a wish that would ask for it
    frame: Tensor                  # [3, H, W] in [0, 1]


@torch.no_grad()
def film_caption(model: FilmModel, picture: Tensor, caption: str, changed: bool = False) -> Shown:
    """What one section shows that is filmed with this caption, word for word, from a picture [3, H, W] in [0, 1].

    `changed`: the film begins at night and in snow, so that day and clear weather can be told from no change.
    """
    parts = animatic_parts(model)
    pixels = (picture[None] * 2 - 1).to(model.device)
    start = model.codec.encode(pixels)
    if changed:
        state = start[:, -STATE_CHANNELS:]
        state[:, 3:6] = target_gain("night", *start.shape[-2:])[None, :, None]
        state[:, 6] = 1.0
    snapshot = Snapshot.initial(start, model.fingerprint)
    text, mask, pooled = parts.conditioner.encode_prompts([caption])
    conditioning = Conditioning(text, mask, pooled, parts.conditioner.encode_pictures(pixels))
    sampling = Sampling(model.card.steps, model.card.guidance, model.card.window, model.card.shift)
    noise = flow.noise((1, start.shape[1], model.card.window, *start.shape[-2:]), 1)
    latents = noise
    # Without the memory: at a film's beginning it holds nothing.
    for event in denoise_section(model.backbone, snapshot, conditioning, noise, sampling, rope=model.rope):
        if isinstance(event, SectionResult):
            latents = event.latents
    frames = model.codec.stream(snapshot.recent, 0).push(latents)[0]
    wind = 0.0
    if (weights := parts.backbone.wind_weights) is not None:
        wind = float(pooled[0].float().cpu() @ weights[:-1].cpu() + weights[-1].cpu())
    before, after = split_latents(start.cpu())[1], split_latents(latents.cpu())[1]
    return Shown(shown_wish(before, after, wind), (frames[:, -1].float().cpu().clamp(-1, 1) + 1) / 2)


def shown_wish(before: FilmState, after: FilmState, wind: float) -> Wish:
    """What a section shows that went from a state [1, 1] to the states [1, W], in a wind of this strength."""
    way = after.pose[0] - before.pose[0]                                                                 # [W, 3]
    camera, speed, eased = _move(way)
    light = _light(before.light[0], after.light[0])
    return Wish(camera, speed, eased, light, _weather(before.weather[0, -1], after.weather[0, -1], wind))


def _move(way: Tensor) -> tuple[str, str, bool]:
    """Name, speed and soft start of a move, from the camera's way [W, 3]: cells right and down, log of the magnification."""
    end = way[-1]
    if float(end[:2].abs().max()) < STILL_PAN and abs(float(end[2])) < STILL_ZOOM:
        return ("shake" if float(way[:, :2].abs().max()) > STILL_PAN else "hold"), "normal", False
    paces = {name: FRAMES * pace / CELL for name, pace in PACES.items()}
    growths = {name: math.log(zoom) for name, zoom in ZOOMS.items()}
    along = abs(float(end[2])) / growths["normal"] > float(end[:2].abs().max()) / paces["normal"]
    axis = 2 if along else int(end[:2].abs().argmax())
    far, choices = float(end[axis]), growths if along else paces
    name = (("left", "right"), ("up", "down"), ("out", "in"))[axis][far > 0]
    speed = min(choices, key=lambda each: abs(math.log(choices[each] / abs(far))))
    return name, speed, float(way[1, axis]) / far < SOFT_START


def _light(before: Tensor, after: Tensor) -> str:
    """The light that a section ends with; empty if it is as before. Log gains [1, 3, h, w] before, [W, 3, h, w] after."""
    change = after - before
    if float(change[-1].abs().mean()) < WAVERING:
        return "flicker" if float(change.mean(dim=(1, 2, 3)).abs().max()) > WAVERING else ""
    h, w = after.shape[-2:]
    return min((*GAINS, "lamp"), key=lambda name: float((after[-1] - target_gain(name, h, w)).square().mean()))


def _weather(before: Tensor, after: Tensor, wind: float) -> str:
    """The weather that a section ends with; empty if it is as before. Amounts of snow, rain and fog, [3]."""
    if float((after - before).abs().max()) < 0.5:
        return "wind" if wind >= WIND_FULL else ""
    return ("snow", "rain", "fog")[int(after.argmax())] if float(after.max()) > 0.5 else "clear"
