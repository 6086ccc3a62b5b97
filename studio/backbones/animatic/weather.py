"""Weather as a texture: snow, rain and fog are drawn over decoded frames, from amounts and a clock.

The idea is film-grain synthesis, as in AV1: what looks like noise is not coded but drawn again by the decoder. Small texture
networks (Ulyanov et al. 2016, 1603.03417) turn white noise on a torus into sheets of flakes, streaks and veils, once; each frame
then reads every sheet at an offset of velocity times clock. Letters: B batch, T frames, H and W pixel height and width, S torus
size.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import Tensor, nn
from torch.nn import functional as F

from studio.backbones.animatic.same_sums import point_convolution

KINDS = ("snow", "rain", "fog")
GRAINS = {"snow": (1,), "rain": (1,), "fog": (16, 32, 64, 128)}    # pixels per value of noise, for each grain
REACHES = {"snow": (9, 9), "rain": (31, 7), "fog": (5, 5)}         # height and width that one value of noise can affect
NOISES = 3                                                         # noise channels of each grain
SHARPNESS = 8.0                                                    # of the threshold between noise without and with a flake
THINNING = {"snow": 0.7, "rain": 0.7, "fog": 0.0}                  # small amounts: 1 fewer flakes, 0 all flakes but fainter
SWAY = {"snow": 2.5, "rain": 0.0, "fog": 0.0}                      # pixels to either side, in addition to the velocity
SWAY_PERIOD = 56.0                                                 # frames; each depth has a slightly longer period
LIT = {"snow": (0.10, 1.9, 0.97), "rain": (0.10, 1.5, 0.90), "fog": (0.06, 1.25, 0.88)}
"""The weather's colour for a frame of mean brightness m: min(offset + gain * m, limit), so that weather does not glow at night."""
DIMMING = 0.15                                                     # share of the light that full rain absorbs


