"""Positions in a scene as waves (sines and cosines), so that a memory can be addressed by where something is.

Letters: M slots of a map, [rows, columns].
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

WAVELENGTHS = 8
"""Wavelengths of a coordinate."""
SHORTEST_WAVE, LONGEST_WAVE = 2.0, 256.0
"""Cells."""
WAVE_FEATURES = 4 * WAVELENGTHS
"""Sines and cosines of a place's two coordinates."""
POSITION_FEATURES = WAVE_FEATURES + 1


def encode_positions(places: Tensor) -> Tensor:
    """Places [..., 3] as sines and cosines of their coordinates, and the magnification, [..., FEATURES].

    Products of two such vectors depend on the distance of the places, as with rotary phases, at every scale.
    """
    steps = torch.arange(WAVELENGTHS, device=places.device) / (WAVELENGTHS - 1)
    angles = 2 * math.pi * places[..., :2, None] / (SHORTEST_WAVE * (LONGEST_WAVE / SHORTEST_WAVE) ** steps)       # [..., 2, WAVES]
    return torch.cat([angles.sin().flatten(-2), angles.cos().flatten(-2), places[..., 2:]], dim=-1)


def fitting_waves(columns: float, rows: float) -> Tensor:
    """Which of the AXES waves are no longer than so many cells across and down, [AXES] bool."""
    length = SHORTEST_WAVE * (LONGEST_WAVE / SHORTEST_WAVE) ** (torch.arange(WAVELENGTHS) / (WAVELENGTHS - 1))
    return torch.cat([length <= columns + 0.5, length <= rows + 0.5]).repeat(2)


def slot_encodings(rows: int, columns: int) -> Tensor:
    """The slots of a map of rows x columns cells that repeats without end, by their waves, [M, AXES].

    Only waves that fit into the map a whole number of times: a place and its repetition have the same ones.
    """
    y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    places = torch.stack([x, y, torch.zeros_like(x)], dim=-1).flatten(0, 1).float()
    return encode_positions(places)[:, :WAVE_FEATURES] * fitting_waves(columns, rows)
