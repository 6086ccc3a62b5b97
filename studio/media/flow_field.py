"""Turns brush strokes over a picture into a field of velocities: where something flows, which way and how fast."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Stroke = Sequence[tuple[float, float]]

INNER = 0.5
"""Share of the brush's radius within which the velocity is the full one."""
STEPS = 6
"""Points of a stroke along one radius of its brush."""
AGREEMENT = 0.5
"""Length of the mean direction, at crossings, below which the velocity shrinks: opposite ways do not add up to a third one."""
AT_ONCE = 4_000_000
"""Pairs of a cell and a point that are compared at a time, which bounds the memory."""


def flow_field(
    flows: Sequence[tuple[Stroke, float, float]], width: int, height: int, cell: int, fps: float
) -> Floats:
    """Returns the velocities that strokes give a picture.

    The velocity is along the stroke's tangent, full in the inner half of the brush and zero at its edge. Where strokes overlap,
    each counts by how near its middle is. A stroke of one point has no direction and gives nothing. A brush thinner than the
    cells is as thick as two of them, so that it is not lost between their centres.

    Args:
        flows: strokes of (x, y) as shares of the picture's width and height, each with the brush's width as a share of the
            picture's width, and the speed in shares of the picture's width for each second.
        width: of the picture, in pixels.
        height: of the picture, in pixels.
        cell: pixels of a cell of the grid, each way.
        fps: frames in a second.

    Returns:
        [rows, columns, 2]: x and y of the velocity in pixels for each frame, at the centres of the cells;
        rows = ceil(height / cell).

    Raises:
        ValueError: the picture, the cell or the frame rate is not above 0.
    """
    if min(width, height, cell) < 1 or fps <= 0:
        raise ValueError("A flow field needs a picture, cells and a frame rate above 0.")
    rows, columns = -(-height // cell), -(-width // cell)
    total, weight = np.zeros((rows, columns, 2), np.float32), np.zeros((rows, columns, 1), np.float32)
    for stroke, brush, speed in flows:
        radius = max(brush * width / 2, float(cell))
        points, tangents = _way(np.asarray(stroke, np.float64).reshape(-1, 2) * (width, height), radius)
        if len(points):
            direction, strength = _along(points, tangents, radius, rows, columns, cell)
            total += strength ** 2 * direction * np.float32(speed * width / fps)
            weight += strength
    return np.where(weight > 0, total / np.maximum(weight, np.float32(1e-6)), np.float32(0))


def _way(corners: NDArray[np.float64], radius: float) -> tuple[Floats, Floats]:
    """Points at even distances along a stroke in pixels, and the smooth tangents there, both [N, 2]; none if it goes nowhere."""
    if len(corners) < 2:
        return np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32)
    lengths = np.concatenate([[0.0], np.hypot(*np.diff(corners, axis=0).T).cumsum()])
    if lengths[-1] < 1e-6:
        return np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32)
    count = max(3, int(np.ceil(lengths[-1] / radius * STEPS)) + 1)
    at = np.linspace(0, lengths[-1], count)
    points = np.stack([np.interp(at, lengths, corners[:, axis]) for axis in (0, 1)], 1)
    tangents = np.gradient(points, axis=0)
    reach = min(STEPS, count - 1)                  # a hand trembles by less than the brush is wide
    window = np.hanning(2 * reach + 3)[1:-1]
    smooth = np.stack([np.convolve(np.pad(tangents[:, axis], reach, mode="edge"), window, "valid") for axis in (0, 1)], 1)
    smooth /= np.maximum(np.hypot(*smooth.T), 1e-9)[:, None]
    return points.astype(np.float32), smooth.astype(np.float32)


def _along(points: Floats, tangents: Floats, radius: float, rows: int, columns: int, cell: int) -> tuple[Floats, Floats]:
    """The direction [rows, columns, 2] of one stroke, at most 1 long, and its strength [rows, columns, 1] from 0 to 1."""
    direction, strength = np.zeros((rows, columns, 2), np.float32), np.zeros((rows, columns, 1), np.float32)
    low, high = (points.min(0) - radius) // cell, (points.max(0) + radius) // cell + 1
    left, top = np.maximum(low, 0).astype(int)
    right, bottom = np.minimum(high, (columns, rows)).astype(int)
    if right <= left or bottom <= top:
        return direction, strength
    lines = max(1, AT_ONCE // (len(points) * (right - left)))
    x = (np.arange(left, right, dtype=np.float32) + np.float32(0.5)) * cell
    for first in range(top, bottom, lines):
        last = min(bottom, first + lines)
        y = (np.arange(first, last, dtype=np.float32) + np.float32(0.5)) * cell
        away = (np.square(x[None, :, None] - points[:, 0]) + np.square(y[:, None, None] - points[:, 1])) / np.float32(radius ** 2)
        near = np.square(np.maximum(1 - away, 0))                  # the weight of each point: smooth, and 0 from one radius on
        mean = near @ tangents / np.maximum(near.sum(2, keepdims=True), np.float32(1e-9))
        length = np.hypot(mean[..., 0], mean[..., 1])[..., None]
        share = ((1 - np.sqrt(away.min(2))) / np.float32(1 - INNER)).clip(0, 1)[..., None]
        box = slice(first, last), slice(left, right)
        direction[box] = mean / np.maximum(length, np.float32(AGREEMENT))
        strength[box] = share * share * (3 - 2 * share)
    return direction, strength
