"""Video files as frames at 12 a second: streamed, turned upright, cut to size; and where their shots begin. It knows no captions.

Whatever the file's rate, frame k is what is on screen k / 12 seconds after the first frame.
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
PATIENCE = 600.0
"""Seconds without a new frame that are still believed: longer gaps are broken time stamps."""
THUMB = (48, 32)
REACH = (4, 3)
"""Thumbnail pixels that the picture may move from frame to frame and still count as the same: a twelfth of its width."""
CUT, RISE = 0.35, 3.0
"""A cut is a difference above CUT and above RISE times what was usual in the second before it."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Seen:
    """One frame, and what its file says of all of them."""

    frame: av.VideoFrame
    aspect: float                   # width of a pixel over its height
    start: float | None             # time stamp of the first frame in seconds; None: the file has none, so it cannot be sought in


@dataclass(frozen=True)
class Shots:
    """What was found in a file."""

    frames: int                     # at 12 a second
    start: float | None             # as in Seen
    begins: tuple[int, ...]         # first frame of each shot
    changes: tuple[float, ...]      # per second: levels (of 255) by which the part of the picture that changed most did


def timed(path: Path, begin: int = 0, start: float | None = None) -> Iterator[Seen]:
    """Frames `begin`, `begin + 1`, ... of 12 a second.

    A frame is repeated where the file has fewer. `start`: the time stamp that an earlier reading gave, to seek near `begin`.

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
            # A second early: some files promise key frames that cannot be decoded alone.
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
            yield Seen(frame, float(stream.sample_aspect_ratio or 1), origin)


def _stamped(frames: Iterator[av.VideoFrame], time: float, step: float) -> Iterator[tuple[float, av.VideoFrame]]:
    """Frames with their times in seconds; counted on where the file does not say."""
    for frame in frames:
        time = time if frame.time is None else frame.time
        yield time, frame
        time += step


def _paced(path: Path, frames: Iterator[tuple[float, av.VideoFrame]], start: float, begin: int) -> Iterator[av.VideoFrame]:
    """What is on screen at start + k / 12 for k = begin, begin + 1, ..., until the last frame comes."""
    held: tuple[float, av.VideoFrame] | None = None
    count = begin
    for time, frame in frames:
        if held is not None and time - held[0] > PATIENCE:
            raise MediaError(f"{path.name}: its time stamps jump by {time - held[0]:.0f} seconds. Convert it to another file.")
        if held is not None and time < held[0]:
            continue
        # A millisecond's mercy: time stamps are rounded.
        while held is not None and start + count / RATE < time - 1e-3:
            yield held[1]
            count += 1
        held = time, frame
    if held is not None and start + count / RATE < held[0] + 1e-3:
        yield held[1]


def fit(frame: av.VideoFrame, aspect: float, width: int, height: int) -> Frame:
    """A frame upright, scaled to cover width x height and cut to it about its middle, [H, W, 3]; `aspect`: of its pixels."""
    quarter = round(frame.rotation / 90) % 4                                  # counter-clockwise
    sides = frame.width * aspect, float(frame.height)
    across, down = sides if quarter % 2 == 0 else sides[::-1]
    scale = max(width / across, height / down)
    size = max(width, round(across * scale)), max(height, round(down * scale))
    wide, tall = size if quarter % 2 == 0 else size[::-1]
    image = np.rot90(frame.reformat(wide, tall, "rgb24", interpolation=EXACT).to_ndarray(), quarter)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return np.asarray(image[top : top + height, left : left + width], np.uint8)


def read(path: Path, begin: int, count: int, start: float | None, width: int, height: int) -> Frames:
    """`count` frames from frame `begin` on, fitted, [count, H, W, 3].

    Raises:
        MediaError: it cannot be read, or ends before.
    """
    frames = np.empty((count, height, width, 3), np.uint8)
    at, last = 0, None
    shown = frames[0]
    for seen in timed(path, begin, start):
        if seen.frame is not last:
            shown = fit(seen.frame, seen.aspect, width, height)
        frames[at], last, at = shown, seen.frame, at + 1
        if at == count:
            return frames
    raise MediaError(f"{path.name} ends before frame {begin + count} at 12 a second.")


def look_through(path: Path) -> Shots:
    """Read a whole file at thumbnail size: its length, its cuts, and how much changes.

    Raises:
        MediaError: as for `timed`.
    """
    start: float | None = None
    cuts, changes, count = Cuts(), [], 0
    second: Floats | None = None
    begins = [0]
    last, thumb = None, np.zeros((THUMB[1], THUMB[0], 3), np.float32)
    for seen in timed(path):
        if seen.frame is not last:
            thumb = seen.frame.reformat(*THUMB, "rgb24", interpolation=Interpolation.AREA).to_ndarray().astype(np.float32)
            start, last = seen.start, seen.frame
        if (cut := cuts.see(thumb)) is not None:
            begins.append(cut)
        if count % RATE == 0:
            if second is not None:
                changes.append(_change(second, thumb))
            second = thumb
        count += 1
    begins.extend(cuts.rest())
    return Shots(count, start, tuple(begins) if count else (), tuple(changes))


def _change(one: Floats, other: Floats) -> float:
    """Levels by which the block of 8 x 8 thumbnail pixels that changed most did."""
    blocks = np.abs(one - other).mean(2).reshape(THUMB[1] // 8, 8, THUMB[0] // 8, 8)
    return round(float(blocks.mean((1, 3)).max()), 1)


class Cuts:
    """Finds cuts in thumbnails that come one by one; it answers two frames late, because a flash is over by then."""

    def __init__(self) -> None:
        self.count = 0
        self.usual: deque[float] = deque(maxlen=RATE)
        self.looks: deque[tuple[Floats, Floats]] = deque(maxlen=6)       # the newest last
        self.last = 0

    def see(self, thumb: Floats) -> int | None:
        """Take in the next thumbnail [h, w, 3]; the number of the frame two before it if a shot begins there."""
        self.looks.append(_look(thumb))
        self.count += 1
        return self._judge(3)

    def rest(self) -> list[int]:
        """Cuts among the last two frames: what begins there is too short, but what was before must end there."""
        return [cut for left in (2, 1) if (cut := self._judge(left)) is not None]

    def _judge(self, left: int) -> int | None:
        """Whether a shot begins with the first of the newest `left` looks."""
        looks = list(self.looks)
        before, after = looks[:-left][-3:], looks[-left:]
        if not before:
            return None
        step = difference(before[-1], after[0])
        limit = max(CUT, RISE * float(np.median(self.usual)) if self.usual else 0.0)
        at = self.count - left
        # Before and after a flash, or something across the lens, there is the same picture; not so with a cut.
        if step > limit and at - self.last > 1 and all(difference(one, other) > limit for one in before for other in after):
            self.usual.clear()
            self.last = at
            return at
        self.usual.append(step)
        return None


def _look(thumb: Floats) -> tuple[Floats, Floats]:
    """A thumbnail without its brightness and contrast [h, w], and the histogram of its colours [64]; whatever the light."""
    grey = thumb.mean(2)
    shape = (grey - grey.mean()) / (grey.std() + 4)
    shade = np.clip(np.floor(shape + 2), 0, 3)
    tint = (thumb + 8) / (thumb + 8).sum(2, keepdims=True) * 3
    warm, green = (np.clip(np.floor((tint[..., c] / tint[..., c].mean() - 0.8) * 10), 0, 3) for c in (0, 1))
    return shape, np.bincount((shade * 16 + warm * 4 + green).astype(int).ravel(), minlength=64).astype(np.float32) / grey.size


def difference(one: tuple[Floats, Floats], other: tuple[Floats, Floats]) -> float:
    """0 for the same picture, about 1 for two that have nothing in common; a moving camera is forgiven within REACH."""
    (height, width), (x, y) = one[0].shape, REACH
    inner = one[0][y : height - y, x : width - x]
    windows = np.lib.stride_tricks.sliding_window_view(other[0], inner.shape)                 # [2 y + 1, 2 x + 1, h, w]
    power = (inner**2).sum() + np.einsum("abij,abij->ab", windows, windows)
    apart = (power - 2 * np.einsum("abij,ij->ab", windows, inner)) / (power + 0.05 * inner.size)
    return float(0.7 * apart.min() + 0.3 * np.abs(one[1] - other[1]).sum() / 2)
