"""Solves where each missing pixel of a picture is copied from, as a map of offsets with few and invisible borders between them.

A label is an offset: the pixel at p takes the colour at p + offset. Belief propagation chooses labels such that neighbours with
different labels would show nearly the same colours and slopes there (Pritch et al., "Shift-map image editing", 2009). The map is
solved on a small picture; `refine` takes it to twice the size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int32]

IMPOSSIBLE = np.float32(1e3)
"""The cost of copying from where nothing is known."""
UNCOMPARED = 0.05
"""The usual cost of a border between two labels, at a pixel where only one of them has a colour."""
LARGEST_DIFFERENCE = np.float32(0.3)
"""Squared differences between two labels count up to here, so that one bad pixel does not decide."""
DIFFERENCE_WEIGHT = np.float32(0.5)


@dataclass(frozen=True)
class Scene:
    """A picture with holes, at one size.

    Attributes:
        features: [H, W, C], what neighbours are compared by.
        source: [H, W], the pixels that may be copied.
        hole: [H, W], the pixels to fill; none of them is a source.
        uncompared: the cost of a border at a pixel where only one of its labels has a colour. If it is lower than what borders
            mostly cost, pieces end in straight lines, where their sources do.
    """

    features: Floats
    source: Bools
    hole: Bools
    uncompared: float = UNCOMPARED


def features_of(colours: Floats) -> Floats:
    """Returns the colours [H, W, 3] with the two slopes of their brightness beside them, [H, W, 5]."""
    luma = colours.mean(2)
    slopes = np.zeros((*luma.shape, 2), np.float32)
    slopes[:, :-1, 0] = luma[:, 1:] - luma[:, :-1]
    slopes[:-1, :, 1] = luma[1:] - luma[:-1]
    return np.concatenate([colours, SLOPE_WEIGHT * slopes], 2)


def visibility(squares: Floats) -> Floats:
    """Returns what a border costs at pixels whose features differ by these squares.

    It grows with the difference, not with its square: by squares a long step in a soft sky costs nothing, and it shows.
    """
    return DIFFERENCE_WEIGHT * np.sqrt(squares.clip(0, LARGEST_DIFFERENCE))


def squared_distance(one: Floats, other: Floats) -> Floats:
    """Returns the sums over the last axis of the squared differences of [..., C], quicker than `sum` where C is small."""
    squares = one - other
    squares *= squares
    first, second, *others = np.moveaxis(squares, -1, 0)
    total: Floats = first + second
    for each in others:
        total += each
    return total


SLOPE_WEIGHT = np.float32(2.0)
MOST_COMPARED = 1000
"""Pixels on the borders of a label that are looked at when it is moved."""


def lookup(scene: Scene, rows: NDArray[np.intp], columns: NDArray[np.intp], offsets: Ints) -> tuple[Floats, Bools]:
    """Returns the features [..., C] at places moved by offsets [..., 2], and whether each is a source [...]."""
    height, width = scene.source.shape
    y, x = rows + offsets[..., 0], columns + offsets[..., 1]
    inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
    y, x = y.clip(0, height - 1), x.clip(0, width - 1)
    return scene.features[y, x], inside & scene.source[y, x]


@dataclass(frozen=True)
class Costs:
    """What labels cost in the box of rows and columns that a hole spans.

    Attributes:
        unary: [h, w, K], of each label at each pixel; 0 outside the hole.
        difference: [h, w, K, K], a pixel's half of what a border between two labels costs.
        inside: [h, w], the hole.
    """

    unary: Floats
    difference: Floats
    inside: Bools


def costs_of(scene: Scene, offsets: Ints, unary: Floats, change: float) -> Costs:
    """Returns what labels cost in a scene.

    Args:
        scene: the picture; its hole is to be solved.
        offsets: [K, 2], rows and columns.
        unary: [h, w, K], the cost of each label at each pixel of the hole's box, where its source is known.
        change: what each border between two labels costs beside the difference that it shows.
    """
    top, bottom, left, right = box_of(scene.hole)
    rows, columns = np.mgrid[top:bottom, left:right]
    colours, valid = lookup(scene, rows[..., None], columns[..., None], offsets[None, None])
    unary = np.where(valid, unary, IMPOSSIBLE).astype(np.float32)
    inside = scene.hole[top:bottom, left:right]
    unary[~inside] = 0
    difference = _differences(colours, valid, scene.uncompared)
    # a border lies between two pixels: each bears half of what a change costs
    difference += np.float32(change / 2) * (1 - np.eye(len(offsets), dtype=np.float32))
    return Costs(unary, difference, inside)


def solve(costs: Costs, sweeps: int = 4) -> NDArray[np.intp]:
    """Choose a label for each pixel of a box by belief propagation.

    Args:
        costs: of the labels.
        sweeps: of the whole box, in four directions each.

    Returns:
        [h, w], the number of the chosen label; 0 outside the hole.
    """
    messages = np.zeros((4, *costs.unary.shape), np.float32)   # that reach a pixel: from its left, right, upper, lower neighbour
    for _ in range(sweeps):
        for axis in (1, 0):
            for forwards in (True, False):
                _sweep(costs.unary, messages, costs.difference, costs.inside, axis, forwards)
    return np.where(costs.inside, (costs.unary + messages.sum(0)).argmin(2), 0)


def _differences(colours: Floats, valid: Bools, uncompared: float) -> Floats:
    """[h, w, K, K]: how much two labels differ at each pixel."""
    square = (colours * colours).sum(3)
    difference = square[..., :, None] + square[..., None, :] - 2 * colours @ colours.swapaxes(2, 3)
    difference = visibility(difference)
    difference[~(valid[..., :, None] & valid[..., None, :])] = uncompared
    return difference


def _sweep(unary: Floats, messages: Floats, difference: Floats, inside: Bools, axis: int, forwards: bool) -> None:
    """Pass messages along one axis, line after line, in place."""
    length = unary.shape[axis]
    incoming, opposite = (2 - 2 * axis, 3 - 2 * axis) if forwards else (3 - 2 * axis, 2 - 2 * axis)
    lines = range(length - 1) if forwards else range(length - 1, 0, -1)
    cost = np.empty((unary.shape[1 - axis], *difference.shape[2:]), np.float32)     # for all lines
    for line in lines:
        here = (slice(None), line) if axis else (line,)
        there = (slice(None), line + (1 if forwards else -1)) if axis else (line + (1 if forwards else -1),)
        belief = unary[here] + messages[(slice(None), *here)].sum(0) - messages[(opposite, *here)]
        np.add(difference[here], difference[there], out=cost)
        cost += belief[:, :, None]
        message = cost.min(1)
        message -= message.min(1, keepdims=True)
        message[~(inside[here] & inside[there])] = 0
        messages[(incoming, *there)] = message


def box_of(mask: Bools) -> tuple[int, int, int, int]:
    """Returns top, bottom, left and right of the box that holds every true pixel of a mask [H, W] that has some."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


