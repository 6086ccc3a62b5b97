"""Sounds for tests: a tone, and any sound as a file of any kind."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np


def tone(seconds: float, rate: int = 44_100, channels: int = 2, hertz: float = 440) -> np.ndarray:
    """A tone, [channels, samples]."""
    samples = 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return np.tile(samples.astype(np.float32), (channels, 1))


def saved(path: Path, codec: str, sound: np.ndarray, rate: int = 44_100, layout: str = "stereo", **tags: str) -> Path:
    """A sound as a file of some codec, with tags."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=rate, layout=layout)
        stream.bit_rate = 128_000
        file.metadata.update(tags)
        frame = av.AudioFrame.from_ndarray(sound, format="fltp", layout=layout)
        frame.sample_rate = rate
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path
