"""Lifts a subject from its picture: how much of each pixel is the subject's, from strokes over it, and the ground behind it.

Colours that occur under the strokes and not far from them, and places near the strokes, are the first guess. GrabCut (OpenCV)
improves it at a small size. How large the subject is, the strokes do not say: several sizes are tried, and the subject whose
outline lies best on edges of the picture is taken. A guided filter takes its edge to the picture's own size.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from studio.media.fill import fill
from studio.media.opencv import opencv
from studio.media.shift_map import box_of

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Strokes = Sequence[Sequence[tuple[float, float]]]

WORKING = 400
"""Pixels of the longer side of the picture at which the subject is found, at most."""
BRUSH, DISC = 0.02, 0.02
"""Width of the brush, and radius of the disc around a click, as shares of the longer side."""
CORE = 0.3
"""Share of the brush and of the disc that is surely the subject; the rest is so only probably, for small subjects are thinner."""
REACHES = (0.04, 0.07, 0.12, 0.2, 0.35, 2.0)
"""How far from the strokes a subject may reach, as shares of the longer side; all are tried."""
LEAST_REACH = 0.4
"""Not tried: less than this share of the longer side of the box around the strokes."""
NEAR = 0.25
"""Up to this share of that side, and of LEAST_NEAR of the picture's, a place speaks for the subject."""
LEAST_NEAR = 0.12
SHORT, OF_REACH = 0.12, 0.6
"""Strokes shorter than this share say little about the subject's size; a place speaks for it up to this share of its reach."""
LARGE, STRONG = 0.03, 60.0
"""The power of a subject's area that it is preferred by, and the step of colour from which on an edge is as good as any."""
NEARNESS = 1.5
"""What being on a stroke is worth, in units of log likelihood, and half of what being far from it takes away."""
BINS = 16
"""Parts of each colour axis."""
RARE, MOST = 2e-4, 3.0
"""The likelihood of a colour that was not met, and the most that a colour is worth."""
ROUNDS = 3
"""Of GrabCut."""
SMALL_HOLE = 0.01
"""Share of the subject up to which a hole in it is closed."""
EDGE, SMOOTH = 2, 1e-4
"""Radius of the guided filter's window in pixels, and the squared contrast, on 0 to 1, below which it takes no notice of edges."""
REFINED, STEEP = 1000, 1.6
"""Pixels of the longer side at which the filter is computed, at most, and by how much it is made steeper."""
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
    ground = _paint(ground_strokes, rows, columns, 1.0)
    core, brush = (_paint(strokes, rows, columns, share) & ~ground for share in (CORE, 1.0))
    colours = _stretched(small)
    reaches = [reach for reach in REACHES if reach >= LEAST_REACH * _extent(core)]
    if (colours == colours[0, 0]).all():            # nothing can be told from anything, for which GrabCut takes minutes
        return _refine(picture, _close(core, ground))
    found = max((_segment(colours, core, core | brush, ground, reach) for reach in reaches),
                key=lambda mask: _on_edges(colours, mask))
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


def _paint(strokes: Strokes, rows: int, columns: int, share: float) -> Bools:
    """The pixels under strokes with a brush of a share of its width."""
    cv2 = opencv()
    mask = np.zeros((rows, columns), np.uint8)
    brush, disc = (max(1, round(share * size * max(rows, columns))) for size in (BRUSH, DISC))
    for stroke in strokes:
        points = np.array([(x * columns - 0.5, y * rows - 0.5) for x, y in stroke]).round().astype(np.int32).reshape(-1, 1, 2)
        if len(points) == 1:
            cv2.circle(mask, points[0, 0].tolist(), disc, 1, -1)
        elif len(points):
            cv2.polylines(mask, [points], False, 1, brush)
    return mask > 0


def _stretched(picture: Pixels) -> Pixels:
    """The picture in Lab colours, each axis stretched to the picture's own range, so that faint differences count."""
    cv2 = opencv()
    colours = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_RGB2LAB), (0, 0), 0.7).astype(np.float32)
    low, high = np.percentile(colours, (0.5, 99.5), axis=(0, 1))
    spread = np.maximum(high - low, (90, 60, 60))
    return ((colours - (low + high) / 2) / spread * 250 + 128).clip(0, 255).astype(np.uint8)


def _extent(core: Bools) -> float:
    """The longer side of the box around the strokes, as a share of the picture's longer side."""
    top, bottom, left, right = box_of(core)
    return max(bottom - top, right - left) / max(core.shape)


