"""TAEHV's decoder: a tiny autoencoder for HunyuanVideo's latents by Ollin Boer Bohan, for previews in little time and memory.

Architecture and names of the weights are those of github.com/madebyollin/taehv (MIT), written anew: three stages of memory blocks,
which take a frame and the one before it, each followed by twice the width and height; the last two also by twice the frames.
diffusers has no such decoder. Latents are those of diffusion, without the autoencoder's scaling.
Letters: C latent channels, n latents, T frames, D channels of a stage, h and w height and width.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from studio.language import sentence

WIDTHS = (256, 128, 64)
"""Channels of the three stages."""
GROWTH = (1, 2, 2)
"""Frames that each stage makes of one."""
LAST = 64
"""Channels of the last layer's input."""
SPACE, TIME = 8, 4
"""Pixels, and frames, of a latent pixel."""
FIRST = "decoder.1.weight"
"""The weight whose shape gives the number of latent channels."""

UNREADABLE = (
    OSError, EOFError, RuntimeError, ValueError, AttributeError, IndexError, pickle.UnpicklingError, SafetensorError,
)
"""Exceptions of the readers of both formats for files that are something else."""


class TaehvError(Exception):
    """A file of weights cannot be used. The message names the file and says why."""


class MemBlock(nn.Module):
    """Residual convolutions over a frame and the one before it."""

    def __init__(self, width: int) -> None:
        """`width`: D."""
        super().__init__()
        self.conv = nn.Sequential(_conv(2 * width, width), nn.ReLU(), _conv(width, width), nn.ReLU(), _conv(width, width))

    def forward(self, x: Tensor, before: Tensor) -> Tensor:
        """Frames [T, D, h, w] from frames `x` and their predecessors `before`, both [T, D, h, w]."""
        return torch.relu(self.conv(torch.cat([x, before], dim=1)) + x)


class TGrow(nn.Module):
    """Makes several frames of one: [T, D, h, w] to [T growth, D, h, w]."""

    def __init__(self, width: int, growth: int) -> None:
        """`width`: D."""
        super().__init__()
        self.conv = nn.Conv2d(width, width * growth, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[T growth, D, h, w] from x [T, D, h, w]."""
        return self.conv(x).reshape(-1, *x.shape[1:])


class Clamp(nn.Module):
    """Latents limited smoothly to the range from -3 to 3."""

    def forward(self, x: Tensor) -> Tensor:
        """3 tanh(x / 3)."""
        return torch.tanh(x / 3) * 3


class TinyDecoder(nn.Module):
    """Decodes latents one after another, so memory does not grow with their number."""

    def __init__(self, channels: int = 16) -> None:
        """Random weights, for latents of `channels` channels; see `load_taehv`."""
        super().__init__()
        self.channels = channels
        layers: list[nn.Module] = [Clamp(), _conv(channels, WIDTHS[0]), nn.ReLU()]
        for width, growth, following in zip(WIDTHS, GROWTH, (*WIDTHS[1:], LAST), strict=True):
            layers += [MemBlock(width), MemBlock(width), MemBlock(width), nn.Upsample(scale_factor=2), TGrow(width, growth)]
            layers.append(_conv(width, following, bias=False))
        self.decoder = nn.Sequential(*layers, nn.ReLU(), _conv(LAST, 3))

    @torch.no_grad()
    def forward(self, latents: Tensor) -> Iterator[Tensor]:
        """Yields the four frames [4, 3, 8 h, 8 w] in [-1, 1] of each of the latents [1, C, n, h, w].

        The first three frames of all precede the film's first frame; skip them when decoding a film from its start.
        """
        pasts: dict[int, Tensor] = {}
        kind = next(self.parameters())
        for latent in latents.to(kind)[0].unbind(1):
            x = latent[None]
            for index, layer in enumerate(self.decoder):
                if isinstance(layer, MemBlock):
                    past = pasts.get(index, torch.zeros_like(x[:1]))
                    pasts[index] = x[-1:]
                    x = layer(x, torch.cat([past, x[:-1]]))
                else:
                    x = layer(x)
            yield x.float().clamp(0, 1) * 2 - 1

    def preview(self, latents: Tensor) -> Tensor:
        """One frame for each latent, the last of its four: [n, 3, 8 h, 8 w]."""
        return torch.cat([frames[-1:] for frames in self(latents)])


def load_taehv(path: Path, channels: int) -> TinyDecoder:
    """The decoder with the weights of a published file, `.pth` or `.safetensors`. Other weights in the file are ignored.

    Args:
        path: of the file.
        channels: of the latents.

    Raises:
        TaehvError: the file is missing, damaged, holds other weights, or is for latents of another number of channels.
    """
    try:
        content: Any = load_file(path) if path.suffix == ".safetensors" else torch.load(path, map_location="cpu", weights_only=True)
        weights = {name: value for name, value in content.items() if name.startswith("decoder.")}
        found = weights[FIRST].shape[1]
        if found != channels:
            raise TaehvError(sentence(
                "{path} is for latents of {found} channels, this model's have {channels}. HunyuanVideo's own is taehv.pth.",
                path=path, found=found, channels=channels))
        decoder = TinyDecoder(channels)
        for name, own in decoder.state_dict().items():
            # A published layer may make more frames than this architecture takes; the last ones are used.
            if name in weights and weights[name].shape[1:] == own.shape[1:] and len(weights[name]) > len(own):
                weights[name] = weights[name][-len(own) :]
        decoder.load_state_dict(weights)
        if not all(bool(torch.isfinite(value).all()) for value in decoder.state_dict().values()):
            raise TaehvError(sentence("{path} holds values that are not numbers.", path=path))
    except KeyError:
        raise TaehvError(sentence(
            "{path} holds no weights of TAEHV's decoder: there is no {tensor}.", path=path, tensor=FIRST)) from None
    except UNREADABLE as error:
        raise TaehvError(sentence("{path} cannot be read as TAEHV's weights ({error}).", path=path, error=_short(error))) from error
    return decoder.eval().requires_grad_(False)


def _conv(into: int, out: int, bias: bool = True) -> nn.Conv2d:
    """A 3 x 3 convolution that keeps the size."""
    return nn.Conv2d(into, out, 3, padding=1, bias=bias)


def _short(error: Exception) -> str:
    """The first line of an error's message, at most 200 characters."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
