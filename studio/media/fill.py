"""Makes up the ground that a picture lacks: beyond its edges, and behind what was taken out of it.

The new ground is made of pieces of the picture, never turned or mirrored, and chosen so that they meet without a visible border
(`shift_map`), that nothing distinct occurs a second time (`distinctness`), and that sky goes on as sky and ground as ground. The
pieces are joined in the gradient domain (`membrane`), and their mean colours stay in the range of the picture's (`drift`). The same
picture gives the same pixels again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from studio.media import shift_labels
from studio.media.distinctness import distinctness
from studio.media.drift import Limits, bound, limits_of
from studio.media.membrane import membrane, soften
from studio.media.opencv import opencv
from studio.media.shift_map import Bools, Floats, Scene, ShiftMap, box_of, enlarge, features_of, refine, solve

Pixels = NDArray[np.uint8]

COARSE = 150
"""Pixels of the size at which pieces are chosen: the square root of the area."""
FINEST = 900
"""Pixels of the largest size, counted likewise, at which the borders between pieces are moved to where they show least."""
MOST_AT_ONCE = 0.5
"""Ground beyond an edge grows by this share of the picture at a time."""
CHANGE = 0.2
ONCE, AVOIDED = 0.8, 1.6
"""From this distinctness on a place counts as AVOIDED; with more, what the edge cuts (a door, a sleeve) ends abruptly there."""
SMALL_HIGH = 0.97
"""Share of the places at twice the coarse size that are less than fully distinct; among so many some always differ by chance."""
SECOND_HAND = 0.4
"""How distinct new ground counts as when more is made: a copy of a copy has more borders in it."""
HOLD = 4.0
"""How strongly joined pieces keep their own colours; see `membrane`. Per pixel it is HOLD over the picture's area."""


def extend(picture: Pixels, left: int, top: int, right: int, bottom: int, seed: int = 0) -> Pixels:
    """Return the picture with new ground around it: first on the left and right, then above and below.

    Args:
        picture: [H, W, 3].
        left: pixels to add there; the same for the other three.
        top: see left.
        right: see left.
        bottom: see left.
        seed: another one gives another ground.

    Returns:
        [H + top + bottom, W + left + right, 3], with the picture's own pixels unchanged.

    Raises:
        ValueError: a number of pixels is below 0.
    """
    missing = {"left": left, "right": right, "top": top, "bottom": bottom}
    if min(missing.values()) < 0:
        raise ValueError("A picture can be extended by no pixels or more on each side, not by less.")
    original, made = picture, np.zeros(picture.shape[:2], bool)
    for before, after, axis in (("left", "right", 1), ("top", "bottom", 0)):
        wider = (0, 0) if axis == 1 else (left, right)
        limits = {side: limits_of(original, side, *wider) for side in (before, after)}
        while missing[before] or missing[after]:
            most = max(1, int(MOST_AT_ONCE * picture.shape[axis]))
            added = {side: min(missing[side], most) for side in (before, after)}
            first, last = (_beyond(picture, made, side, added[side], limits[side], seed) for side in (before, after))
            picture = np.concatenate([first, picture, last], axis)
            pads = [(0, 0), (0, 0)]
            pads[axis] = added[before], added[after]
            made = np.pad(made, pads, constant_values=True)
            for side in (before, after):
                missing[side] -= added[side]
    return picture


def _beyond(picture: Pixels, made: Bools, side: str, extent: int, limits: Limits, seed: int) -> Pixels:
    """The new ground beyond one side alone, `extent` pixels deep; `made` [H, W] says what of the picture is new ground already."""
    axis, first = 1 if side in ("left", "right") else 0, side in ("left", "top")
    pads = [(0, 0), (0, 0)]
    pads[axis] = (extent, 0) if first else (0, extent)
    hole = np.pad(np.zeros(picture.shape[:2], bool), pads, constant_values=True)
    canvas = np.pad(picture, [*pads, (0, 0)])
    if not extent:
        return picture.take([], axis)
    choice = shift_labels.beyond(side, extent / hole.shape[axis])
    whole = _complete(canvas, hole, np.pad(made, pads), choice, seed, limits)
    return whole.take(range(extent) if first else range(picture.shape[axis], whole.shape[axis]), axis)


def fill(picture: Pixels, mask: Bools, seed: int = 0) -> Pixels:
    """Return the picture with its masked pixels made up from the others.

    Args:
        picture: [H, W, 3]; the colours under the mask do not matter.
        mask: [H, W], true where the picture is to be made up.
        seed: another one gives another filling.

    Raises:
        ValueError: the mask does not fit the picture, or nothing outside it is left.
    """
    if mask.shape != picture.shape[:2]:
        raise ValueError(f"A mask of {mask.shape} does not fit a picture of {picture.shape[:2]}.")
    if mask.all():
        raise ValueError("There is nothing left outside the mask to fill it with.")
    return _complete(picture, mask, np.zeros_like(mask), shift_labels.around(), seed) if mask.any() else picture.copy()


