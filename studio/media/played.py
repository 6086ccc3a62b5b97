"""A part of a clip, played forwards and backwards as often as wanted, as a clip that can be joined with others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

from studio.language import sentence
from studio.media import MediaError
from studio.media.clip import ClipWriter, Frame, open_clip, own_metadata, pixels

CHUNK = 24
"""Frames that are in memory at once where a clip is played backwards: as many as lie between two key frames."""


def write_played(clip: Path, out: Path, passes: Sequence[range]) -> None:
    """Write the frames of a clip in another order.

    Args:
        clip: the clip; its metadata is kept.
        out: the new one.
        passes: numbers of frames, from 0, up or down in steps of one.

    Raises:
        MediaError: the clip cannot be read or has no such frames, or the disk is full.
    """
    with open_clip(clip) as container:
        rate, metadata = container.streams.video[0].average_rate or Fraction(1), own_metadata(container)
    with ClipWriter(out, rate, metadata) as writer:
        for numbers in passes:
            for frame in frames_in(clip, numbers):
                writer.write(frame[None])


def frames_in(clip: Path, numbers: range) -> Iterator[Frame]:
    """The frames of those numbers, up or down in steps of one, each [H, W, 3] RGB. Few are in memory at once.

    Raises:
        MediaError: the clip cannot be read or has no such frames.
    """
    if numbers.step > 0:
        yield from _upwards(clip, numbers)
        return
    up = numbers[::-1]
    for end in range(len(up), 0, -CHUNK):
        yield from list(_upwards(clip, up[max(0, end - CHUNK) : end]))[::-1]


def _upwards(clip: Path, numbers: range) -> Iterator[Frame]:
    if not numbers:
        return
    with open_clip(clip) as container:
        stream = container.streams.video[0]
        rate, unit = stream.average_rate or Fraction(1), stream.time_base or Fraction(1)
        container.seek(int(numbers.start / rate / unit), stream=stream)       # to the key frame before it
        found = 0
        for frame in container.decode(stream):
            number = round((frame.pts or 0) * unit * rate)
            if number in numbers:
                found += 1
                yield pixels(frame)
            if number >= numbers[-1]:
                break
    if found != len(numbers):
        raise MediaError(sentence(
            "{clip} has fewer frames than the film shows of it. Show all of the take, or retake it.", clip=clip.name))
