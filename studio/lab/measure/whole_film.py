"""Full history: the embedded model with every latent of the film so far to look pixels up in. It knows no files and no product.

The upper bound of what a memory can give that keeps what it was shown: nothing is compressed, nothing forgotten. It is an arm to
measure against and no way to film, for both what is kept and what is looked through grow with the film. The film goes by the way
that psi goes (it lives in the snapshot), so it can be exchanged for another film's, as psi can.
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
"""Cells (a quarter of a pixel) within which two views are the same, and the most that magnification may move a frame's edge."""


class WholeFilm:
    """A `Memory` that forgets nothing: psi [1, N, C h w] is the film's latents after its first, oldest first."""

    def begin(self, conditioning: ConditioningFeatures) -> Tensor:
        """Of a film that has only its first frame, which the packed context keeps anyway."""
        return torch.zeros(1, 0, 0)

    def update(self, psi: Tensor, latents: Tensor) -> Tensor:
        """psi and the section's latents [1, C, W, h, w] behind it."""
        newest = latents.transpose(1, 2).flatten(2)
        return torch.cat([psi.to(newest), newest], dim=1) if psi.shape[1] else newest

    def view(self, psi: Tensor, recent: Tensor) -> None:
        """None: latents of a whole film are not shown as one picture."""


class WholeFilmBackbone(AnimaticBackbone):
    """That backbone, whose frames are composed from all latents in psi, newest first, and last from the film's first frame.

    Of each latent (a group of four frames) the last frame is looked up in, as the product looks up in older ones: so sources are
    every fourth frame of the film, and nothing lies between them that they do not show. Of frames with the same view the newest
    alone is decoded: it hides the others. The network sees what it always sees.
    """

    def __init__(self, backbone: AnimaticBackbone) -> None:
        nn.Module.__init__(self)
        self.__dict__.update(backbone.__dict__)      # the same parts and weights, whatever they are
        self.among = 0                               # frames that the newest section might be composed from

    def predict_heads(
        self, drawn: Tensor, sigma: Tensor, packed: PackedContext, conditioning: Any, psi: Tensor | None = None
    ) -> Heads:
        """As the backbone's, without psi: the network is not told of the film."""
        return super().predict_heads(drawn, sigma, packed, conditioning)

    def _read_sources(self, packed: PackedContext, x: Tensor, psi: Tensor | None) -> Any:
        seen = super()._read_sources(packed, x, None)        # no memory is asked: there is nothing that it could add
        self.among = 1 + len(seen.older)
        if psi is None or not psi.shape[1]:
            return seen
        film = psi.to(packed.clean).unflatten(2, packed.clean.shape[1:2] + packed.clean.shape[3:]).transpose(1, 2)
        self.among = film.shape[2] + 1
        _, *others = different(split_latents(film)[1].pose[0])               # the first of them is `seen.newest`
        older = [self._source(film[:, :, at : at + 1]) for at in others]
        return replace(seen, older=[*older, self._source(packed.clean[:, :, :1])])


def different(pose: Tensor) -> list[int]:
    """Of views at `pose` [N, 3] those that are not seen again later, newest first."""
    half = 20.0                                      # cells from the middle to the edge of a wide frame
    found: list[int] = []
    for at in reversed(range(len(pose))):
        away = (pose[found] - pose[at]).abs() * pose.new_tensor([1.0, 1.0, half])
        if not bool((away.amax(1) < SAME).any()):
            found.append(at)
    return found


def sources(backbone: object) -> int | None:
    """Frames that the newest section might be composed from; None of a kind that composes none."""
    if isinstance(backbone, WholeFilmBackbone):
        return backbone.among
    if not isinstance(backbone, AnimaticBackbone) or backbone._sources is None:
        return None
    return 1 + len(backbone._sources[1].older)
