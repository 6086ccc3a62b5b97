"""Videos as somebody might have filmed them, for tests of footage: made scenes, in any codec, with captions."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]


def scene(seed: int, frames: int, width: int = 96, height: int = 64, step: float = 2.0) -> Images:
    """Frames [T, H, W, 3] of blotches; the camera goes `step` pixels to the right each frame."""
    rng = np.random.default_rng(seed)
    wide = width + int(abs(step) * frames) + 1
    sheets = [np.kron(rng.random((height // k + 2, wide // k + 2, 3)), np.ones((k, k, 1))) for k in (6, 13, 29)]
    canvas = (sum(sheet[:height, :wide] for sheet in sheets) / 3 * 255).astype(np.uint8)
    return np.stack([canvas[:, int(step * t) : int(step * t) + width] for t in range(frames)])


def encode(path: Path, images: Images, rate: Fraction | int, codec: str, times: list[int] | None = None, turned: int = 0) -> None:
    """A file in some codec; `times`: time stamps in milliseconds."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.height, stream.width = images.shape[1:3]
        stream.pix_fmt = {"mjpeg": "yuvj420p", "libx264": "yuv444p"}.get(codec, "yuv420p")
        if turned:
            stream.set_display_rotation(turned)
        if times is not None:
            stream.codec_context.time_base = stream.time_base = Fraction(1, 1000)
        for count, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            frame.pts, frame.time_base = (count, 1 / Fraction(rate)) if times is None else (times[count], Fraction(1, 1000))
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def sound(path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 16000), np.float32), format="fltp", layout="mono")
        silence.sample_rate = 16000
        container.mux(stream.encode(silence))
        container.mux(stream.encode(None))


def captioned(path: Path, caption: str = "the camera pans right") -> Path:
    path.with_suffix(".txt").write_text(caption + "\n")
    return path
