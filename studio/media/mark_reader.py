"""Reads the invisible mark of a film: of what its frames have in common, the tiles' waves are asked for, at every scale and place.

For a scale, the sums F of all pixels times each wave of a tile give how much of the wave is there and where it lies (its phase).
Their phases alone are compared with the tile's, at every place at which the tile could begin (a Fourier transform), as symmetrical
phase-only matched filtering does in JAWS. The frames' own spectrum, which is far from flat, then counts as little as it can.

An unmarked film, whatever it shows, knows nothing of the tiles' phases, which are independent and uniform. So each score is a sum
of n independent cosines of uniform angles, divided by its deviation, sqrt(n / 2). The mean of exp(x cos) is I0(x) <= exp(x^2 / 4),
hence P(score >= t) <= exp(-t^2 / 2) (Chernoff), and at most N times that for the best of N: THRESHOLD follows from FALSE_ALARMS.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from studio.language import sentence
from studio.media import MediaError
from studio.media.clip import open_clip
from studio.media.invisible_mark import CELLS, HIGHEST, NUMBERS, STEP, TILES, Plane, Waves, tile_waves
from studio.names import readable

FRAMES = 96
"""Frames that are looked at, spread over the film."""
LONG = 1500
"""Frames from which on a film is not decoded as a whole: the key frames before those places are taken."""
SIDE = 480
"""Pixels of the shorter side to which larger frames are scaled: quicker, and the waves are there still."""
BLACK = 8.0
"""Levels of luma, of which a black border has fewer, also after it was coded."""
SCALES: NDArray[np.float64] = TILES * 1.05 * np.exp(-0.004 * np.arange(188))
"""Tiles along the shorter side that are tried: from a little more than were put there to half as many, of a cropped film."""
CONJUGATES = tile_waves(0).conj(), tile_waves(1).conj()
FALSE_ALARMS = 1e-6
"""Of an unmarked film, at most."""
THRESHOLD = math.sqrt(2 * math.log(2 * len(SCALES) * CELLS**2 * NUMBERS / FALSE_ALARMS))
"""Scores are asked of all frames and of the key frames: twice as many as scales, places and numbers."""


@dataclass(frozen=True)
class Reading:
    """What of a mark was found in a film."""

    score: float                   # the best one, in deviations
    number: int                    # that of the best score: of the film, if the mark is there
    tiles: float                   # along the shorter side: TILES, or fewer of a film that was cropped

    @property
    def found(self) -> bool:
        """Whether the film is marked, with FALSE_ALARMS."""
        return self.score >= THRESHOLD


def read_mark(path: Path) -> Reading:
    """Read the mark of a video file. Raises MediaError: it cannot be read."""
    return max((find_mark(seen) for seen in evidence(lumas(path))), key=lambda reading: reading.score)


def lumas(path: Path) -> Iterator[tuple[Plane, bool]]:
    """Frames of a video: the luma of each, and whether it is a key frame. FRAMES or a few more, spread, and the key frames.

    Raises:
        MediaError: it cannot be read, or holds no frames.
    """
    some = False
    with open_clip(path) as container:
        for frame in spread(container, container.streams.video[0]):
            some = True
            yield frame.to_ndarray(format="gray").astype(np.float32), frame.key_frame
    if not some:
        raise MediaError(sentence("{name} holds no frames. Choose another file.", name=readable(path.name)))


def spread(container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame]:
    """FRAMES frames or a few more of an open video, evenly, and its key frames; of a LONG one FRAMES key frames, found quickly."""
    count = stream.frames or round((container.duration or 0) / av.time_base * float(stream.average_rate or 1))
    if count <= LONG or not container.duration:
        step = max(1, count // FRAMES)
        yield from (frame for number, frame in enumerate(container.decode(stream)) if number % step == 0 or frame.key_frame)
        return
    last = None
    for place in range(FRAMES):
        container.seek(container.duration * place // FRAMES)
        frame = next(container.decode(stream), None)
        if frame is not None and frame.pts != last:
            last = frame.pts
            yield frame


def evidence(frames: Iterable[tuple[Plane, bool]]) -> list[Plane]:
    """What frames of one size have in common beside their picture, [H, W]: the sum of their detail; of all, and of the key frames.

    Black borders, as of a film in a frame of another shape, are cut off: the tiles are counted along the picture's own side. Where
    the picture moves, a codec takes the mark along with it, and renews it only where it codes a frame by itself.

    Args:
        frames: the luma of each, and whether it is a key frame; at least one.
    """
    sums: dict[bool, Plane] = {}
    for plane, key in frames:
        light = reduce(plane)
        if not sums:
            brightest = light.copy()
        elif light.shape == brightest.shape:
            np.maximum(brightest, light, out=brightest)
        seen = detail(light)
        for which in (False, True) if key else (False,):
            if which not in sums:
                sums[which] = seen.copy()
            elif seen.shape == sums[which].shape:         # the size of a damaged film may change
                sums[which] += seen
    lit = brightest > BLACK
    rows, columns = (np.flatnonzero(lit.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return list(sums.values())
    return [total[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] for total in sums.values()]


def reduce(light: Plane) -> Plane:
    """A frame whose shorter side is SIDE, or the frame itself where it is smaller."""
    height, width = light.shape
    factor = SIDE / min(height, width)
    if factor >= 1:
        return light
    smaller = cv2.resize(light, (round(width * factor), round(height * factor)), interpolation=cv2.INTER_AREA)
    return np.asarray(smaller, np.float32)


def detail(light: Plane) -> Plane:
    """A frame's detail in units of how much of it there is around: strong edges do not outvote what lies between them."""
    unit = min(light.shape) / 384
    fine = light - cv2.GaussianBlur(light, (0, 0), 6 * unit)
    around = np.sqrt(cv2.GaussianBlur(fine * fine, (0, 0), 6 * unit)) + 1.0       # a level more: noise of even ground counts less
    return np.asarray((fine / around).clip(-2, 2), np.float32)


