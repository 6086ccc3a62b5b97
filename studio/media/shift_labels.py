"""Chooses the few offsets that a hole of a picture may be copied by, and what each costs at each pixel.

All offsets of a grid are compared along the hole's rim, part by part: how well the picture goes on there, and how distinct the
place is that would be copied. The best of each part become the labels of the shift map.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studio.media.shift_map import Bools, Floats, Ints, Scene, box_of, lookup, squared_distance, visibility

LABELS = 64
PARTS = 10
"""Parts of a hole, along its longer side, that each choose labels."""
LEAST_SIDE = 4.0
"""Pixels of a part, each way."""
RIM = 3
"""Pixels of the known picture, from the hole outwards, that labels are compared on."""
DISTINCT_WEIGHT = 0.12
DRIFT_WEIGHT = 0.2
RIM_WEIGHT = 5.0
UNCOMPARED_RIM = np.float32(0.15)
"""The error of a label at a pixel of the rim that it has no colour for: it must not win by what it does not say."""
DEEPER = 0.12
"""How much further into the picture than the new ground is deep its sources may lie, above and below."""
NEAR, SPARSE = 3, 3
"""Coarse pixels of an offset that is small, and the step between larger ones."""
WHOLE, LEAST = 0.99, 0.2
"""Share of a part that its first label reaches, and the others."""


@dataclass(frozen=True)
class Choice:
    """Which offsets are tried.

    Attributes:
        rows: how far up and down, as a share of the picture's height.
        columns: how far to the left and right, as a share of its width.
        drift_rows: whether copying from another height costs.
        drift_columns: whether copying from another column costs.
        signs: of rows and columns: 1 or -1 for one direction only, 0 for both.
        likeness: what it costs to copy from a place that is unlike the picture's nearest edge.
    """

    rows: float
    columns: float
    drift_rows: float
    drift_columns: float
    signs: tuple[int, int]
    likeness: float


def beyond(side: str, share: float) -> Choice:
    """The offsets for new ground beyond `left`, `top`, `right` or `bottom` of a picture.

    Args:
        side: where the ground is.
        share: of the whole height or width that the new ground is.
    """
    if side in ("left", "right"):
        return Choice(0.25, 1.0, 1.0, 0.0, (0, 1 if side == "left" else -1), 0.1)
    return Choice(share + DEEPER, 0.6, 0.3, 0.02, (1 if side == "top" else -1, 0), 0.4)


def around() -> Choice:
    """The offsets for a hole inside the picture."""
    return Choice(0.5, 0.5, 0.5, 0.05, (0, 0), 0.1)


def _likely(scene: Scene) -> tuple[Floats, Floats]:
    """What the surroundings of each pixel are like, [H, W, 5], and for pixels of the hole what they should be like."""
    described = np.concatenate([scene.features[..., :3], np.abs(scene.features[..., 3:])], 2)
    known = scene.source.astype(np.float32)[..., None]
    near = (_window(described * known) / np.maximum(_window(known), 1)).astype(np.float32)
    top, bottom, left, right = box_of(scene.source)
    edge = np.ix_(np.arange(known.shape[0]).clip(top, bottom - 1), np.arange(known.shape[1]).clip(left, right - 1))
    values, have = near[edge], scene.source[edge].copy()
    values *= have[..., None]
    while not have.all():
        grown = _grow(have, 1) & ~have
        weight = have.astype(np.float32)[..., None]
        mean = _window(values * weight) / np.maximum(_window(weight), 1e-6)
        values[grown] = mean[grown]
        have |= grown
    return near, values


def choose(scene: Scene, distinct: Floats, choice: Choice, seed: int, layers: int = 1) -> tuple[Ints, Floats]:
    """Returns the offsets of the labels [K, 2], and what each costs at each pixel of the hole's box, [h, w, K].

    Each part of the hole chooses for itself, and there are so many `layers` of parts from the picture's edge outwards. An offset
    that reaches all of a deep part brings what lies so far inside the picture to its near rows, such as houses into a sky.
    """
    offsets = _candidates(scene, choice, seed)
    top, bottom, left, right = box_of(scene.hole)
    rim = _grow(scene.hole, RIM) & scene.source
    part, parts = _parts(scene, layers)
    y, x = np.nonzero(rim)
    rim_part = part[y, x]
    shape = np.array(scene.hole.shape, np.float32)
    share = np.abs(offsets) / shape
    drift = DRIFT_WEIGHT * (choice.drift_rows * share[:, 0] ** 2 + choice.drift_columns * share[:, 1] ** 2)
    costs = np.full((parts, len(offsets)), np.inf, np.float32)
    cover = np.zeros((parts, len(offsets)), np.float32)
    hole_y, hole_x = np.nonzero(scene.hole)
    hole_part = part[hole_y, hole_x]
    near, likely = _likely(scene)
    for number in range(parts):
        at, own = np.flatnonzero(rim_part == number), np.flatnonzero(hole_part == number)
        if not len(own):
            continue
        own = own[:: max(1, len(own) // 30)]
        own_y, own_x = hole_y[own, None], hole_x[own, None]
        _, valid = lookup(scene, own_y, own_x, offsets[None])
        cost = _place_cost(distinct, near, likely, choice.likeness, own_y, own_x, offsets[None])
        costs[number] = (cost * valid).sum(0) / np.maximum(valid.sum(0), 1) + drift
        if len(at):
            costs[number] += RIM_WEIGHT * _rim_error(scene, y[at, None], x[at, None], offsets[None]).mean(0)
        cover[number] = valid.mean(0)
    chosen = offsets[_best(costs, cover, offsets)]
    rows, columns = np.mgrid[top:bottom, left:right]
    unary = _place_cost(distinct, near, likely, choice.likeness, rows[..., None], columns[..., None], chosen[None, None])
    share = np.abs(chosen) / shape
    unary += DRIFT_WEIGHT * (choice.drift_rows * share[:, 0] ** 2 + choice.drift_columns * share[:, 1] ** 2)
    unary += RIM_WEIGHT * _rim_unary(scene, rim, chosen)[top:bottom, left:right]
    return chosen, unary.astype(np.float32)


def copied(values: Floats, hole: Bools, offsets: Ints) -> Floats:
    """Returns the values [H, W] of the places that each label would copy at each pixel of the hole's box, [h, w, K]."""
    top, bottom, left, right = box_of(hole)
    rows, columns = np.mgrid[top:bottom, left:right]
    height, width = values.shape
    return values[(rows[..., None] + offsets[:, 0]).clip(0, height - 1), (columns[..., None] + offsets[:, 1]).clip(0, width - 1)]