def _complete(
    picture: Pixels, hole: Bools, made: Bools, choice: shift_labels.Choice, seed: int, limits: Limits | None = None
) -> Pixels:
    """The picture with its hole filled, by offsets of the given choice, its mean colours within the limits if there are some.

    What was `made` before, [H, W], is copied less gladly than what was in the picture from the first.
    """
    levels = _pyramid(picture, hole)
    scene = levels[-1][1]
    distinct = _distinct(levels[-2:], made)
    offsets, unary = shift_labels.choose(scene, distinct, choice, seed)
    top, bottom, left, right = box_of(scene.hole)
    labels = np.zeros(scene.hole.shape, np.intp)
    labels[top:bottom, left:right] = solve(scene, offsets, unary, CHANGE)
    shifts = ShiftMap(offsets, labels)
    for _, finer in reversed(levels[:-1]):
        shifts = refine(shifts, finer, CHANGE) if _refined(finer.hole) else enlarge(shifts, finer)
    return _join(picture, levels[0][1].source, hole, shifts, limits)


def _distinct(levels: list[tuple[Floats, Scene]], made: Bools) -> Floats:
    """How distinct each place of the smallest level is, [H, W], from 0 to 1, or AVOIDED; what was `made` counts as SECOND_HAND.

    Small things, such as birds and lamps, are looked for at the level before.
    """
    height, width = levels[-1][1].hole.shape
    found, second_hand = np.zeros((height, width), np.float32), np.zeros((height, width), bool)
    for number, (colours, scene) in enumerate(reversed(levels)):
        rows, columns = scene.hole.shape
        small = np.asarray(opencv().resize(made.astype(np.float32), (columns, rows), interpolation=opencv().INTER_AREA)) > 0
        values = distinctness(colours, scene.source & ~small, *[SMALL_HIGH] * number)
        if number:
            values = np.pad(values, ((0, 2 * height - rows), (0, 2 * width - columns)))
            values = values.reshape(height, 2, width, 2).max((1, 3))
        else:
            second_hand = small
        found = np.maximum(found, values)
    return np.where(second_hand, SECOND_HAND, np.where(found > ONCE, AVOIDED, found)).astype(np.float32)


def _refined(hole: Bools) -> bool:
    """Whether borders are moved at this size; at larger ones they only grow with the picture."""
    return hole.size <= FINEST ** 2


def _pyramid(picture: Pixels, hole: Bools) -> list[tuple[Floats, Scene]]:
    """The picture at its own size and at halves of it: colours from 0 to 1, and the scene."""
    colours: Floats = picture.astype(np.float32) / np.float32(255)
    known = ~hole
    sources, holes = known, hole
    levels = [(colours, Scene(_described(colours, holes), sources, holes))]
    weight = known.astype(np.float32)[..., None]
    colours = colours * weight
    while np.sqrt(levels[-1][1].hole.size) > COARSE:
        colours, weight = _half(colours), _half(weight)
        whole = weight[..., 0] > 0.999
        small = (colours / np.maximum(weight, 1e-6)).astype(np.float32)
        missing = _half(holes[..., None].astype(np.float32))[..., 0] > 0
        sources, holes = whole & ~missing, missing
        levels.append((small, Scene(_described(small, holes), sources, holes)))
    return levels


def _described(colours: Floats, hole: Bools) -> Floats:
    """The features of a picture, none where its borders are not moved."""
    return features_of(colours) if _refined(hole) else colours[..., :0]


def _half(values: Floats) -> Floats:
    """The means of two by two pixels; an odd last row or column is paired with nothing."""
    cv2 = opencv()
    padded = np.pad(values, ((0, values.shape[0] % 2), (0, values.shape[1] % 2), (0, 0)), mode="edge")
    rows, columns = padded.shape[0] // 2, padded.shape[1] // 2
    return np.asarray(cv2.resize(padded, (columns, rows), interpolation=cv2.INTER_AREA)).reshape(rows, columns, -1)


def _join(picture: Pixels, source: Bools, whole: Bools, shifts: ShiftMap, limits: Limits | None) -> Pixels:
    """Copy the pieces into the whole hole and join them in the gradient domain, within the limits."""
    height, width = whole.shape
    top, bottom, left, right = box_of(whole)
    top, bottom, left, right = max(0, top - 1), min(height, bottom + 1), max(0, left - 1), min(width, right + 1)
    box = slice(top, bottom), slice(left, right)
    colours: Floats = picture.astype(np.float32) / np.float32(255)
    hole = whole[box]
    offsets = np.where(hole[..., None], shifts.offsets[shifts.labels[box]], 0)
    y, x = np.ogrid[box]
    copied = colours[(y + offsets[..., 0]).clip(0, height - 1), (x + offsets[..., 1]).clip(0, width - 1)]
    steps = [_steps(colours, source, copied, box, offsets, axis) for axis in (1, 0)]
    correction = membrane(steps[0], steps[1], hole, HOLD / whole.size)
    joined = soften(copied + correction, copied, steps, hole, source[box])
    colours[box] = np.where(hole[..., None], joined, colours[box])
    if limits is not None:
        colours += bound(colours, whole, limits)
    result = picture.copy()
    result[whole] = (colours[whole].clip(0, 1) * 255).round().astype(np.uint8)
    return result


def _steps(
    colours: Floats, source: Bools, copied: Floats, box: tuple[slice, slice], offsets: NDArray[np.int32], axis: int
) -> Floats:
    """By how much the correction must grow from each pixel of a box to the next one along an axis, [h, w, 3].

    Within a piece it need not grow. Two pieces that meet say each how the colour goes on across their border; the mean of both
    is wanted.
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
    result = np.zeros_like(copied)
    result[y, x] = wanted / np.maximum(votes, 1) - (copied[y + down, x + right] - copied[y, x])
    return result
