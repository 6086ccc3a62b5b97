"""Makes up the ground that a picture lacks: beyond its edges, and behind what was taken out of it.

The new ground is made of pieces of the picture, never turned or mirrored, and chosen so that they meet without a visible border
(`shift_map`), that nothing distinct and no thing occurs a second time (`distinctness`, `things`), and that sky goes on as sky and
ground as ground. The pieces are joined in the gradient domain (`membrane`), and their mean colours stay in the range of the
picture's (`drift`). The same picture gives the same pixels again. A film names the method that made its ground
(`studio.marks.Marks.ground`), so older methods stay what they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.language import sentence
from studio.marks import NEWEST_GROUND
from studio.media import MediaError, pieces, shift_labels
from studio.media.distinctness import distinctness
from studio.media.drift import Limits, limits_of
from studio.media.ground_methods import METHODS, Method
from studio.media.opencv import opencv
from studio.media.seams import join
from studio.media.shift_map import (
    Bools,
    Floats,
    Ints,
    Scene,
    ShiftMap,
    box_of,
    costs_of,
    enlarge,
    features_of,
    refine,
    solve,
)
from studio.media.things import find_things

Pixels = NDArray[np.uint8]

COARSE = 150
"""Pixels of the size at which pieces are chosen: the square root of the area."""
FINEST = 900
"""Pixels of the largest size, counted likewise, at which the borders between pieces are moved to where they show least."""
MOST_AT_ONCE = 0.5
"""Ground beyond an edge grows by this share of the picture at a time."""
CHANGE = 0.2
ONCE = 0.8
"""From this distinctness on a place is avoided: it counts as `Method.avoided`."""
MERGED_COST = 0.3
"""What it costs beside, per pixel and by how much the place is avoided, that a merged piece copies what is avoided."""
SMALL_HIGH = 0.97
"""Share of the places at twice the coarse size that are less than fully distinct; among so many some always differ by chance."""
SHARP = 200
"""Pixels of a picture in which things are looked for whole, at least, where it has so many: the square root of the area."""
SMALL_THING = 14.0
"""Coarse pixels of a thing: of a smaller one each costs more, so that a bird costs as much as so much of a house."""


def extend(
    picture: Pixels, left: int, top: int, right: int, bottom: int, seed: int = 0, method: int = NEWEST_GROUND
) -> Pixels:
    """Return the picture with new ground around it: first on the left and right, then above and below.

    Args:
        picture: [H, W, 3].
        left: pixels to add there; the same for the other three.
        top: see left.
        right: see left.
        bottom: see left.
        seed: another one gives another ground.
        method: of METHODS.

    Returns:
        [H + top + bottom, W + left + right, 3], with the picture's own pixels unchanged.

    Raises:
        ValueError: a number of pixels is below 0.
        MediaError: there is no such method here.
    """
    if method not in METHODS:
        raise MediaError(sentence(
            "The ground beyond the picture was made by a newer studio (method {method}). Update the studio to render this film, or "
            "let the camera stop at the picture's edge. Nothing was lost.", method=method))
    how = METHODS[method]
    missing = {"left": left, "right": right, "top": top, "bottom": bottom}
    if min(missing.values()) < 0:
        raise ValueError("A picture can be extended by no pixels or more on each side, not by less.")
    original, made = picture, np.zeros(picture.shape[:2], bool)
    distinct = _looked_once(picture, how) if how.looked_once and any(missing.values()) else None
    for before, after, axis in (("left", "right", 1), ("top", "bottom", 0)):
        wider = (0, 0) if axis == 1 else (left, right)
        limits = {side: limits_of(original, side, *wider) for side in (before, after)}
        while missing[before] or missing[after]:
            most = max(1, int(MOST_AT_ONCE * picture.shape[axis]))
            added = {side: min(missing[side], most) for side in (before, after)}
            first, last = (
                _beyond(picture, made, distinct, side, added[side], limits[side], seed, how) for side in (before, after))
            picture = np.concatenate([first, picture, last], axis)
            pads = [(0, 0), (0, 0)]
            pads[axis] = added[before], added[after]
            made = np.pad(made, pads, constant_values=True)
            distinct = None if distinct is None else np.pad(distinct, pads, constant_values=how.second_hand)
            for side in (before, after):
                missing[side] -= added[side]
    return picture


def _beyond(
    picture: Pixels, made: Bools, distinct: Floats | None, side: str, extent: int, limits: Limits, seed: int, method: Method
) -> Pixels:
    """The new ground beyond one side alone, `extent` pixels deep; `made` [H, W] says what of the picture is new ground already.

    How distinct its places are is looked for here where that is None.
    """
    axis, first = 1 if side in ("left", "right") else 0, side in ("left", "top")
    pads = [(0, 0), (0, 0)]
    pads[axis] = (extent, 0) if first else (0, extent)
    hole = np.pad(np.zeros(picture.shape[:2], bool), pads, constant_values=True)
    canvas = np.pad(picture, [*pads, (0, 0)])
    if not extent:
        return picture.take([], axis)
    choice = shift_labels.beyond(side, extent / hole.shape[axis])
    if distinct is not None:
        distinct = np.pad(distinct, pads)
    whole = _complete(canvas, hole, np.pad(made, pads), choice, seed, method, distinct, limits)
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
    if not mask.any():
        return picture.copy()
    return _complete(picture, mask, np.zeros_like(mask), shift_labels.around(), seed, METHODS[1])


def _complete(
    picture: Pixels, hole: Bools, made: Bools, choice: shift_labels.Choice, seed: int, method: Method,
    distinct: Floats | None = None, limits: Limits | None = None,
) -> Pixels:
    """The picture with its hole filled, by offsets of the given choice, its mean colours within the limits if there are some.

    What was `made` before, [H, W], is copied less gladly than what was in the picture from the first. How `distinct` places are,
    [H, W], is looked for here if it is None.
    """
    levels = _pyramid(picture, hole, method.uncompared)
    scene = levels[-1][1]
    distinct = _distinct(levels[-2:], made, method) if distinct is None else _largest(distinct, len(levels) - 1)
    offsets, unary = shift_labels.choose(scene, distinct, choice, seed, method.layers)
    shifts = _solved(scene, offsets, unary, distinct, method)
    for _, finer in reversed(levels[:-1]):
        shifts = refine(shifts, finer, CHANGE) if _refined(finer.hole) else enlarge(shifts, finer)
    return join(picture, levels[0][1].source, hole, shifts, limits, method.calm, method.soft)


def _solved(scene: Scene, offsets: Ints, unary: Floats, distinct: Floats, method: Method) -> ShiftMap:
    """The map of a scene by these labels and what they cost, [h, w, K] in the hole's box; `distinct` [H, W] is of its places."""
    costs = costs_of(scene, offsets, unary, CHANGE)
    chosen = solve(costs)
    if method.merged:
        avoided = np.where(distinct > ONCE, np.float32(MERGED_COST) * distinct, np.float32(0))
        chosen = pieces.merge(chosen, pieces.dearer(costs, shift_labels.copied(avoided, scene.hole, offsets)))
    top, bottom, left, right = box_of(scene.hole)
    labels = np.zeros(scene.hole.shape, np.intp)
    labels[top:bottom, left:right] = chosen
    shifts = ShiftMap(offsets, labels)
    return pieces.split(shifts, scene.hole) if method.merged else shifts


