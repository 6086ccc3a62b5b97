"""The least that a moving view of a picture costs: FFmpeg's own filter `zoompan`, which remembers nothing."""

from __future__ import annotations

import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from studio.lab.measure.section_costs import REFERENCE, Size, half_frame
from studio.lab.world.camera import PACES
from studio.lab.world.section import FPS
from studio.media.clip import write_clip
from studio.media.scene import scene

FILTER = "zoompan"
TRAINED_WIDTH = 320
"""Width of the frames for which the pace of a pan is given."""


def has_zoompan() -> bool:
    """Returns whether the FFmpeg inside PyAV has the filter."""
    return FILTER in av.filter.filters_available


def reference(size: Size) -> NDArray[np.uint8]:
    """Returns the picture of the timed films, twice as wide and high as the frame, which lies in its middle: [2 H, 2 W, 3]."""
    width, height = size
    with Image.open(REFERENCE) as image:
        whole = scene(image.convert("RGB"), size, half_frame(size))
    left, top = whole.left - width // 2, whole.top - height // 2
    # Where the picture has less room than that, Pillow fills with black: the filter's cost is the same.
    return np.asarray(whole.image.crop((left, top, left + 2 * width, top + 2 * height)))


def pan_left(picture: NDArray[np.uint8], frames: int, step: float, fps: int) -> NDArray[np.uint8]:
    """Returns frames [T, H, W, 3] of a view that goes to the left over a picture [2 H, 2 W, 3], `step` pixels a frame.

    The view has half the picture's width and height and begins in its middle. The filter knows whole pixels only.
    """
    height, width = picture.shape[0] // 2, picture.shape[1] // 2
    graph = av.filter.Graph()
    source = graph.add_buffer(width=2 * width, height=2 * height, format=av.VideoFormat("rgb24"), time_base=Fraction(1, fps))
    view = graph.add(FILTER, f"z=2:x='{width / 2}-{step}*on':y={height / 2}:d={frames}:s={width}x{height}:fps={fps}")
    colours, sink = graph.add("format", "pix_fmts=rgb24"), graph.add("buffersink")
    for before, after in ((source, view), (view, colours), (colours, sink)):
        before.link_to(after)
    graph.configure()
    still = av.VideoFrame.from_ndarray(picture, format="rgb24")
    still.pts = 0
    graph.push(still)
    graph.push(None)
    made: list[NDArray[np.uint8]] = []
    while len(made) < frames:
        made.append(np.asarray(graph.pull().to_ndarray(), dtype=np.uint8))  # type: ignore[union-attr]
    return np.stack(made)


def seconds(size: Size, fps: int, frames: int) -> dict[str, float] | None:
    """Returns the seconds of a slow pan of a section's length by the filter: of its frames, and of their clip.

    None where the FFmpeg inside PyAV has no such filter.
    """
    if not has_zoompan():
        return None
    picture, step = reference(size), PACES["slow"] * size[0] / TRAINED_WIDTH * FPS / fps
    with tempfile.TemporaryDirectory() as folder:
        clock = time.perf_counter()
        made = pan_left(picture, frames, step, fps)
        filtered = time.perf_counter()
        write_clip(Path(folder) / "pan.mp4", made, fps)
        return {"frames": filtered - clock, "clip": time.perf_counter() - filtered}
