"""The embedded model's long-term memory: what of a section it is given, with the places where it lies. It knows no files.

psi is SemanticPack's. It is read by a place query (`Recall`), where the composition finds no frame that shows a place.
Letters: B batch, C scene channels, T latent frames, D drawn channels, h and w latent height and width, M memory tokens.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from studio.diffusion.heads import DRAWN
from studio.diffusion.state import split
from studio.memory.recall import FEATURES, Recall, waves
from studio.memory.semantic_pack import Conditioned, SemanticPack

MEMORABLE = DRAWN + FEATURES
"""Channels that the memory is given."""


class PlaceMemory(nn.Module):
    """A `LongTermMemory` of what lies where."""

    def __init__(self, pack: SemanticPack, recall: Recall) -> None:
        super().__init__()
        self.pack, self.recall = pack, recall

    def begin(self, conditioning: Conditioned) -> Tensor:
        """psi_0 [B, M, D]: prompt and reference image."""
        return self.pack.begin(conditioning)

    def update(self, psi: Tensor, latents: Tensor) -> Tensor:
        """psi_{n+1} from psi_n [B, M, D] and the section's latents [B, C + 10, T, h, w]."""
        scene, state = split(latents)
        return self.pack.update(psi, memorable(scene[:, :DRAWN], state.pose))


def memorable(scene: Tensor, pose: Tensor) -> Tensor:
    """What is memorized, [B, MEMORABLE, 1, h, w]: coarse channels of the section's last latent, and where their cells lie.

    What the latents before it show, it or the last one of the section before mostly shows too.

    Args:
        scene: [B, D, T, h, w].
        pose: [B, T, 3] at which it is seen.
    """
    scene, pose = scene[:, :, -1:], pose[:, -1:]
    where = waves(cells(pose, *scene.shape[-2:])).movedim(-1, 1)
    return torch.cat([scene, where.to(scene)], dim=1)


def cells(pose: Tensor, h: int, w: int) -> Tensor:
    """Places [B, T, h, w, 3] of the cells of a frame seen at `pose` [B, T, 3]: column, row, log of the magnification."""
    rows, columns = torch.meshgrid(
        torch.arange(h, device=pose.device) - (h - 1) / 2, torch.arange(w, device=pose.device) - (w - 1) / 2, indexing="ij"
    )
    beside = torch.stack([columns, rows], dim=-1)                                              # [h, w, 2]
    at = pose[:, :, None, None, :2] + beside * (-pose[..., 2]).exp()[:, :, None, None, None]
    return torch.cat([at, pose[:, :, None, None, 2:].expand_as(at[..., :1])], dim=-1)
