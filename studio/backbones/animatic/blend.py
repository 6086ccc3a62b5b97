"""The embedded model's blend: light, weather and the camera's pace ease from where they were to what the new prompt asks for.

Letters: B batch, W window.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from studio.backbones.animatic.heads import Heads
from studio.backbones.animatic.state import split_latents
from studio.diffusion.blend import SectionBlend


def pace(before: Tensor, newest: Tensor) -> Tensor:
    """The camera's motion in the newest latent, [B, 3] as in `Heads.camera`, from it and the one before it [B, C, 1, h, w]."""
    poses = [split_latents(latent)[1].pose[:, 0] for latent in (before, newest)]
    moved = poses[1] - poses[0]
    return torch.cat([moved[:, :2] * poses[1][:, 2:].exp(), moved[:, 2:]], dim=1)


def blend_heads(heads: Heads, pace: Tensor, blend: SectionBlend) -> Heads:
    """A section's prediction with its changes spread over the blend.

    A share of what is left to change is reached at each latent, so that the blend needs to know nothing of how it began: the next
    section goes on from the state that this one leaves.

    Args:
        heads: as the network predicts them.
        pace: [B, 3] of the camera before the section, in a latent.
        blend: where the section lies in it.
    """
    window, begun = heads.camera.shape[1], blend.reached(0)

    def left(reached: list[float]) -> Tensor:
        return heads.camera.new_tensor([(share - begun) / (1 - begun) for share in reached])

    at_ends, in_middles = left(list(blend.ends(window))), left(list(blend.middles(window))).view(1, -1, 1)
    moved = torch.diff(heads.camera, dim=1, prepend=torch.zeros_like(heads.camera[:, :1]))
    camera = (pace.unsqueeze(1) * (1 - in_middles) + moved * in_middles).cumsum(dim=1)
    return replace(
        heads, camera=camera,
        light=heads.light[:, -1:].expand_as(heads.light), light_gate=heads.light_gate[:, -1:] * at_ends,
        flicker=heads.flicker * heads.flicker.new_tensor(list(blend.ends(window))),
        weather=heads.weather[:, -1:].expand_as(heads.weather), weather_gate=heads.weather_gate[:, -1:] * at_ends,
    )
