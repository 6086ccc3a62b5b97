"""Films at another frame rate: they last as long as before, and frames are repeated, left out or mixed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from studio.media.clip import Frame


@dataclass(frozen=True)
class Rate:
    """The frame rate of an exported film. It lasts as long as at its own."""

    fps: int
    blend: bool = False           # mix neighbouring frames; else the nearest one is shown


def frames_at(frames: int, rate: Fraction, wanted: Fraction) -> int:
    """How many frames a film of so many has at another rate, in frames a second: it lasts as long as before. At least one."""
    return max(1, round(frames * wanted / rate))


def at_rate(frames: Iterable[Frame], count: int, rate: Fraction, wanted: Fraction, blend: bool = False) -> Iterator[Frame]:
    """The frames of a film at another rate, `frames_at` of them.

    Args:
        frames: of the film, each [H, W, 3] RGB.
        count: how many there are.
        rate: of the film, in frames a second.
        wanted: the other rate.
        blend: whether a frame is the mean of all that was shown while it is, by how long; else it is the one shown in its middle.

    Yields:
        The frames, each as soon as those it is made of have come.
    """
    source = iter(frames)
    seen = 0                                         # frames taken from the source
    window: dict[int, Frame] = {}                    # those that are needed again
    for number in range(frames_at(count, rate, wanted)):
        begin, end = number * rate / wanted, (number + 1) * rate / wanted     # when it is shown, in frames of the film
        if blend:
            first, last = math.floor(begin), math.ceil(end) - 1
        else:
            first = last = math.floor((begin + end) / 2)
        first, last = min(first, count - 1), min(last, count - 1)
        while seen <= last and (frame := next(source, None)) is not None:
            window[seen] = frame
            seen += 1
        window = {index: kept for index, kept in window.items() if index >= min(first, seen - 1)}
        shown = [index for index in range(first, last + 1) if index in window]
        shares = {index: min(end, Fraction(index + 1)) - max(begin, Fraction(index)) for index in shown}
        yield _mean(window, shares) if blend and len(shares) > 1 else window[min(last, seen - 1)]


def _mean(frames: dict[int, Frame], shares: dict[int, Fraction]) -> Frame:
    """The mean of frames, weighted by their shares."""
    whole = sum(shares.values())
    mixed = sum(frames[index] * np.float32(share / whole) for index, share in shares.items())
    return np.rint(mixed).clip(0, 255).astype(np.uint8)