def _place_cost(
    distinct: Floats, near: Floats, likely: Floats, likeness: float, y: NDArray[np.intp], x: NDArray[np.intp], offsets: Ints
) -> Floats:
    """What it costs to copy from places: those that are distinct, and those that are unlike what should be here."""
    height, width = distinct.shape
    from_y, from_x = (y + offsets[..., 0]).clip(0, height - 1), (x + offsets[..., 1]).clip(0, width - 1)
    unlike = squared_distance(near[from_y, from_x], likely[y, x])
    return np.float32(DISTINCT_WEIGHT) * distinct[from_y, from_x] + np.float32(likeness) * unlike


def _candidates(scene: Scene, choice: Choice, seed: int) -> Ints:
    """The offsets to try: all that move little along an axis whose drift costs, and of those that move further every third."""
    height, width = scene.hole.shape
    far_y, far_x = max(1, round(choice.rows * height)), max(1, round(choice.columns * width))
    rows, columns = np.mgrid[-far_y:far_y + 1, -far_x:far_x + 1]
    offsets = np.stack([rows.ravel(), columns.ravel()], 1).astype(np.int32)
    for axis, sign in enumerate(choice.signs):
        if sign:
            offsets = offsets[offsets[:, axis] * sign > 0]
    offsets = offsets[np.abs(offsets).sum(1) > 2]
    phase = np.random.default_rng(seed).integers(SPARSE, size=2)
    near, sparse = np.abs(offsets) <= NEAR, offsets % SPARSE == phase
    fine = [np.full(len(offsets), sign != 0) for sign in choice.signs]
    kept = (near[:, 0] | sparse[:, 0] | fine[0]) & (near[:, 1] | sparse[:, 1] | fine[1])
    return offsets[kept]