def _looked_once(picture: Pixels, method: Method) -> Floats:
    """How distinct each place of a picture is, [H, W], as `_distinct` finds it in the picture without any new ground."""
    nothing = np.zeros(picture.shape[:2], bool)
    levels = _pyramid(picture, nothing, method.uncompared)
    found = _spread(_distinct(levels[-2:], nothing, method), len(levels) - 1, picture)
    if method.things:
        at = _level_of_things(levels, method)
        things = find_things(levels[at][0], method.small_things, method.whole_outlines)
        price = np.float32(method.avoided) * _prices(things, method, len(levels) - 1 - at)
        found = np.where(_spread(price > 0, at, picture), _spread(price, at, picture), found)
    return found


def _level_of_things(levels: list[tuple[Floats, Scene]], method: Method) -> int:
    """The number of the level at which things are looked for: the last but one, or for whole ones the last of SHARP pixels."""
    if not method.whole_outlines:
        return max(0, len(levels) - 2)
    return max(number for number, (_, scene) in enumerate(levels) if not number or scene.hole.size >= SHARP ** 2)


def _prices(things: Bools, method: Method, halvings: int) -> Floats:
    """What the things of a picture cost, [H, W], as multiples of `avoided`; 0 elsewhere. `halvings`: from it to the coarse size."""
    if not method.whole_things:
        return things.astype(np.float32)
    _, numbers, boxes, _ = opencv().connectedComponentsWithStats(things.astype(np.uint8), connectivity=8)
    sizes = boxes[:, opencv().CC_STAT_AREA] / np.float32(4 ** halvings)
    return np.where(things, np.maximum(np.float32(1), np.float32(SMALL_THING) / sizes)[numbers], np.float32(0)).astype(np.float32)


def _spread(values: NDArray[Any], halvings: int, picture: Pixels) -> NDArray[Any]:
    """Values of a picture that was halved so often, for each pixel of the picture itself."""
    times = 2 ** halvings
    return values.repeat(times, 0).repeat(times, 1)[:picture.shape[0], :picture.shape[1]]


def _largest(values: Floats, halvings: int) -> Floats:
    """The largest of the values [H, W] under each pixel of a canvas that was halved so often."""
    times = 2 ** halvings
    padded = np.pad(values, ((0, -values.shape[0] % times), (0, -values.shape[1] % times)))
    return padded.reshape(padded.shape[0] // times, times, padded.shape[1] // times, times).max((1, 3))


def _distinct(levels: list[tuple[Floats, Scene]], made: Bools, method: Method) -> Floats:
    """How distinct each place of the smallest level is, [H, W]: 0 to 1, or what the method says of what is avoided or was `made`.

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
    return np.where(second_hand, method.second_hand, np.where(found > ONCE, method.avoided, found)).astype(np.float32)


def _refined(hole: Bools) -> bool:
    """Whether borders are moved at this size; at larger ones they only grow with the picture."""
    return hole.size <= FINEST ** 2


def _pyramid(picture: Pixels, hole: Bools, uncompared: float) -> list[tuple[Floats, Scene]]:
    """The picture at its own size and at halves of it: colours from 0 to 1, and the scene."""
    colours: Floats = picture.astype(np.float32) / np.float32(255)
    known = ~hole
    sources, holes = known, hole
    levels = [(colours, Scene(_described(colours, holes), sources, holes, uncompared))]
    weight = known.astype(np.float32)[..., None]
    colours = colours * weight
    while np.sqrt(levels[-1][1].hole.size) > COARSE:
        colours, weight = _half(colours), _half(weight)
        whole = weight[..., 0] > 0.999
        small = (colours / np.maximum(weight, 1e-6)).astype(np.float32)
        missing = _half(holes[..., None].astype(np.float32))[..., 0] > 0
        sources, holes = whole & ~missing, missing
        levels.append((small, Scene(_described(small, holes), sources, holes, uncompared)))
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
