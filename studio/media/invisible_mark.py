"""An invisible mark in exported films, which stays when a film is coded again, scaled or cropped and its tags are gone.

The method is that of JAWS (Kalker, Depovere, Haitsma and Maes, "A video watermarking system for broadcast monitoring",
SPIE 3657, 1999): a pseudo-random tile is repeated over the frame and added to its luma, weaker where little would hide it. Two
tiles are added, and how far one is shifted against the other is a number. All frames bear the same pattern, so they vote together;
a reader of one that changed would have to know when it changes, also at another frame rate.

Unlike there, a tile is a third of the frame's shorter side, so a film that was scaled has as many tiles as before. Its waves all
have the same amplitude and phases of their own: from that `mark_reader` derives how rarely it is wrong about unmarked films.
"""

from __future__ import annotations

import hashlib

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.language import sentence
from studio.media import MediaError
from studio.media.clip import Frame

Plane = NDArray[np.float32]
"""[H, W]: luma, or something of each pixel."""
Waves = NDArray[np.complex64]
"""[HIGHEST + 1, 2 HIGHEST + 1]: amplitudes of a tile's waves, by periods down (from 0) and across (from -HIGHEST); 0: none."""

TILES = 3
"""Tiles along the frame's shorter side."""
LOWEST, HIGHEST = 8, 20
"""Periods of a tile's waves: slower ones are seen and drown in the picture, quicker ones are lost when a film is coded."""
CELLS, STEP = 128, 4
"""Places along a tile at which it may begin, and those between neighbouring shifts of the second tile."""
NUMBERS = (CELLS // STEP) ** 2
"""A mark carries one of so many numbers."""
SMALLEST = 160
"""Pixels of the shorter side from which on a frame has room for the tiles' waves."""
FLAT, BUSY, GAIN = 0.4, 2.8, 0.3
"""Strength of the pattern in levels (its deviation) on flat ground, at most, and for each level of activity."""
ACTIVITY_LIMIT = 9.0
"""Levels from which on an edge counts no more, so that there is no halo around it."""
MOST = 1.5
"""Levels that the pattern has in a frame as a whole, at most (a PSNR of 44.6 dB)."""
PEAK = 2.0
"""Deviations from which on the pattern's tops are cut: they are seen first, and carry little."""


def film_number(name: str) -> int:
    """The number that marks the film of that name or id: the same for the same name, below NUMBERS."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) % NUMBERS


def tile_waves(which: int) -> Waves:
    """The waves of the first (0) or second (1) tile. They are the same for ever: phases are bytes of SHAKE-256."""
    down, across = np.mgrid[: HIGHEST + 1, -HIGHEST : HIGHEST + 1]
    radius = np.hypot(down, across)
    inside = (radius >= LOWEST) & (radius <= HIGHEST) & ((down > 0) | (across > 0))       # the other half-plane is its mirror
    drawn = np.frombuffer(hashlib.shake_256(f"MemoryPack Studio, tile {which}".encode()).digest(4 * down.size), "<u4")
    phases = drawn.reshape(down.shape) * (2 * np.pi / 2**32)
    return np.where(inside, np.exp(1j * phases), 0).astype(np.complex64)


def shift(waves: Waves, down: float, across: float) -> Waves:
    """A tile's waves after it was moved by so many CELLS."""
    turns = np.add.outer(np.arange(HIGHEST + 1) * down, np.arange(-HIGHEST, HIGHEST + 1) * across) / CELLS
    return (waves * np.exp(-2j * np.pi * turns)).astype(np.complex64)


def phase_table(pixels: int, period: float, waves: NDArray[np.int_]) -> NDArray[np.complex64]:
    """[waves, pixels]: turns of waves with so many periods in a tile of `period` pixels, at each pixel's middle."""
    at = (np.arange(pixels) + 0.5) / period
    return np.exp(2j * np.pi * np.outer(waves, at)).astype(np.complex64)


def pattern(width: int, height: int, number: int) -> Plane:
    """What is added to a frame's luma, [H, W], of deviation about 1: both tiles, the second one shifted as the number says."""
    down, across = divmod(number, CELLS // STEP)
    waves = tile_waves(0) + shift(tile_waves(1), down * STEP, across * STEP)
    period = min(width, height) / TILES
    rows = phase_table(height, period, np.arange(HIGHEST + 1))
    columns = phase_table(width, period, np.arange(-HIGHEST, HIGHEST + 1))
    plane = (rows.T @ waves @ columns).real
    return (plane / plane.std()).clip(-PEAK, PEAK).astype(np.float32)


def luma(frame: Frame) -> Plane:
    """The luma [H, W] of a frame [H, W, 3], 0 to 255 (BT.709)."""
    return frame.astype(np.float32) @ np.array([0.2126, 0.7152, 0.0722], np.float32)


def strength(light: Plane) -> Plane:
    """How strong the pattern may be at each pixel of a frame's luma, in levels.

    Detail hides it: the mean of how far pixels are from their surroundings. In shadows less of it is hidden.
    """
    unit = min(light.shape) / 384
    detail = np.minimum(np.abs(light - cv2.GaussianBlur(light, (0, 0), 2.5 * unit)), ACTIVITY_LIMIT)
    activity = cv2.GaussianBlur(detail, (0, 0), 5 * unit)
    near = cv2.erode(activity, np.ones((2 * round(6 * unit) + 1,) * 2))       # flat ground beside an edge is flat
    surround = cv2.GaussianBlur(light, (0, 0), 5 * unit)
    shade = np.interp(surround, (0, 40, 255), (0.5, 1, 1)).astype(np.float32)
    return np.asarray(np.minimum(FLAT + GAIN * near, BUSY) * shade, np.float32)


class InvisibleMark:
    """Marks frames of one size with a number."""

    def __init__(self, number: int, width: int, height: int) -> None:
        """Draw the pattern once.

        Args:
            number: below NUMBERS.
            width, height: of the frames, in pixels.

        Raises:
            MediaError: the frames are too small.
        """
        check_mark(width, height)
        self._pattern = pattern(width, height, number)

    def put(self, frame: Frame) -> Frame:
        """A copy of the frame [H, W, 3] with the mark, at 42 dB or more."""
        added = self._pattern * strength(luma(frame))
        level = float(np.sqrt(np.square(added).mean()))
        if level > MOST:
            added *= MOST / level
        whole = np.rint(added).astype(np.int16)                  # the same of red, green and blue
        return np.asarray((frame + whole[..., None]).clip(0, 255), np.uint8)


def check_mark(width: int, height: int) -> None:
    """Raises MediaError: frames of that size in pixels are too small for a mark."""
    if min(width, height) < SMALLEST:
        raise MediaError(sentence(
            "Frames of {width}×{height} pixels are too small for the invisible mark: it needs {least} pixels each way. Export "
            "without it.", width=width, height=height, least=SMALLEST))
