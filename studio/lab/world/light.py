"""Light: the log gain of the picture's colours in every frame, for the whole picture or for a lamp's pool of light.

Letters: T frames, h and w cells of 16 pixels.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.lab.world.camera import ease
from studio.lab.world.section import FRAMES, Section

GAINS = {
    "day": (1.0, 1.0, 1.0), "dawn": (1.02, 0.84, 0.80), "dusk": (0.80, 0.55, 0.50), "night": (0.27, 0.32, 0.48),
    "bright": (1.60, 1.56, 1.48), "warm": (1.18, 0.98, 0.68), "cold": (0.76, 0.95, 1.20),
}
"""Gain of red, green and blue under each light, once it is fully there. "day" leaves the picture unchanged."""
POOL = (1.25, 1.02, 0.66)
"""Gain in the middle of a lamp's pool of light."""
AROUND = (0.20, 0.17, 0.17)
"""Gain where a lamp's light does not reach."""
FLICKER = 0.45
"""How far a flickering light goes up and down, in log gain."""


def target_gain(light: str, h: int, w: int) -> Tensor:
    """Returns the log gain of a light that is fully there, [3, h, w]; of "lamp" or a name in GAINS."""
    if light == "lamp":
        y = (torch.arange(h) + 0.5) / h * 2 - 1
        x = (torch.arange(w) + 0.5) / w * 2 - 1
        pool = (-((x[None] / 0.72) ** 2 + (y[:, None] / 0.80) ** 2)).exp()
        inner, outer = torch.tensor(POOL).log().view(3, 1, 1), torch.tensor(AROUND).log().view(3, 1, 1)
        return outer + (inner - outer) * pool
    return torch.tensor(GAINS[light]).log().view(3, 1, 1).expand(3, h, w)


def gains(sections: Sequence[Section], h: int, w: int) -> Tensor:
    """Returns the log gain of every frame, [T, 3, h, w]. A film begins at 0, in the light of its first picture."""
    now = torch.zeros(3, h, w)
    s = torch.arange(1, FRAMES + 1) / FRAMES
    course = [now[None]]
    for section in sections:
        if section.light == "flicker":  # goes up and down about the present light, and ends where it began
            wave = FLICKER * (2 * torch.pi * 3 * s).sin()
            wave[-1] = 0.0
            course.append(now + wave.view(-1, 1, 1, 1))
            continue
        end = target_gain(section.light, h, w) if section.light else now
        course.append(now + ease(s).view(-1, 1, 1, 1) * (end - now))
        now = end
    return torch.cat(course)


def apply_light(frames: Tensor, light: Tensor) -> Tensor:
    """Returns frames [T, 3, H, W] under the log gains [T, 3, h, w], clipped to 0..1."""
    height, width = frames.shape[2:]
    flat = bool((light == light[:, :, :1, :1]).all())
    gain = light[:, :, :1, :1] if flat else F.interpolate(light, size=(height, width), mode="bilinear", align_corners=False)
    return (frames * gain.exp()).clamp(0, 1)
