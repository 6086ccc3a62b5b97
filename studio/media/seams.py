"""Copies the pieces of a shift map into a picture's hole and joins them in the gradient domain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from studio.media.drift import Limits, bound
from studio.media.membrane import membrane, soften
from studio.media.roughness import kept_share
from studio.media.shift_map import Bools, Floats, ShiftMap, box_of

Pixels = NDArray[np.uint8]

HOLD = 4.0
"""How strongly joined pieces keep their own colours; see `membrane`. Per pixel it is HOLD over the picture's area."""


def join(
    picture: Pixels, source: Bools, whole: Bools, shifts: ShiftMap, limits: Limits | None, calm: bool, soft: int
) -> Pixels:
    """Returns the picture with the pieces copied into the whole hole and joined in the gradient domain, within the limits.

    Args:
        picture: [H, W, 3].
        source: [H, W], what may be copied.
        whole: [H, W], the hole.
        shifts: where its pixels are copied from.
        limits: of its mean colours, if there are some.
        calm: whether its first step is no rougher than what lies on both sides of it, see `roughness`.
        soft: pixels over which what is left of that step fades, see `membrane.soften`.
    """
    height, width = whole.shape
    top, bottom, left, right = box_of(whole)
    top, bottom, left, right = max(0, top - 1), min(height, bottom + 1), max(0, left - 1), min(width, right + 1)
    box = slice(top, bottom), slice(left, right)
    colours: Floats = picture.astype(np.float32) / np.float32(255)
    hole = whole[box]
    offsets = np.where(hole[..., None], shifts.offsets[shifts.labels[box]], 0)
    y, x = np.ogrid[box]
    copied = colours[(y + offsets[..., 0]).clip(0, height - 1), (x + offsets[..., 1]).clip(0, width - 1)]
    steps = [_steps(colours, source, copied, box, offsets, axis, calm) for axis in (1, 0)]
    correction = membrane(steps[0], steps[1], hole, HOLD / whole.size)
    joined = soften(copied + correction, copied, steps, hole, source[box], soft)
    colours[box] = np.where(hole[..., None], joined, colours[box])
    if limits is not None:
        colours += bound(colours, whole, limits)
    result = picture.copy()
    result[whole] = (colours[whole].clip(0, 1) * 255).round().astype(np.uint8)
    return result


def _steps(
    colours: Floats, source: Bools, copied: Floats, box: tuple[slice, slice], offsets: NDArray[np.int32], axis: int,
    calm: bool,
) -> Floats:
    """By how much the correction must grow from each pixel of a box to the next one along an axis, [h, w, 3].

    Within a piece it need not grow. Two pieces that meet say each how the colour goes on across their border; the mean of both
    is wanted. If `calm`, less is wanted where the picture is smoother.
    """
    height, width = source.shape
    down, right = int(axis == 0), int(axis == 1)
    rows, columns = copied.shape[0] - down, copied.shape[1] - right
    y, x = np.nonzero((offsets[:rows, :columns] != offsets[down:, right:]).any(2))
    wanted, votes = np.zeros((len(y), 3), np.float32), np.zeros((len(y), 1), np.float32)
    for used in (offsets[y, x], offsets[y + down, x + right]):
        here_y, here_x = y + used[:, 0] + box[0].start, x + used[:, 1] + box[1].start
        there_y, there_x = here_y + down, here_x + right
        valid = (here_y >= 0) & (there_y < height) & (here_x >= 0) & (there_x < width)
        here_y, there_y = here_y.clip(0, height - 1), there_y.clip(0, height - 1)
        here_x, there_x = here_x.clip(0, width - 1), there_x.clip(0, width - 1)
        valid &= source[here_y, here_x] & source[there_y, there_x]
        wanted += valid[:, None] * (colours[there_y, there_x] - colours[here_y, here_x])
        votes += valid[:, None]
    wanted /= np.maximum(votes, 1)
    if calm:
        wanted *= kept_share(colours, source, wanted, y + box[0].start, x + box[1].start, axis)
    result = np.zeros_like(copied)
    result[y, x] = wanted - (copied[y + down, x + right] - copied[y, x])
    return result
