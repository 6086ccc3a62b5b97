"""Videos of all kinds for tests, made with PyAV."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

IDENTITY = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
QUARTER = struct.pack(">9i", 0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)
"""Matrices in an MP4: a picture as it is, and one that players turn by a quarter, clockwise."""


def grey(level: int, size: tuple[int, int]) -> NDArray[np.uint8]:
    """A grey picture whose left upper quarter is red."""
    width, height = size
    pixels = np.full((height, width, 3), level, np.uint8)
    pixels[: height // 2, : width // 2] = (220, 30, 30)
    return pixels


def video(
    path: Path, count: int = 48, rate: Fraction | int = 24, size: tuple[int, int] = (96, 64), codec: str = "libx264",
    pix_fmt: str = "yuv420p", times: list[int] | None = None, options: dict[str, str] | None = None, **settings: object,
) -> Path:
    """Write a video whose picture n is grey of the level 40 + 3 n; `times` are those of its pictures, in thousandths."""
    path.parent.mkdir(exist_ok=True)
    with av.open(str(path), "w") as film:
        stream = film.add_stream(codec, rate=rate, options=options or {})
        stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
        for name, value in settings.items():
            setattr(stream.codec_context, name, value)
        if times:
            stream.codec_context.time_base = Fraction(1, 1000)
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(grey(min(250, 40 + 3 * number), size), format="rgb24").reformat(format=pix_fmt)
            frame.pts = times[number] if times else number
            frame.time_base = Fraction(1, 1000) if times else 1 / Fraction(rate)
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    return path


def turned(path: Path) -> Path:
    """Let an MP4 say that its pictures are to be turned by a quarter, clockwise, as phones do."""
    content = path.read_bytes()
    at = content.index(b"tkhd")
    place = content.index(IDENTITY, at)
    path.write_bytes(content[:place] + QUARTER + content[place + len(QUARTER) :])
    return path


def sound(path: Path, seconds: float = 1.0) -> Path:
    """A file of sound without a picture."""
    with av.open(str(path), "w") as film:
        stream = film.add_stream("aac", rate=48_000, layout="stereo")
        for number in range(int(seconds * 48_000 / 1024)):
            frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = 48_000, 1024 * number
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    return path
