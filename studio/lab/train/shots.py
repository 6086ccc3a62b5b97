"""Reading video files at 12 frames a second, upright and cropped to a size, and finding the cuts between their shots.

Whatever the file's own rate, frame k is the one on screen k / 12 seconds after the first frame.
Letters: H and W height and width in pixels, h and w of a thumbnail.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.stream import Disposition
from av.video.reformatter import Interpolation
from numpy.typing import NDArray

from studio.media import MediaError
from studio.media.clip import EXACT, Frame, Frames, open_clip

RATE = 12
"""Frames a second."""
LONGEST_GAP = 600.0
"""Seconds between two frames of a file, at most: a longer gap means that its time stamps are broken."""
THUMBNAIL = (48, 32)
"""Width and height."""
REACH = (4, 3)
"""Thumbnail pixels, across and down, by which the picture may move from frame to frame and still count as the same."""
CUT, RISE = 0.35, 3.0
"""A cut is a difference above CUT, and above RISE times the median difference of the second before it."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class TimedFrame:
    """One frame, and facts of its file."""

    frame: av.VideoFrame
    aspect: float                   # width of a pixel over its height
    start: float | None             # time stamp of the file's first frame in seconds; None: it has none, so seeking is impossible


@dataclass(frozen=True)
class Shots:
    """The shots of a video file. The names of the fields are keys in the index of a folder of footage."""

    frames: int                     # of the file, at 12 a second
    start: float | None             # as in TimedFrame
    begins: tuple[int, ...]         # first frame of each shot
    changes: tuple[float, ...]      # for each second: by how many levels (of 255) the most changed part of the picture changed


def frames_from(path: Path, begin: int = 0, start: float | None = None) -> Iterator[TimedFrame]:
    """Frames `begin`, `begin` + 1, ... of a file at 12 a second; frames are repeated where the file has fewer.

    Args:
        path: the file.
        begin: the first frame wanted.
        start: of an earlier `TimedFrame` of the file, so that the reader can seek; None: it reads from the beginning.

    Raises:
        MediaError: not a video, damaged, or with time stamps that jump. The message names the file.
    """
    with open_clip(path) as container:
        streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
        if not streams:
            raise MediaError(f"{path.name} holds a cover picture but no video.")
        stream = streams[0]
        if stream.codec_context is None or stream.time_base is None:
            raise MediaError(f"{path.name} has a kind of video that is not known here. Convert it to another one.")
        stream.thread_type = "AUTO"
        first: av.VideoFrame | None = None
        if start is not None and begin > RATE:
            # Seek to a second before: some files mark frames as key frames that cannot be decoded alone.
            container.seek(int((start + begin / RATE - 1) / stream.time_base), stream=stream)
            decoded = container.decode(stream)
            first = next(decoded, None)
            if first is None or first.time is None or first.time > start + begin / RATE:
                container.seek(0, stream=stream)
                first = None
        if first is None:
            decoded = container.decode(stream)
            first = next(decoded, None)
        if first is None:
            return
        origin = first.time if start is None else start
        stamped = _stamped(chain([first], decoded), origin or 0.0, 1 / float(stream.average_rate or 25))
        for frame in _paced(path, stamped, origin or 0.0, begin):
            yield TimedFrame(frame, float(stream.sample_aspect_ratio or 1), origin)


def _stamped(frames: Iterator[av.VideoFrame], time: float, step: float) -> Iterator[tuple[float, av.VideoFrame]]:
    """Frames with their times in seconds; a frame without a time stamp gets the one before plus `step`."""
    for frame in frames:
        time = time if frame.time is None else frame.time
        yield time, frame
        time += step


def _paced(path: Path, frames: Iterator[tuple[float, av.VideoFrame]], start: float, begin: int) -> Iterator[av.VideoFrame]:
    """The frames on screen at start + k / 12 for k = begin, begin + 1, ..., up to the file's last frame."""
    shown: tuple[float, av.VideoFrame] | None = None
    count = begin
    for time, frame in frames:
        if shown is not None and time - shown[0] > LONGEST_GAP:
            raise MediaError(f"{path.name}: its time stamps jump by {time - shown[0]:.0f} seconds. Convert it to another file.")
        if shown is not None and time < shown[0]:
            continue
        # A tolerance of a millisecond, for time stamps are rounded.
        while shown is not None and start + count / RATE < time - 1e-3:
            yield shown[1]
            count += 1
        shown = time, frame
    if shown is not None and start + count / RATE < shown[0] + 1e-3:
        yield shown[1]


def fit(frame: av.VideoFrame, aspect: float, width: int, height: int) -> Frame:
    """A frame turned upright, scaled to cover width x height and cropped to it about its middle, [H, W, 3].

    `aspect` is the width of a pixel over its height.
    """
    quarter = round(frame.rotation / 90) % 4                                  # counter-clockwise
    sides = frame.width * aspect, float(frame.height)
    across, down = sides if quarter % 2 == 0 else sides[::-1]
    scale = max(width / across, height / down)
    size = max(width, round(across * scale)), max(height, round(down * scale))
    stored = size if quarter % 2 == 0 else size[::-1]
    image = np.rot90(frame.reformat(*stored, "rgb24", interpolation=EXACT).to_ndarray(), quarter)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return np.asarray(image[top : top + height, left : left + width], np.uint8)