@dataclass(frozen=True)
class ShiftMap:
    """Where each pixel of a hole is copied from.

    Attributes:
        offsets: [K, 2], rows and columns of each label.
        labels: [H, W], the number of each pixel's label; it has a meaning in the hole only.
    """

    offsets: Ints
    labels: NDArray[np.intp]


STEPS = np.array([(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0)])


def enlarge(shifts: ShiftMap, scene: Scene) -> ShiftMap:
    """Returns a shift map at twice its size, that of `scene`, with every offset twice as long."""
    height, width = scene.hole.shape
    labels = shifts.labels.repeat(2, 0).repeat(2, 1)[:height, :width]
    offsets = (shifts.offsets * 2).astype(np.int32)
    return ShiftMap(offsets, _repair(labels, scene, offsets))


def refine(shifts: ShiftMap, scene: Scene, change: float, rounds: int = 2) -> ShiftMap:
    """Take a shift map to a scene of twice its size.

    Each label moves by up to one pixel to where its borders show least; then pixels on borders choose between the labels around
    them. Returns the map at the size of `scene`.
    """
    shifts = enlarge(shifts, scene)
    labels = shifts.labels
    offsets = _align(labels, scene, shifts.offsets)
    labels = _repair(labels, scene, offsets)
    for _ in range(rounds):
        for parity in (0, 1):
            labels = _choose(labels, scene, offsets, change, parity)
    return ShiftMap(offsets, labels)


def _repair(labels: NDArray[np.intp], scene: Scene, offsets: Ints) -> NDArray[np.intp]:
    """Labels whose source is not known are replaced by the first one that has one; a coarse map knows edges roughly."""
    y, x = np.nonzero(scene.hole)
    _, valid = lookup(scene, y, x, offsets[labels[y, x]])
    y, x = y[~valid], x[~valid]
    if not len(y):
        return labels
    _, possible = lookup(scene, y[:, None], x[:, None], offsets[None])
    possible[:, 0] |= ~possible.any(1)
    labels = labels.copy()
    far = np.abs(offsets[None] - offsets[labels[y, x]][:, None]).sum(2).astype(np.float32)
    labels[y, x] = np.where(possible, far, np.inf).argmin(1)
    return labels


