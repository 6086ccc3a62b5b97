"""Lifts a subject from its picture: how much of each pixel is the subject's, from strokes over it, and the ground behind it.

The strokes say which pixels are surely the subject. How far every other pixel is from them, along a way that crosses as few edges
as possible, and how far from the picture's border, gives a first guess; GrabCut (OpenCV) improves it by colour at a small size; a
guided filter takes the edge to the picture's own size.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from studio.media.fill import fill
from studio.media.geodesic import distance
from studio.media.opencv import opencv

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Strokes = Sequence[Sequence[tuple[float, float]]]

WORKING = 400
"""Pixels of the longer side of the picture at which the subject is found, at most."""
BRUSH, DISC = 0.02, 0.02
"""Width of the brush, and radius of the disc around a click, as shares of the longer side."""
ROUNDS = 4
"""Of GrabCut."""
SMALL_HOLE = 0.01
"""Share of the subject up to which a hole in it is closed."""
EDGE, SMOOTH = 2, 1e-4
"""Radius of the guided filter's window in pixels, and the squared contrast, on 0 to 1, below which it takes no notice of edges."""
RIM = 0.004
"""By which share of the longer side the hole behind a subject is wider than its soft edge; at least LEAST_RIM pixels."""
LEAST_RIM = 3
VISIBLE = 0.02
"""The least alpha that counts as the subject's when the ground behind it is made."""


def subject_alpha(picture: Pixels, strokes: Strokes, ground_strokes: Strokes = ()) -> Floats:
    """Returns how much of each pixel is the subject's, [H, W], from 0 to 1, soft at its edge.

    The same picture and strokes give the same result.

    Args:
        picture: [H, W, 3].
        strokes: over the subject, each a sequence of (x, y) as shares of the picture; a click is a stroke of one point.
        ground_strokes: over what does not belong to it.

    Raises:
        ValueError: there is no stroke over the subject.
    """
    if not any(len(stroke) for stroke in strokes):
        raise ValueError("A subject needs at least one stroke or click over it.")
    cv2 = opencv()
    height, width = picture.shape[:2]
    scale = min(1.0, WORKING / max(height, width))
    rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
    small: Pixels = cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA)
    ground = _paint(ground_strokes, rows, columns)
    sure = _paint(strokes, rows, columns) & ~ground
    found = _connected(_segment(small, sure, ground), sure) | sure
    return _refine(picture, _close(found, ground))


def ground_behind(picture: Pixels, alpha: Floats, seed: int = 0) -> Pixels:
    """Returns the picture with its subject, and the soft edge around it, filled from what is beside it.

    Args:
        picture: [H, W, 3].
        alpha: [H, W], how much of each pixel is the subject's.
        seed: another one gives another filling.

    Raises:
        ValueError: alpha does not fit the picture, or the subject leaves nothing of it.
    """
    cv2 = opencv()
    by = max(LEAST_RIM, round(RIM * max(alpha.shape)))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * by + 1, 2 * by + 1))
    hole = cv2.dilate((alpha > VISIBLE).astype(np.uint8), disc) > 0
    return fill(picture, hole, seed)


def _paint(strokes: Strokes, rows: int, columns: int) -> Bools:
    """The pixels under strokes."""
    cv2 = opencv()
    mask = np.zeros((rows, columns), np.uint8)
    brush = max(1, round(BRUSH * max(rows, columns)))
    for stroke in strokes:
        points = np.array([(x * columns - 0.5, y * rows - 0.5) for x, y in stroke]).round().astype(np.int32).reshape(-1, 1, 2)
        if len(points) == 1:
            cv2.circle(mask, points[0, 0].tolist(), max(1, round(DISC * max(rows, columns))), 1, -1)
        elif len(points):
            cv2.polylines(mask, [points], False, 1, brush)
    return mask > 0


def _segment(picture: Pixels, sure: Bools, ground: Bools) -> Bools:
    """The subject's pixels, by GrabCut from a first guess by distances."""
    cv2 = opencv()
    border = np.zeros_like(sure)
    border[[0, -1]] = border[:, [0, -1]] = True
    border &= ~sure
    colours = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_RGB2LAB), (0, 0), 1.0).astype(np.float32)
    to_subject, to_ground = distance(colours, sure), distance(colours, ground | border)
    mask = np.where(to_subject < to_ground, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    mask[ground], mask[sure] = cv2.GC_BGD, cv2.GC_FGD
    if not (mask == cv2.GC_PR_BGD).any() and not ground.any():
        return np.ones_like(sure)
    cv2.setRNGSeed(0)
    cv2.grabCut(np.ascontiguousarray(picture[..., ::-1]), mask, None, np.zeros((1, 65)), np.zeros((1, 65)), ROUNDS,
                cv2.GC_INIT_WITH_MASK)
    return np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD))


def _connected(found: Bools, sure: Bools) -> Bools:
    """The parts of the mask that a stroke touches."""
    _, numbers = opencv().connectedComponents((found | sure).astype(np.uint8), connectivity=4)
    return np.isin(numbers, np.unique(numbers[sure])) & (numbers > 0)


def _close(found: Bools, ground: Bools) -> Bools:
    """The mask without its small holes; a hole with a ground stroke in it stays."""
    count, numbers, stats, _ = opencv().connectedComponentsWithStats((~found).astype(np.uint8), connectivity=4)
    small = stats[:, 4] <= SMALL_HOLE * found.sum()
    small[0] = False
    small[np.unique(numbers[ground])] = False
    return found | small[numbers] if count > 1 else found


def _refine(picture: Pixels, found: Bools) -> Floats:
    """The mask at the picture's size with a soft edge, by a guided filter of the picture."""
    cv2 = opencv()
    height, width = picture.shape[:2]
    mask = cv2.resize(found.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    mask = (mask > 0.5).astype(np.float32)
    radius = EDGE + round(max(height, width) / max(found.shape))
    alpha = _guided(picture.astype(np.float32) / np.float32(255), mask, radius)
    return ((alpha - 0.5) * 1.6 + 0.5).clip(0, 1).astype(np.float32)


def _guided(guide: Floats, values: Floats, radius: int) -> Floats:
    """The values [H, W] as locally linear functions of the guide's colours [H, W, 3] (He et al., "Guided image filtering")."""
    size = (2 * radius + 1, 2 * radius + 1)
    cv2 = opencv()

    def mean(of: Floats) -> Floats:
        return np.asarray(cv2.boxFilter(of, -1, size, borderType=cv2.BORDER_REPLICATE))

    guide_mean, value_mean = mean(guide), mean(values)
    spread = np.stack([mean(guide * guide[..., channel, None]) - guide_mean * guide_mean[..., channel, None]
                       for channel in range(3)], 2) + np.float32(SMOOTH) * np.eye(3, dtype=np.float32)
    common = mean(guide * values[..., None]) - guide_mean * value_mean[..., None]
    slope = np.linalg.solve(spread, common[..., None])[..., 0].astype(np.float32)
    offset = value_mean - (slope * guide_mean).sum(2)
    return (mean(slope) * guide).sum(2) + mean(offset)
