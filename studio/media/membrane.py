"""Joins copied pieces in the gradient domain: their slopes stay, and the steps between them are spread until no seam shows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from studio.media.opencv import opencv

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

CYCLES, SMOOTHINGS = 5, 2
CROSS = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32)


def membrane(step_right: Floats, step_down: Floats, hole: Bools, hold: float) -> Floats:
    """Returns the correction [H, W, C] to add to copied pixels so that neighbours differ by what their pieces say.

    It is zero outside the hole, and otherwise the smoothest one whose own steps are close to those that are asked for (a Poisson
    equation, solved by multigrid; the picture's outer edge is free).

    Args:
        step_right: [H, W, C], by how much the correction should grow from each pixel to its right neighbour.
        step_down: [H, W, C], the same to the lower neighbour.
        hole: [H, W], the pixels that may change.
        hold: how much a correction costs by itself, per pixel; it keeps a bad seam's stain from spreading far. 0: nothing.
    """
    right, down = step_right.copy(), step_down.copy()
    right[:, -1], down[-1] = 0, 0
    wanted = -right - down
    wanted[:, 1:] += right[:, :-1]
    wanted[1:] += down[:-1]
    free = hole[..., None].astype(np.float32)
    wanted *= free
    correction = np.zeros_like(wanted)
    weight = _weight(free, hold, 1)
    for _ in range(CYCLES):
        correction += _cycle(_residual(correction, wanted, free, weight), free, hold)
    return correction


def soften(joined: Floats, copied: Floats, steps: list[Floats], hole: Bools, known: Bools, soft: int) -> Floats:
    """Returns the joined pixels [H, W, C] with what is left of the step at the hole's border spread over a few pixels.

    A membrane is smooth along the border too, so it cannot follow fine texture that ends there.

    Args:
        joined: [H, W, C], after the correction.
        copied: before it.
        steps: to the right and down, as `membrane` takes them.
        hole: [H, W], the pixels that may change.
        known: [H, W], the pixels that the border's steps are counted from.
        soft: pixels over which it is spread. Over many the border's texture lies in stripes on the ground.
    """
    total, weight = np.zeros_like(joined), np.zeros((*hole.shape, 1), np.float32)
    height, width = hole.shape
    for axis, step in ((1, steps[0]), (0, steps[1])):
        for sign in (1, -1):
            move = np.array([sign * (axis == 0), sign * (axis == 1)])
            y, x = np.nonzero(known)
            inside = (y + move[0] >= 0) & (y + move[0] < height) & (x + move[1] >= 0) & (x + move[1] < width)
            y, x = y[inside], x[inside]
            meets = hole[y + move[0], x + move[1]]
            y, x = y[meets], x[meets]
            near_y, near_x = y + move[0], x + move[1]
            asked = step[y, x] if sign > 0 else -step[near_y, near_x]
            wrong = asked - (joined[near_y, near_x] - copied[near_y, near_x])
            for far in range(soft):
                at_y, at_x = near_y + far * move[0], near_x + far * move[1]
                reach = (at_y >= 0) & (at_y < height) & (at_x >= 0) & (at_x < width)
                at_y, at_x, wrong = at_y[reach], at_x[reach], wrong[reach]
                near_y, near_x = near_y[reach], near_x[reach]
                share = np.float32(1 - far / soft) ** 2
                total[at_y, at_x] += share * wrong
                weight[at_y, at_x] += share
    total *= hole[..., None] / np.maximum(weight, np.float32(1))
    return joined + total


def _neighbours(values: Floats) -> Floats:
    """The sum of the four neighbours; beyond the outer edge lies the pixel's own value."""
    cv2 = opencv()
    return np.asarray(cv2.filter2D(values, -1, CROSS, borderType=cv2.BORDER_REPLICATE)).reshape(values.shape)


def _residual(values: Floats, wanted: Floats, free: Floats, weight: Floats) -> Floats:
    return (wanted - weight * values + _neighbours(values)) * free


def _weight(free: Floats, hold: float, size: int) -> Floats:
    """The weight of each pixel's own value, [H, W, 1], where a pixel is `size` pixels of the picture wide.

    The held pixels of the picture begin half a pixel of the picture behind the border, so they are nearer to large pixels.
    """
    nearer = 2 * size / (size + 1) - 1
    held = 4 - _neighbours(free)
    return (4 + hold + nearer * held).astype(np.float32)


def _cycle(wanted: Floats, free: Floats, hold: float, size: int = 1) -> Floats:
    """One V-cycle of multigrid from zero."""
    weight = _weight(free, hold, size)
    pace = np.float32(0.8) / weight
    values = wanted * free * pace
    small = min(wanted.shape[:2]) <= 4
    for _ in range(40 if small else SMOOTHINGS - 1):
        values += _residual(values, wanted, free, weight) * pace
    if small:
        return values
    residual = _residual(values, wanted, free, weight)
    less = _cycle(_smaller(residual), (_smaller(free, 1.0) > 3).astype(np.float32), 4 * hold, 2 * size)
    values += _larger(less, wanted.shape) * free
    for _ in range(SMOOTHINGS):
        values += _residual(values, wanted, free, weight) * pace
    return values


def _smaller(values: Floats, beyond: float = 0.0) -> Floats:
    """The sums of two by two pixels; beyond an odd last row or column lies the value `beyond`."""
    cv2 = opencv()
    height, width, channels = values.shape
    padded = np.pad(values, ((0, height % 2), (0, width % 2), (0, 0)), constant_values=beyond)
    rows, columns = padded.shape[0] // 2, padded.shape[1] // 2
    means = cv2.resize(padded, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(means).reshape(rows, columns, channels) * np.float32(4)


def _larger(values: Floats, shape: tuple[int, ...]) -> Floats:
    """The values at twice the size, bilinear, cropped to `shape`."""
    cv2 = opencv()
    rows, columns, channels = values.shape
    large = cv2.resize(values, (2 * columns, 2 * rows), interpolation=cv2.INTER_LINEAR)
    return np.asarray(large).reshape(2 * rows, 2 * columns, channels)[:shape[0], :shape[1]]
