"""Full history: the animatic model with every latent of the film so far to compose frames from, as an upper bound.

No memory that keeps what it was shown can do better: nothing is compressed and nothing is forgotten. It is an arm to measure
against, not a way to film, because its size and its search grow with the film. The film's latents take psi's place in the snapshot,
so that they can be exchanged for another film's, as psi can.
Letters: N latents of the film, C channels with the film's state, W window, h and w latent height and width.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from studio.backbones.animatic.backbone import AnimaticBackbone
from studio.backbones.animatic.heads import Heads
from studio.backbones.animatic.state import split_latents
from studio.memory.framepack import PackedContext
from studio.memory.protocol import ConditioningFeatures

SAME = 1 / 64
"""Cells (a quarter of a pixel): views that differ by less, and whose edges differ by less, are the same."""


class FullHistory:
    """A `Memory` that forgets nothing: psi [1, N, C h w] holds the film's latents after its first, oldest first."""

    holds_places = False

    def begin(self, conditioning: ConditioningFeatures) -> Tensor:
        """An empty psi [1, 0, 0]: the packed context keeps the film's first frame."""
        return torch.zeros(1, 0, 0)

    def update(self, psi: Tensor, latents: Tensor) -> Tensor:
        """psi with the section's latents [1, C, W, h, w] appended."""
        newest = latents.transpose(1, 2).flatten(2)
        return torch.cat([psi.to(newest), newest], dim=1) if psi.shape[1] else newest

    def view(self, psi: Tensor, recent: Tensor) -> None:
        """None: the latents of a film are not one picture."""


class FullHistoryBackbone(AnimaticBackbone):
    """A backbone whose frames are composed from all latents in psi, newest first, and at last from the film's first frame.

    Of each latent (a group of four frames) the last frame is a source, as in the packed context, so every fourth frame of the film
    is. Of frames with the same view only the newest is decoded, because it hides the others. The network's input is unchanged.
    """

    def __init__(self, backbone: AnimaticBackbone) -> None:
        nn.Module.__init__(self)
        self.__dict__.update(backbone.__dict__)      # the same parts and weights
        self._source_count: int | None = None

    @property
    def source_count(self) -> int | None:
        """How many frames the newest section may be composed from, repeated views included; None before the first section."""
        return self._source_count

    def predict_heads(
        self, drawn: Tensor, sigma: Tensor, packed: PackedContext, conditioning: Any, psi: Tensor | None = None
    ) -> Heads:
        """The backbone's heads, without psi: the network does not see the film's latents."""
        return super().predict_heads(drawn, sigma, packed, conditioning)

    def _read_sources(self, packed: PackedContext, x: Tensor, psi: Tensor | None) -> Any:
        sources = super()._read_sources(packed, x, None)     # without psi: a memory could add nothing to the whole film
        self._source_count = 1 + len(sources.older)
        if psi is None or not psi.shape[1]:
            return sources
        film = psi.to(packed.clean).unflatten(2, packed.clean.shape[1:2] + packed.clean.shape[3:]).transpose(1, 2)
        self._source_count = film.shape[2] + 1
        _, *others = distinct_views(split_latents(film)[1].pose[0])          # the first of them is `sources.newest`
        older = [self._source(film[:, :, at : at + 1]) for at in others]
        return replace(sources, older=[*older, self._source(packed.clean[:, :, :1])])


def distinct_views(pose: Tensor) -> list[int]:
    """Indices of the views at `pose` [N, 3] that no later view repeats, newest first."""
    half = 20.0                                      # cells from the centre to the edge of a wide frame
    indices: list[int] = []
    for at in reversed(range(len(pose))):
        distance = (pose[indices] - pose[at]).abs() * pose.new_tensor([1.0, 1.0, half])
        if not bool((distance.amax(1) < SAME).any()):
            indices.append(at)
    return indices
