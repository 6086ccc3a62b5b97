"""Makes the pieces of a shift map fewer, and free of each other: a piece is the connected pixels that are copied by one offset.

Belief propagation moves single pixels, so it leaves small pieces whose borders cost more than it would to copy their pixels by a
neighbour's offset. And a label's pieces share its offset, although each meets other neighbours.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from studio.media.opencv import opencv
from studio.media.shift_map import Bools, Costs, Floats, ShiftMap

Labels = NDArray[np.intp]

ROUNDS = 4
"""How often all pieces are tried; mostly none changes in the third round."""
SIDES = ((0, 1), (0, -1), (1, 0), (-1, 0))


def numbered(labels: Labels, inside: Bools) -> tuple[Labels, Labels]:
    """Returns the number of each pixel's piece [H, W], -1 outside the hole, and the label of each piece [N]."""
    numbers = np.full(labels.shape, -1, np.intp)
    owners: list[int] = []
    for label in np.unique(labels[inside]):
        found, parts = opencv().connectedComponents(((labels == label) & inside).astype(np.uint8), connectivity=4)
        numbers[parts > 0] = parts[parts > 0] - 1 + len(owners)
        owners += [int(label)] * (found - 1)
    return numbers, np.array(owners, np.intp)


def merge(labels: Labels, costs: Costs) -> Labels:
    """Returns the labels [h, w] after each piece, small ones first, took a neighbour's label if all costs together became less.

    Args:
        labels: that were chosen for the box of a hole.
        costs: of the labels there.
    """
    for _ in range(ROUNDS):
        numbers, owners = numbered(labels, costs.inside)
        sizes = np.bincount(numbers[costs.inside], minlength=len(owners))
        merged = labels.copy()
        for piece in np.argsort(sizes, kind="stable"):
            y, x = np.nonzero(numbers == piece)
            merged[y, x] = _cheapest(merged, costs, numbers, y, x)
        if (merged == labels).all():
            break
        labels = merged
    return labels


def _cheapest(labels: Labels, costs: Costs, numbers: Labels, y: Labels, x: Labels) -> int:
    """The label, of the piece at y and x itself or of those beside it, by which the piece and its border cost least."""
    mine = int(labels[y[0], x[0]])
    here, there = _border(numbers, costs.inside, y, x)
    theirs = labels[tuple(there)]
    tried = np.concatenate([[mine], np.setdiff1d(theirs, [mine])])
    own = costs.unary[y[:, None], x[:, None], tried].sum(0)
    shown = sum((costs.difference[at[0][:, None], at[1][:, None], tried, theirs[:, None]] for at in (here, there)), np.float32(0))
    return int(tried[(own + (shown * (tried != theirs[:, None])).sum(0)).argmin()])


def _border(numbers: Labels, inside: Bools, y: Labels, x: Labels) -> tuple[Labels, Labels]:
    """The pixels of a piece that have a neighbour of another piece, [2, N], and those neighbours, [2, N]."""
    here = np.concatenate([[y, x]] * len(SIDES), 1)
    there = here + np.repeat(np.array(SIDES).T, len(y), 1)
    within = ((there >= 0) & (there < np.array(inside.shape)[:, None])).all(0)
    here, there = here[:, within], there[:, within]
    other = inside[tuple(there)] & (numbers[tuple(there)] != numbers[y[0], x[0]])
    return here[:, other], there[:, other]


def split(shifts: ShiftMap, hole: Bools) -> ShiftMap:
    """Returns the same map with a label for each piece, so that each can be moved by itself; the old labels come after these."""
    numbers, owners = numbered(shifts.labels, hole)
    return ShiftMap(np.concatenate([shifts.offsets[owners], shifts.offsets]), np.where(hole, numbers, 0))


def dearer(costs: Costs, extra: Floats) -> Costs:
    """Returns costs in which each label costs so much more at each pixel, [h, w, K]."""
    return Costs(costs.unary + extra * costs.inside[..., None], costs.difference, costs.inside)