def find_mark(seen: Plane) -> Reading:
    """The mark's best score in the evidence [H, W], over all scales, places and numbers."""
    best = Reading(-math.inf, 0, 0.0)
    for tiles in SCALES.tolist():
        score, number = score_waves(measure_waves(seen, tiles))
        if score > best.score:
            best = Reading(score, number, tiles)
    return best


def measure_waves(seen: Plane, tiles: float) -> Waves:
    """How much of each wave of a tile there is, of a scale at which so many tiles lie along the shorter side."""
    height, width = seen.shape
    period = min(height, width) / tiles
    rows, right = (phase_powers(pixels, period) for pixels in (height, width))
    columns = np.concatenate([right[:0:-1].conj(), right])
    down = np.concatenate([rows.real, rows.imag]) @ (seen - seen.mean())         # real, which is quicker
    return np.asarray((down[: HIGHEST + 1] + 1j * down[HIGHEST + 1 :]) @ columns.T, np.complex64)


def phase_powers(pixels: int, period: float) -> NDArray[np.complex64]:
    """What `phase_table` says of waves 0 to -HIGHEST, [HIGHEST + 1, pixels], as powers of the first wave, which is quicker."""
    first = np.exp(-2j * np.pi / period * (np.arange(pixels) + 0.5))
    steps = np.concatenate([np.ones((1, pixels)), np.broadcast_to(first, (HIGHEST, pixels))])
    return np.multiply.accumulate(steps).astype(np.complex64)


def score_waves(found: Waves) -> tuple[float, int]:
    """The best score of waves that were found, over all places and numbers, and that number."""
    size = np.abs(found)
    phases = np.divide(found, size, out=np.zeros_like(found), where=size > 0)
    first, second = (agreement(phases, which) for which in (0, 1))
    classes = second.reshape(CELLS // STEP, STEP, CELLS // STEP, STEP).max(axis=(0, 2))     # of all numbers, by place modulo STEP
    scores = (first + np.tile(classes, (CELLS // STEP,) * 2)) / math.sqrt(2)
    down, across = divmod(int(scores.argmax()), CELLS)
    there = second[down % STEP :: STEP, across % STEP :: STEP]
    row, column = divmod(int(there.argmax()), CELLS // STEP)
    steps = CELLS // STEP
    number = (row - down // STEP) % steps * steps + (column - across // STEP) % steps
    return float(scores[down, across]), number


def agreement(phases: Waves, which: int) -> NDArray[np.float32]:
    """[CELLS, CELLS]: how well phases agree with those of a tile that begins at each place, in deviations."""
    waves = CONJUGATES[which]
    product = phases * waves
    product[0] *= 2                          # of the others, the mirrored half is added by the transform
    half = np.zeros((CELLS, CELLS // 2 + 1), np.complex64)                       # [across, down]
    half[np.arange(-HIGHEST, HIGHEST + 1), : HIGHEST + 1] = product.T
    summed = np.fft.irfft2(half, (CELLS, CELLS)).T * (CELLS**2 / 2)
    return np.asarray(summed / math.sqrt(np.count_nonzero(waves) / 2), np.float32)
