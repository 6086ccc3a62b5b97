"""Sinusoidal position encodings of places in a scene, so that a memory can be queried by position.

A place is (column, row, log magnification) in cells of 16 pixels at magnification 1. Letters: M slots of a map, rows x columns.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

WAVELENGTHS = 8
"""Number of wavelengths per coordinate."""
SHORTEST_WAVE, LONGEST_WAVE = 2.0, 256.0
"""Shortest and longest wavelength, in cells."""
WAVE_FEATURES = 4 * WAVELENGTHS
"""Features of a position without its magnification: a sine and a cosine for each coordinate and wavelength."""
POSITION_FEATURES = WAVE_FEATURES + 1


def encode_positions(places: Tensor) -> Tensor:
    """Sines and cosines of the coordinates of places [..., 3], and the log magnification: [..., POSITION_FEATURES].

    As with rotary embeddings, the product of two such vectors depends on the distance of the places, at every wavelength.
    """
    steps = torch.arange(WAVELENGTHS, device=places.device) / (WAVELENGTHS - 1)
    angles = 2 * math.pi * places[..., :2, None] / (SHORTEST_WAVE * (LONGEST_WAVE / SHORTEST_WAVE) ** steps)       # [..., 2, WAVES]
    return torch.cat([angles.sin().flatten(-2), angles.cos().flatten(-2), places[..., 2:]], dim=-1)


def fitting_waves(columns: float, rows: float) -> Tensor:
    """Which of the WAVE_FEATURES belong to wavelengths of at most so many cells across and down, [WAVE_FEATURES] bool."""
    length = SHORTEST_WAVE * (LONGEST_WAVE / SHORTEST_WAVE) ** (torch.arange(WAVELENGTHS) / (WAVELENGTHS - 1))
    return torch.cat([length <= columns + 0.5, length <= rows + 0.5]).repeat(2)


def slot_encodings(rows: int, columns: int) -> Tensor:
    """Encodings of the cells of a periodic map of rows x columns cells, [M, WAVE_FEATURES].

    Only wavelengths that fit into the map a whole number of times are used, so a place and its periodic repetition are encoded
    alike.
    """
    y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    places = torch.stack([x, y, torch.zeros_like(x)], dim=-1).flatten(0, 1).float()
    return encode_positions(places)[:, :WAVE_FEATURES] * fitting_waves(columns, rows)
