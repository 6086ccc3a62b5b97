"""Matching the colours and the contrast of a clip to another picture's.

Each channel of CIELAB gets the mean and the standard deviation of the other picture (Reinhard, Ashikhmin, Gooch and Shirley,
"Color Transfer between Images", 2001, there in the space l-alpha-beta). Within a clip the change goes evenly from that of its
first frame to that of its last one, so that clips that follow each other can meet without a step.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from studio.media.clip import ClipWriter, Frame, frames_of, open_clip, probe
from studio.media.look import Floats, lab
from studio.media.opencv import opencv

FLAT = 1.0
"""A picture whose lightness deviates by less has no contrast to match: it is black, or of one colour."""
GAINS = 0.4, 2.5
"""Bounds of how much a channel is stretched."""


@dataclass(frozen=True)
class LabStatistics:
    """Means and standard deviations of L, a and b."""

    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    @property
    def flat(self) -> bool:
        """Whether the picture has no contrast to match."""
        return self.deviation[0] < FLAT


@dataclass(frozen=True)
class ColourChange:
    """A change of L, a and b: each is multiplied by its gain, and its offset is added."""

    gain: tuple[float, ...] = (1.0, 1.0, 1.0)
    offset: tuple[float, ...] = (0.0, 0.0, 0.0)


NO_CHANGE = ColourChange()


def fit_change(source: LabStatistics, target: LabStatistics, strength: float) -> ColourChange:
    """The change that gives `source` the statistics of `target`, as far as `strength`, from 0 to 1, says.

    A picture without contrast is not changed, and nothing is matched to one.
    """
    if source.flat or target.flat:
        return NO_CHANGE
    gains, offsets = [], []
    for mean, deviation, wanted, spread in zip(source.mean, source.deviation, target.mean, target.deviation, strict=True):
        full = min(max(spread / deviation, GAINS[0]), GAINS[1]) if deviation > 0.1 else 1.0
        gain = 1 + strength * (full - 1)
        gains.append(round(gain, 5))
        offsets.append(round(strength * (wanted - full * mean), 4))
    return ColourChange(tuple(gains), tuple(offsets))


def change_frame(frame: Frame, change: ColourChange) -> Frame:
    """The frame [H, W, 3] with changed colours; those that sRGB has not are cut to the nearest that it has, channel by channel."""
    return np.asarray(np.rint(change_colours(frame, change) * np.float32(255)).clip(0, 255), np.uint8)


def change_colours(frame: Frame | Floats, change: ColourChange) -> Floats:
    """The same without rounding: a frame [H, W, 3], in levels or from 0 to 1, as values of which some may lie outside 0 and 1."""
    cv2 = opencv()
    values = lab(frame) * np.array(change.gain, np.float32) + np.array(change.offset, np.float32)
    return np.asarray(cv2.cvtColor(values, cv2.COLOR_LAB2RGB))


def between(begin: ColourChange, end: ColourChange, share: float) -> ColourChange:
    """The change so far on the way from one to another; `share` from 0 to 1."""
    return ColourChange(_mix(begin.gain, end.gain, share), _mix(begin.offset, end.offset, share))


def _mix(one: tuple[float, ...], other: tuple[float, ...], share: float) -> tuple[float, ...]:
    return tuple((1 - share) * a + share * b for a, b in zip(one, other, strict=True))


def change_clip(clip: Path, out: Path, begin: ColourChange, end: ColourChange) -> None:
    """Write a copy of a clip whose colours are changed, at its first frame by `begin`, at its last one by `end`.

    A clip of one frame is changed by `end`.

    Raises:
        MediaError: the clip cannot be read, or the disk is full.
    """
    facts = probe(clip)
    last = max(1, facts.frames - 1)
    with open_clip(clip) as container, ClipWriter(out, facts.fps, facts.metadata) as writer:
        for number, frame in enumerate(islice(frames_of(container, clip), facts.frames)):
            share = number / last if facts.frames > 1 else 1.0
            writer.write(change_frame(frame, between(begin, end, share))[None])