def _align(labels: NDArray[np.intp], scene: Scene, offsets: Ints) -> Ints:
    """Move each label by the step of one pixel, or none, after which the borders of its pixels show least."""
    y, x, ny, nx = _borders(labels, scene)
    theirs = np.where(scene.hole[ny, nx][:, None], offsets[labels[ny, nx]], 0)
    mine = labels[y, x]
    moved = offsets.copy()
    steps = np.array([(step_y, step_x) for step_y in (0, -1, 1) for step_x in (0, -1, 1)], np.int32)
    for label in np.unique(mine):
        at = np.flatnonzero(mine == label)
        at = at[::len(at) // MOST_COMPARED + 1]
        tried = offsets[label] + steps
        cost = _border_cost(scene, y[at, None], x[at, None], tried[None], ny[at, None], nx[at, None], theirs[at, None]).mean(0)
        _, valid = lookup(scene, y[at, None], x[at, None], tried[None])
        moved[label] = tried[(cost + ~valid.all(0)).argmin()]
    return moved


def _borders(labels: NDArray[np.intp], scene: Scene) -> tuple[NDArray[np.intp], ...]:
    """Pixels of the hole beside another label or a source, and those neighbours: y, x, neighbour's y, neighbour's x."""
    number = np.where(scene.hole, labels, np.where(scene.source, -1, -2))
    found = []
    for axis in (0, 1):
        first, second = (number[:-1], number[1:]) if axis == 0 else (number[:, :-1], number[:, 1:])
        y, x = np.nonzero((first != second) & (first > -2) & (second > -2))
        pair = np.array([y, x, y + (axis == 0), x + (axis == 1)])
        for y, x, other_y, other_x in (pair, pair[[2, 3, 0, 1]]):
            inside = scene.hole[y, x]
            found.append((y[inside], x[inside], other_y[inside], other_x[inside]))
    return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))


def _border_cost(
    scene: Scene, y: NDArray[np.intp], x: NDArray[np.intp], mine: Ints, ny: NDArray[np.intp], nx: NDArray[np.intp], theirs: Ints
) -> Floats:
    """What a border between neighbours with the offsets `mine` and `theirs` shows, at both of them."""
    cost = np.zeros(np.broadcast(y, mine[..., 0]).shape, np.float32)
    for at_y, at_x in ((y, x), (ny, nx)):
        one, valid = lookup(scene, at_y, at_x, mine)
        other, known = lookup(scene, at_y, at_x, theirs)
        difference = visibility(squared_distance(one, other))
        cost += np.where(valid & known, difference, np.float32(scene.uncompared))
    return cost


def _choose(labels: NDArray[np.intp], scene: Scene, offsets: Ints, change: float, parity: int) -> NDArray[np.intp]:
    """Let every other pixel on a border take the best of its own and its neighbours' labels."""
    height, width = labels.shape
    y, x, _, _ = _borders(labels, scene)
    place = np.unique(y[(y + x) % 2 == parity] * width + x[(y + x) % 2 == parity])
    y, x = place // width, place % width
    near_y, near_x = y[:, None] + STEPS[:, 0], x[:, None] + STEPS[:, 1]
    inside = (near_y >= 0) & (near_y < height) & (near_x >= 0) & (near_x < width)
    near_y, near_x = near_y.clip(0, height - 1), near_x.clip(0, width - 1)
    filled, source = scene.hole[near_y, near_x] & inside, scene.source[near_y, near_x] & inside
    candidates = np.where(filled, labels[near_y, near_x], labels[y, x][:, None])
    _, valid = lookup(scene, y[:, None], x[:, None], offsets[candidates])
    cost = np.where(valid, 0, IMPOSSIBLE).astype(np.float32)
    for side in range(1, len(STEPS)):
        theirs = np.where(filled[:, side, None], offsets[labels[near_y[:, side], near_x[:, side]]], 0)
        shown = _border_cost(
            scene, y[:, None], x[:, None], offsets[candidates], near_y[:, side, None], near_x[:, side, None], theirs[:, None])
        same = filled[:, side, None] & (candidates == labels[near_y[:, side], near_x[:, side]][:, None])
        meets = (filled | source)[:, side, None]
        cost += np.where(meets & ~same, shown + np.float32(change), 0)
    labels = labels.copy()
    labels[y, x] = candidates[np.arange(len(y)), cost.argmin(1)]
    return labels