class TextureNetwork(nn.Module):
    """Noise [N, C, H, W] on a torus -> a texture [N, 1, H, W] of about 0 to 1 on the same torus."""

    def __init__(self, kind: str, width: int) -> None:
        """A network for one of `KINDS`, with `width` channels inside."""
        super().__init__()
        self.grains, (tall, wide) = GRAINS[kind], REACHES[kind]
        self.sparse = self.grains == (1,)
        self.unit = 1 if self.sparse else 2 * self.grains[-1]      # a torus is a multiple of this high and wide
        channels = NOISES * len(self.grains)
        self.pick = nn.Conv2d(channels, width, 1)
        self.shape = nn.Conv2d(width, width // 2, (tall, wide))
        self.finish = nn.Conv2d(width // 2, 1, 1)

    def forward(self, noise: Tensor) -> Tensor:
        """The texture [N, 1, H, W] of noise [N, C, H, W], see `noise`. Both are periodic."""
        tall, wide = self.shape.kernel_size
        x = F.relu(_conv(self.pick, noise))
        x = -torch.expm1(-SHARPNESS * x) if self.sparse else x    # everything above the threshold becomes nearly 1
        x = F.pad(x, (wide // 2, wide // 2, tall // 2, tall // 2), mode="circular")
        return _conv(self.finish, F.leaky_relu(_conv(self.shape, x), 0.1))

    def noise(self, draw: torch.Generator, height: int, width: int, number: int = 1) -> Tensor:
        """White noise [number, C, H, W] of every grain, enlarged to the torus. Drawn on the CPU: the same on every machine.

        Raises:
            ValueError: height or width is no multiple of the largest grain.
        """
        if height % self.unit or width % self.unit:
            raise ValueError(f"A torus of {height} x {width} pixels; both must be multiples of {self.unit}.")
        grown = []
        for grain in self.grains:
            values = torch.randn(number, NOISES, height // grain, width // grain, generator=draw)
            grown.append(_grow(values, grain))
        return torch.cat(grown, dim=1)


class WeatherSynthesis(ModelMixin, ConfigMixin):
    """Draws `kinds` of weather, each in `depths` sheets, made by texture networks of `widths` on tori of `size` pixels.

    A frame depends only on its own pixels, amounts and clock, so a film decoded in pieces has the same bits as one decoded at once.
    """

    config_name = "config.json"
    velocities: Tensor

    @register_to_config
    def __init__(
        self, kinds: Sequence[str] = KINDS, depths: Sequence[int] = (3, 2, 2), widths: Sequence[int] = (8, 8, 12),
        size: int = 512, seed: int = 7,
    ) -> None:
        """Untrained textures.

        Args:
            kinds: of weather, some of `KINDS`.
            depths: number of sheets of each kind.
            widths: of the texture networks of each kind.
            size: S.
            seed: of the sheets' noise.

        Raises:
            ValueError: an unknown kind.
        """
        super().__init__()
        if unknown := sorted(set(kinds) - set(KINDS)):
            raise ValueError(f"Weather {unknown[0]!r} cannot be drawn; known are {', '.join(KINDS)}.")
        self.textures = nn.ModuleList(
            TextureNetwork(kind, width) for kind, count, width in zip(kinds, depths, widths, strict=True) for _ in range(count))
        self.register_buffer("velocities", torch.zeros(sum(depths), 2))    # x, y in pixels a frame, farthest depth first
        self._sheets: dict[int, Tensor] = {}

    def forward(self, frames: Tensor, amounts: Tensor, clock: Tensor, scale: int = 1) -> Tensor:
        """Frames with their weather; a frame whose amounts are 0 is returned unchanged.

        Args:
            frames: [B, 3, T, H, W] in [-1, 1], or slightly beyond.
            amounts: [B, T, kinds] of each kind of weather; clamped to 0..1.
            clock: [B, T] in frames, fractions allowed; up to a million.
            scale: by how much flakes, streaks and veils are enlarged.

        Raises:
            ValueError: the shapes do not belong together, or an amount or a clock is not finite.
        """
        b, channels, t = frames.shape[:3]
        if channels != 3 or amounts.shape != (b, t, len(self.config.kinds)) or clock.shape != (b, t):
            raise ValueError(f"Weather for frames {tuple(frames.shape)} needs amounts [{b}, {t}, {len(self.config.kinds)}] and a "
                             f"clock [{b}, {t}], not {tuple(amounts.shape)} and {tuple(clock.shape)}.")
        shares, moments = amounts.detach().cpu().double(), clock.detach().cpu().double()
        if not (shares.isfinite().all() and moments.isfinite().all()):
            raise ValueError("An amount of weather or its clock is not a finite number: the latents that carry them are broken.")
        shares = shares.clamp(0, 1)
        cloudy = shares.amax(dim=2) > 0
        if not bool(cloudy.any()):
            return frames
        out = torch.empty_like(frames)
        for i, j in np.ndindex(b, t):
            out[i, :, j] = self._draw(frames[i, :, j], shares[i, j].tolist(), float(moments[i, j]), scale) \
                if bool(cloudy[i, j]) else frames[i, :, j]
        return out

    def overlay(self, kind: str, amount: float, clock: float, height: int, width: int) -> Tensor:
        """Opacity [H, W] in 0..1 of one kind of weather at one moment."""
        clear: Tensor | None = None
        for depth in self._depths(kind):
            alpha, rank = self._read(kind, depth, clock, height, width)
            thin = THINNING[kind]
            present = (amount * (1 + thin) - thin * rank).clamp(0, 1) if thin and amount < 1 else amount
            clear = 1 - alpha * present if clear is None else clear * (1 - alpha * present)
        return 1 - clear if clear is not None else torch.zeros(height, width, device=self.device)

    def network(self, depth: int) -> TextureNetwork:
        """The texture network of a depth. Depths are numbered over all kinds."""
        return cast(TextureNetwork, self.textures[depth])

    def _draw(self, frame: Tensor, shares: list[float], clock: float, scale: int) -> Tensor:
        """One frame [3, H, W] with its weather. It is copied as a whole, so that its mean always has the same bits."""
        picture = frame.to(torch.float32, copy=True, memory_format=torch.contiguous_format)
        light = picture.mean(dim=(1, 2)) / 2 + 0.5
        light = (0.7 * light.mean() + 0.3 * light).clamp(0, 1)      # mostly grey, with some of the scene's colour
        for kind in ("fog", "snow", "rain"):
            amount = shares[self.config.kinds.index(kind)] if kind in self.config.kinds else 0.0
            if not amount:
                continue
            if kind == "rain":
                picture.add_(1).mul_(1 - DIMMING * amount).sub_(1)
            offset, gain, most = LIT[kind]
            colour = (offset + gain * light).clamp(max=most) * 2 - 1
            height, width = frame.shape[1:]
            hidden = self.overlay(kind, amount, clock, -(-height // scale), -(-width // scale)).to(picture.device)
            if scale > 1:
                hidden = enlarge(hidden, scale)[:height, :width].clamp_(0, 1)
            picture.lerp_(colour.view(3, 1, 1), hidden)
        return picture

    def _read(self, kind: str, depth: int, clock: float, height: int, width: int) -> Tensor:
        """The sheet of a depth at the offset of `clock`, [2, H, W]: texture, and rank of each flake in the order of appearance."""
        sheet = self._sheet(depth)
        number = depth - self._depths(kind)[0]
        x, y = (float(speed) * clock for speed in self.velocities[depth])
        x += SWAY[kind] * math.sin(2 * math.pi * clock / (SWAY_PERIOD * (1 + 0.3 * number)) + 2.1 * number)
        size = sheet.shape[1]
        left, top = math.floor(-x), math.floor(-y)
        right, down = -x - left, -y - top
        rows = torch.arange(top, top + height + 1, device=sheet.device).remainder(size)
        columns = torch.arange(left, left + width + 1, device=sheet.device).remainder(size)
        part = sheet[:, rows][:, :, columns]
        part = torch.lerp(part[:, :-1], part[:, 1:], down) if down else part[:, :-1]
        return torch.lerp(part[:, :, :-1], part[:, :, 1:], right) if right else part[:, :, :-1]

    def _sheet(self, depth: int) -> Tensor:
        """Texture and ranks of a depth, [2, S, S]. Computed at first use and cached: only the offset changes during a film."""
        if depth not in self._sheets:
            network = self.network(depth)
            draw = torch.Generator().manual_seed(self.config.seed * 1000 + depth)
            size = self.config.size
            with torch.inference_mode(False), torch.no_grad():
                texture = network(network.noise(draw, size, size).to(self.device))[0, 0].clamp(0, 1)
                smooth = _grow(torch.randn(1, 1, size // 16, size // 16, generator=draw), 16).flatten()
                rank = torch.empty(size * size)
                rank[smooth.argsort()] = torch.linspace(0, 1, size * size)
                self._sheets[depth] = torch.stack([texture, rank.view(size, size).to(texture)])
        return self._sheets[depth]

    def _depths(self, kind: str) -> range:
        """The depths of one kind."""
        at = self.config.kinds.index(kind)
        begin = sum(self.config.depths[:at])
        return range(begin, begin + self.config.depths[at])

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Any:
        self._sheets.clear()
        return super()._apply(fn, recurse)

    def train(self, mode: bool = True) -> WeatherSynthesis:
        """Set the mode. Cached sheets are dropped, because training changes the networks."""
        self._sheets.clear()
        super().train(mode)
        return self

    def load_state_dict(self, *args: Any, **options: Any) -> Any:
        """Load weights, and drop the sheets that were made with others."""
        self._sheets.clear()
        return super().load_state_dict(*args, **options)


def enlarge(values: Tensor, scale: int) -> Tensor:
    """Values [h, w], `scale` times as large each way by bicubic interpolation: [scale h, scale w].

    The same numbers as `F.interpolate`'s up to rounding, in a quarter of its time: at a whole scale all values between two others
    have the same few weights.
    """
    return _enlarge_rows(_enlarge_rows(values.T.contiguous(), scale).T.contiguous(), scale)


def _enlarge_rows(values: Tensor, scale: int) -> Tensor:
    """Values [h, w] with `scale` times as many rows, [scale h, w]."""
    count = len(values)
    around = torch.cat([values[:1], values[:1], values, values[-1:], values[-1:]])
    out = values.new_empty(count, scale, values.shape[1])
    for phase in range(scale):
        at = (phase + 0.5) / scale - 0.5
        first = math.floor(at) + 1                                # of the four rows of `around` that this phase lies among
        rows = out[:, phase]
        torch.mul(around[first : first + count], _bicubic(1 + at - math.floor(at)), out=rows)
        for tap in range(1, 4):
            distance = abs(tap - 1 - (at - math.floor(at)))
            rows.add_(around[first + tap : first + tap + count], alpha=_bicubic(distance))
    return out.flatten(0, 1)


def _bicubic(distance: float, a: float = -0.75) -> float:
    """The weight of a value at a distance of 0 to 2, as torch has it."""
    if distance <= 1:
        return ((a + 2) * distance - (a + 3)) * distance**2 + 1
    return ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a


def _conv(layer: nn.Conv2d, x: Tensor) -> Tensor:
    """The convolution in float32, whatever precision the weights have; it runs once per sheet."""
    bias = None if layer.bias is None else layer.bias.float()
    convolve = point_convolution if layer.kernel_size == (1, 1) else F.conv2d
    return convolve(x, layer.weight.float(), bias)


def _grow(values: Tensor, grain: int) -> Tensor:
    """Values on a torus, enlarged `grain` times by bicubic interpolation."""
    if grain == 1:
        return values
    around = F.pad(values, (2, 2, 2, 2), mode="circular")
    grown = F.interpolate(around, scale_factor=float(grain), mode="bicubic", align_corners=False)
    return grown[:, :, 2 * grain : -2 * grain, 2 * grain : -2 * grain]
