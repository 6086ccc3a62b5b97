"""What a token of a panorama's film knows of its place and of the camera, and frames as tokens and back.

The camera is a square view of VIEW x VIEW pixels that moves along a panorama as high as the view. Latents are the pixels.
Letters: B films, N sections, T frames of a section, W columns of the panorama, L = T (VIEW / PATCH)^2 tokens of a section.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

VIEW, PATCH, FRAMES, CHANNELS = 16, 4, 2, 3
SIDE = VIEW // PATCH
"""Patches along a side of a view."""
TOKENS = FRAMES * SIDE * SIDE
"""Tokens of a section."""
PIXELS = CHANNELS * PATCH * PATCH
"""Numbers in a token."""
SITUATION = 2 * SIDE + FRAMES + 1
"""Features of a token's row and column in the view, its frame, and the camera's move."""
LARGEST_MOVE = 8.0
"""Columns a frame that the move is divided by."""


@dataclass(frozen=True)
class Places:
    """Where tokens are, [B, N, L, .]."""

    known: Tensor       # column of the panorama as waves, row in the view: what a memory is asked by
    situation: Tensor   # row and column in the view, frame, move: what any film model knows

    @property
    def features(self) -> Tensor:
        """All of it, [B, N, L, P + SITUATION]."""
        return torch.cat([self.known, self.situation], dim=-1)

    def select(self, rows: Tensor, sections: Tensor) -> Places:
        """The places of one section of each film: rows and sections [B] choose them, [B, 1, L, .]."""
        return Places(self.known[rows, sections][:, None], self.situation[rows, sections][:, None])


def place_features(harmonics: int) -> int:
    """P, the features of a known place: sine and cosine of each harmonic, and the row."""
    return 2 * harmonics + SIDE


def locate(columns: Tensor, world: int, harmonics: int, moves: Tensor | None = None) -> Places:
    """The places of sections whose frames begin at columns [B, N, T].

    Args:
        columns: left edges of the views; whole numbers or not.
        world: W, the columns after which the waves begin anew.
        harmonics: waves of 1 ... `harmonics` periods in W columns.
        moves: [B, N, T] columns that the camera moved before each frame; None: between the columns of these very sections,
            and 0 before the first frame.
    """
    films, sections, _ = columns.shape
    shape = (films, sections, FRAMES, SIDE, SIDE)
    if moves is None:
        flat = columns.flatten(1)
        moves = ((flat.diff(dim=1, prepend=flat[:, :1]) + world / 2) % world - world / 2).view(films, sections, FRAMES)
    middle = columns[..., None] + torch.arange(SIDE) * PATCH + (PATCH - 1) / 2                          # [B, N, T, SIDE]
    angle = 2 * math.pi / world * middle[..., None] * torch.arange(1, harmonics + 1)
    waves = torch.cat([angle.cos(), angle.sin()], dim=-1)[:, :, :, None].expand(*shape, 2 * harmonics)
    one_hot = torch.eye(SIDE)
    row, column = one_hot[:, None].expand(*shape, SIDE), one_hot.expand(*shape, SIDE)
    frame = torch.eye(FRAMES)[:, None, None].expand(*shape, FRAMES)
    move = (moves[..., None, None, None] / LARGEST_MOVE).expand(*shape, 1)
    known, situation = torch.cat([waves, row], dim=-1), torch.cat([row, column, frame, move], dim=-1)
    return Places(known.flatten(2, 4), situation.flatten(2, 4))


def in_patches() -> tuple[Tensor, Tensor]:
    """How a token's row and column in the view, and how the camera's move, count in patches along width and height, as matrices:
    [2, 2 SIDE] for the first features of a situation, [2, 1] for its last one."""
    count, none = torch.arange(SIDE).float(), torch.zeros(SIDE)
    return torch.stack([torch.cat([none, count]), torch.cat([count, none])]), torch.tensor([[LARGEST_MOVE / PATCH], [0.0]])


def to_tokens(frames: Tensor) -> Tensor:
    """Frames [B, N, T, 3, h, w] as tokens [B, N, T h w / PATCH^2, PIXELS]."""
    cut = frames.unflatten(5, (-1, PATCH)).unflatten(4, (-1, PATCH))                                    # [B, N, T, 3, r, p, c, p]
    return cut.permute(0, 1, 2, 4, 6, 3, 5, 7).flatten(5).flatten(2, 4)


def to_frames(tokens: Tensor) -> Tensor:
    """Tokens [B, N, L, PIXELS] as frames of a view, [B, N, T, 3, VIEW, VIEW]."""
    cut = tokens.unflatten(3, (CHANNELS, PATCH, PATCH)).unflatten(2, (-1, SIDE, SIDE))                  # [B, N, T, r, c, 3, p, p]
    return cut.permute(0, 1, 2, 5, 3, 6, 4, 7).flatten(6).flatten(4, 5)