def read_frames(path: Path, begin: int, count: int, start: float | None, width: int, height: int) -> Frames:
    """`count` frames from frame `begin` on, fitted to width x height, [count, H, W, 3]; `start` is for `frames_from`.

    Raises:
        MediaError: the file cannot be read, or ends before.
    """
    frames = np.empty((count, height, width, 3), np.uint8)
    at, last = 0, None
    shown = frames[0]
    for each in frames_from(path, begin, start):
        if each.frame is not last:
            shown = fit(each.frame, each.aspect, width, height)
        frames[at], last, at = shown, each.frame, at + 1
        if at == count:
            return frames
    raise MediaError(f"{path.name} ends before frame {begin + count} at 12 a second.")


def find_shots(path: Path) -> Shots:
    """Read all of a file at thumbnail size, and find its length, its cuts, and how much changes in each second.

    Raises:
        MediaError: as for `frames_from`.
    """
    start: float | None = None
    cuts, changes, count = CutDetector(), [], 0
    second: Floats | None = None
    begins = [0]
    last, thumb = None, np.zeros((THUMBNAIL[1], THUMBNAIL[0], 3), np.float32)
    for each in frames_from(path):
        if each.frame is not last:
            thumb = each.frame.reformat(*THUMBNAIL, "rgb24", interpolation=Interpolation.AREA).to_ndarray().astype(np.float32)
            start, last = each.start, each.frame
        if (cut := cuts.add(thumb)) is not None:
            begins.append(cut)
        if count % RATE == 0:
            if second is not None:
                changes.append(_change(second, thumb))
            second = thumb
        count += 1
    begins.extend(cuts.finish())
    return Shots(count, start, tuple(begins) if count else (), tuple(changes))


def _change(one: Floats, other: Floats) -> float:
    """By how many levels the most changed block of 8 x 8 thumbnail pixels changed."""
    blocks = np.abs(one - other).mean(2).reshape(THUMBNAIL[1] // 8, 8, THUMBNAIL[0] // 8, 8)
    return round(float(blocks.mean((1, 3)).max()), 1)


class CutDetector:
    """Finds cuts in thumbnails that come one by one. It decides two frames later, so that a flash is not taken for a cut."""

    def __init__(self) -> None:
        self._count = 0
        self._differences: deque[float] = deque(maxlen=RATE)               # of the last second
        self._features: deque[tuple[Floats, Floats]] = deque(maxlen=6)     # of the newest thumbnails, the newest last
        self._last_cut = 0

    def add(self, thumb: Floats) -> int | None:
        """Take the next thumbnail [h, w, 3]; returns the number of the frame two before it if a shot begins there."""
        self._features.append(_features(thumb))
        self._count += 1
        return self._judge(3)

    def finish(self) -> list[int]:
        """Cuts at the last two frames of the file: the shots before them must end there."""
        return [cut for left in (2, 1) if (cut := self._judge(left)) is not None]

    def _judge(self, left: int) -> int | None:
        """The number of the frame that is the first of the newest `left`, if a shot begins there."""
        features = list(self._features)
        before, after = features[:-left][-3:], features[-left:]
        if not before:
            return None
        step = difference(before[-1], after[0])
        limit = max(CUT, RISE * float(np.median(self._differences)) if self._differences else 0.0)
        at = self._count - left
        # The picture is the same before and after a flash, or when something passes the lens, but not before and after a cut.
        if step > limit and at - self._last_cut > 1 and all(difference(one, other) > limit for one in before for other in after):
            self._differences.clear()
            self._last_cut = at
            return at
        self._differences.append(step)
        return None


def _features(thumb: Floats) -> tuple[Floats, Floats]:
    """Features that do not depend on the light: the grey picture without brightness and contrast [h, w], and a histogram [64]."""
    grey = thumb.mean(2)
    shape = (grey - grey.mean()) / (grey.std() + 4)
    shade = np.clip(np.floor(shape + 2), 0, 3)
    tint = (thumb + 8) / (thumb + 8).sum(2, keepdims=True) * 3
    warm, green = (np.clip(np.floor((tint[..., c] / tint[..., c].mean() - 0.8) * 10), 0, 3) for c in (0, 1))
    return shape, np.bincount((shade * 16 + warm * 4 + green).astype(int).ravel(), minlength=64).astype(np.float32) / grey.size


def difference(one: tuple[Floats, Floats], other: tuple[Floats, Floats]) -> float:
    """How much the features of two thumbnails differ: 0 for the same picture, about 1 for two that have nothing in common.

    The least difference over all shifts within REACH counts, so that a moving camera makes none.
    """
    (height, width), (x, y) = one[0].shape, REACH
    inner = one[0][y : height - y, x : width - x]
    windows = np.lib.stride_tricks.sliding_window_view(other[0], inner.shape)                 # [2 y + 1, 2 x + 1, h, w]
    power = (inner**2).sum() + np.einsum("abij,abij->ab", windows, windows)
    apart = (power - 2 * np.einsum("abij,ij->ab", windows, inner)) / (power + 0.05 * inner.size)
    return float(0.7 * apart.min() + 0.3 * np.abs(one[1] - other[1]).sum() / 2)