def _parts(scene: Scene, layers: int) -> tuple[NDArray[np.intp], int]:
    """The number of the part that each pixel [H, W] belongs to, and how many there are.

    There are `layers` of them across the hole's shorter side, fewer if they would be thinner than LEAST_SIDE, more if it is long.
    """
    box = np.array(box_of(scene.hole)).reshape(2, 2)
    extents = box[:, 1] - box[:, 0]
    sides = np.full(2, max(LEAST_SIDE, extents.max() / PARTS))
    thin = extents.argmin()
    sides[thin] = min(sides[thin], max(LEAST_SIDE, extents[thin] / layers))
    rows, columns = (
        ((np.arange(length) - first) // side).clip(0, (last - 1 - first) // side).astype(int)
        for length, (first, last), side in zip(scene.hole.shape, box, sides, strict=True))
    across = int(columns.max()) + 1
    return rows[:, None] * across + columns[None, :], (int(rows.max()) + 1) * across


def _rim_error(scene: Scene, y: NDArray[np.intp], x: NDArray[np.intp], offsets: Ints) -> Floats:
    """By how much known pixels differ from what the offsets would copy there."""
    found, valid = lookup(scene, y, x, offsets)
    error = visibility(squared_distance(found, scene.features[y, x]))
    return np.where(valid, error, UNCOMPARED_RIM)


def _rim_unary(scene: Scene, rim: Bools, offsets: Ints) -> Floats:
    """The mean error of each label on the known pixels around each pixel of the hole, [H, W, K]; 0 far from the rim."""
    height, width = scene.hole.shape
    y, x = np.nonzero(rim)
    error = np.zeros((height, width, len(offsets)), np.float32)
    error[y, x] = _rim_error(scene, y[:, None], x[:, None], offsets[None])
    count = rim.astype(np.float32)
    total, number = _window(error), _window(count[..., None])
    close = _grow(~scene.hole, 1)[..., None]
    return np.where(close & (number > 0), total / np.maximum(number, 1), 0)


def _window(values: Floats) -> Floats:
    """The sums over the pixels at most RIM away along each axis."""
    for axis in (0, 1):
        pads = [(0, 0)] * values.ndim
        pads[axis] = (RIM + 1, RIM)
        sums = np.cumsum(np.pad(values, pads), axis, dtype=np.float32)
        length = values.shape[axis]
        values = sums.take(range(2 * RIM + 1, 2 * RIM + 1 + length), axis) - sums.take(range(length), axis)
    return values


def _grow(mask: Bools, by: int) -> Bools:
    """The mask and what is at most `by` pixels from it along each axis."""
    for _ in range(by):
        padded = np.pad(mask, 1)
        mask = np.any([padded[y:y + mask.shape[0], x:x + mask.shape[1]] for y in range(3) for x in range(3)], 0)
    return mask


def _best(costs: Floats, cover: Floats, offsets: Ints) -> NDArray[np.intp]:
    """The numbers of the labels: by turns, the best of each part that is not beside one that was chosen already.

    The first of each part is one that reaches all its pixels, so that none of them is left without a source.
    """
    chosen: list[int] = []
    taken = np.zeros(len(offsets), bool)
    for reach in [WHOLE] + [LEAST] * LABELS:
        for cost, share in zip(costs, cover, strict=True):
            if len(chosen) == LABELS:
                break
            free = np.where((share < min(reach, share.max(initial=0))) | (taken & (reach < WHOLE)), np.inf, cost)
            if np.isfinite(free.min()):
                best = int(free.argmin())
                chosen.append(best)
                taken |= np.abs(offsets - offsets[best]).max(1) <= 1
    return np.unique(chosen)