def _segment(colours: Pixels, core: Bools, brush: Bools, ground: Bools, reach: float) -> Bools:
    """The parts of the subject that a stroke touches, by GrabCut from a first guess."""
    cv2 = opencv()
    away = cv2.distanceTransform((~core).astype(np.uint8), cv2.DIST_L2, 5) / max(core.shape)
    extent = _extent(core)
    near = min(NEAR, OF_REACH * reach) if extent < SHORT else max(min(LEAST_NEAR, reach), NEAR * extent)
    edge = np.pad(np.zeros((core.shape[0] - 8, core.shape[1] - 8), bool), 4, constant_values=True)
    other = ((away > near) | edge) & ~brush | ground
    if not other.any():
        return np.ones_like(core)
    worth = _colour_worth(colours, core * np.float32(3) + brush, other) + NEARNESS * (1 - away / near).clip(-2, 1)
    guess = (cv2.GaussianBlur(worth.astype(np.float32), (0, 0), 1.5) > 0) | brush
    far = away > reach
    mask = np.where(_connected(guess & ~ground & ~far, core), cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    mask[ground | far], mask[core] = cv2.GC_BGD, cv2.GC_FGD
    if not (mask % 2 == 0).any():
        return np.ones_like(core)
    cv2.setRNGSeed(0)
    cv2.grabCut(colours, mask, None, np.zeros((1, 65)), np.zeros((1, 65)), ROUNDS, cv2.GC_INIT_WITH_MASK)
    return _connected(mask % 2 == 1, core)


def _colour_worth(colours: Pixels, subject: Floats, other: Bools) -> Floats:
    """The log likelihood of each pixel's colour to be the subject's, [H, W], from the pixels' weights [H, W] for either."""
    cells = colours.astype(np.intp) * BINS // 256
    code = (cells[..., 0] * BINS + cells[..., 1]) * BINS + cells[..., 2]
    first, second = (_histogram(code, weight) for weight in (subject, other.astype(np.float32)))
    return np.log((first + RARE) / (second + RARE)).clip(-MOST, MOST)[code].astype(np.float32)


def _histogram(code: NDArray[np.intp], weight: Floats) -> Floats:
    """The share of the weight that each colour has, with its neighbours' colours mixed in."""
    counts = np.bincount(code.ravel(), weight.ravel(), BINS ** 3).reshape(BINS, BINS, BINS)
    kernel = np.exp(-np.arange(-3, 4) ** 2 / 2)
    kernel /= kernel.sum()
    for axis in range(3):
        padded = np.pad(counts, [(3, 3) if axis == other else (0, 0) for other in range(3)])
        counts = np.asarray(sum(part * padded.take(range(at, at + BINS), axis) for at, part in enumerate(kernel)))
    return (counts / max(float(counts.sum()), 1e-9)).ravel().astype(np.float32)


def _on_edges(colours: Pixels, mask: Bools) -> float:
    """How much colour changes across the mask's outline, on average; of two alike the larger mask is a little better."""
    total, count = 0.0, 0
    for axis in (0, 1):
        step = np.sqrt(np.square(np.diff(colours.astype(np.float32), axis=axis)).sum(2))
        outline = np.diff(mask, axis=axis)
        total += float(np.minimum(step[outline], STRONG).sum())
        count += int(outline.sum())
    return total / count * float(mask.mean()) ** LARGE if count else 0.0


def _connected(found: Bools, core: Bools) -> Bools:
    """The parts of the mask that a stroke touches, and the strokes."""
    _, numbers = opencv().connectedComponents((found | core).astype(np.uint8), connectivity=4)
    return np.isin(numbers, np.unique(numbers[core])) & (numbers > 0)


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
    scale = min(1.0, REFINED / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    mask = (cv2.resize(found.astype(np.float32), size, interpolation=cv2.INTER_LINEAR) > 0.5).astype(np.float32)
    guide = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
    slope, offset = _guided(guide, mask, EDGE + round(max(size) / max(found.shape)))
    slope, offset = (cv2.resize(part, (width, height), interpolation=cv2.INTER_LINEAR) for part in (slope, offset))
    alpha = (slope * (picture.astype(np.float32) / np.float32(255))).sum(2) + offset
    return ((alpha - 0.5) * STEEP + 0.5).clip(0, 1).astype(np.float32)


def _guided(guide: Floats, values: Floats, radius: int) -> tuple[Floats, Floats]:
    """The slopes [H, W, 3] and offsets [H, W] by which values [H, W] are locally linear functions of the guide's colours.

    He et al., "Guided image filtering"; the slopes serve larger guides too.
    """
    size = (2 * radius + 1, 2 * radius + 1)
    cv2 = opencv()

    def mean(of: Floats) -> Floats:
        return np.asarray(cv2.boxFilter(of, -1, size, borderType=cv2.BORDER_REPLICATE))

    guide_mean, value_mean = mean(guide), mean(values)
    spread = np.stack([mean(guide * guide[..., channel, None]) - guide_mean * guide_mean[..., channel, None]
                       for channel in range(3)], 2) + np.float32(SMOOTH) * np.eye(3, dtype=np.float32)
    common = mean(guide * values[..., None]) - guide_mean * value_mean[..., None]
    slope = np.linalg.solve(spread, common[..., None])[..., 0].astype(np.float32)
    return mean(slope), mean(value_mean - (slope * guide_mean).sum(2))
