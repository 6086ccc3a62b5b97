"""The small view: what the network sees of a film that is larger than the films it was trained on.

The network was trained at 320x192 and the like. A film V times as large each way is shown to it V times smaller: its latents are
mapped to those of the reduced film. The autoencoder is linear, and so are reducing and encoding, so this is one linear map, a
convolution with stride V. The network's prediction is enlarged by V again.
Letters: B batch, C latent channels, K channels that the network sees, T latent frames, W window, h and w latent height and width.
"""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.animatic.autoencoder import PATCH, VALUES, LappedAutoencoder
from studio.backbones.animatic.heads import Heads
from studio.backbones.animatic.lapped import filter_borders
from studio.backbones.animatic.state import STATE_CHANNELS
from studio.memory.framepack import PackedContext

TRAINED_SIDE = 20
"""Cells of the longest side of the films that the network was trained on."""


def view_factor(h: int, w: int) -> int:
    """V for latents of h x w cells: 1 for films of the trained size, which the network sees as they are."""
    return max(1, math.ceil(max(h, w) / TRAINED_SIDE))


class SmallView:
    """Maps latents of a large film to latents of the film reduced V times."""

    def __init__(self, autoencoder: LappedAutoencoder, channels: int) -> None:
        """`channels`: K, the coarsest channels of the scene that the network sees."""
        self._autoencoder = autoencoder
        self._channels = channels
        self._maps: dict[int, tuple[Tensor, Tensor]] = {}

    def scene(self, scene: Tensor, factor: int) -> Tensor:
        """The scene [B, K, T, h / V, w / V] of the reduced film, from the film's scene [B, C, T, h, w].

        Exact but for the cells at the frame's rim, where the film's own edge is taken for its continuation.
        """
        weight, constant = self._map(factor)
        flat = F.pad(scene.transpose(1, 2).flatten(0, 1), (factor,) * 4, mode="replicate")
        small = F.conv2d(flat, weight, constant, stride=factor)
        return small.unflatten(0, (len(scene), -1)).transpose(1, 2)

    def latents(self, latents: Tensor, factor: int) -> Tensor:
        """Latents [B, K + 10, T, h / V, w / V] of the reduced film, from latents [B, C + 10, T, h, w]; empty ones stay empty."""
        scene, state = latents[:, :-STATE_CHANNELS], latents[:, -STATE_CHANNELS:]
        small = torch.cat([self.scene(scene, factor), F.avg_pool3d(state, (1, factor, factor))], dim=1)
        return small * latents.flatten(3).any(dim=3).any(dim=1)[:, None, :, None, None]

    def context(self, packed: PackedContext, factor: int) -> PackedContext:
        """The packed context of the reduced film."""
        clean, near, far = (self.latents(part.float(), factor) for part in (packed.clean, packed.history_2x, packed.history_4x))
        return replace(packed, clean=clean, history_2x=near, history_4x=far)

    def _map(self, factor: int) -> tuple[Tensor, Tensor]:
        """Weights [K, C, 3 V, 3 V] and constants [K] of the map, computed once from its adjoint.

        The adjoint of encode, reduce, decode, applied to one channel of one cell, gives the weights of that channel.
        """
        if factor not in self._maps:
            coder, k = self._autoencoder, self._channels
            rows = (coder.components / coder.scale[:, None])[:k]                                   # [K, P]
            patches = rows.new_zeros(k, VALUES, 3, 3)
            patches[:, :, 1, 1] = rows
            small = filter_borders(F.pixel_shuffle(patches, PATCH), coder.turn.T)                  # [K, 12, 48, 48]
            large = small.repeat_interleave(factor, 2).repeat_interleave(factor, 3) / factor**2
            filtered = F.pixel_unshuffle(filter_borders(large, coder.turn), PATCH)                 # [K, P, 3 V, 3 V]
            weight = F.conv2d(filtered, (coder.components * coder.scale[:, None])[:, :, None, None])
            # A film of the mean patch everywhere is the constant part: its weights' answer is what the mean adds.
            mean = coder.decode_group(rows.new_zeros(1, len(coder.scale), 3 * factor, 3 * factor))
            reduced = F.avg_pool3d(mean, (1, factor, factor))
            self._maps[factor] = weight, coder.encode_group(reduced, k)[0, :, 1, 1]
        return self._maps[factor]


def enlarge(heads: Heads, factor: int, h: int, w: int) -> Heads:
    """The prediction for the small view as one for frames of h x w cells, V times as large. Nothing is drawn.

    Distances are multiplied by V; maps are interpolated.
    """

    def resize(maps: Tensor) -> Tensor:
        large = F.interpolate(maps.flatten(0, 1), (h, w), mode="bilinear", align_corners=False)
        return large.unflatten(0, maps.shape[:2])

    camera = heads.camera * heads.camera.new_tensor([factor, factor, 1])
    return replace(heads, camera=camera, flow=factor * resize(heads.flow), light=resize(heads.light))
