"""Films to mark, what may happen to a film on its way, and what is not marked: pictures, also with regular textures."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import cv2
import numpy as np
from PIL import Image

from studio.lab.measure.startup import ROOT
from studio.lab.photographs import NAMES, sample
from studio.media.clip import Frame, Frames, read_clip
from studio.media.frame_rate import at_rate
from studio.media.invisible_mark import TILES

FPS, SIZE = 24, (640, 384)
EXAMPLES = ROOT / "assets" / "examples"
RENDERED = ("alley", "sea", "mountains")
"""Stories that the embedded model films."""


@dataclass(frozen=True)
class Change:
    """What happens to a film: it is cropped, scaled, played at another rate, and coded."""

    title: str
    crf: int = 23                  # of x264, at its preset "medium"
    crop: float = 0.0              # share of each side that is cut off, half of it at each end
    scale: float = 1.0
    fps: int = FPS


CHANGES = (
    Change("crf 18", 18), Change("crf 23"), Change("crf 28", 28), Change("crf 32", 32),
    Change("half size", scale=1 / 2), Change("3/4", scale=3 / 4), Change("3/2", scale=3 / 2),
    Change("10 % cropped", crop=0.1), Change("25 % cropped", crop=0.25),
    Change("25 % cropped, 3/4", crop=0.25, scale=3 / 4), Change("25 % cropped, 3/4, crf 28", 28, 0.25, 3 / 4),
    Change("30 frames a second", fps=30), Change("12 frames a second, crf 28", 28, fps=12),
)  # fmt: skip
"""All but the first four are coded at crf 23 where nothing else is said. A crop of 25 % leaves 56 % of the picture."""


def films(seconds: int, rendered: Sequence[str] = RENDERED, size: tuple[int, int] = SIZE) -> Iterator[tuple[str, Frames]]:
    """Films of so many seconds, by name, at 24 frames a second: the sample film, some of the embedded model, and synthetic ones."""
    count = seconds * FPS
    if size == SIZE:
        yield "lighthouse (sample)", lighthouse()[:count]
    for name in rendered:
        yield f"{name} (embedded model)", render(name)[:count]
    yield "forest (pan)", pan("forest", count, size)
    yield "night", (pan("street", count, size) * 0.12).astype(np.uint8)
    yield "white room", snow(count, size)


def lighthouse() -> Frames:
    """The sample story's film, all takes in a row (its parts in the order of their making)."""
    with zipfile.ZipFile(EXAMPLES / "lighthouse" / "film.zip") as archive, TemporaryDirectory() as folder:
        clips = sorted((each for each in archive.infolist() if each.filename.endswith("clip.mp4")), key=lambda each: each.date_time)
        return np.concatenate([read_clip(Path(archive.extract(each, folder))) for each in clips])


def render(name: str) -> Frames:
    """The film of a sample story, by the embedded model."""
    from studio.commands.render import render_story  # imports torch

    with TemporaryDirectory() as home:
        session = render_story(EXAMPLES / name / "story.toml", ROOT / "models", Path(home))
        film = session.films.film()
        assert film is not None, "it was rendered"
        return read_clip(film)


def picture(name: str, width: int, height: int) -> Frame:
    """A sample story's picture at a size in pixels."""
    with Image.open(EXAMPLES / name / f"{name}.jpg") as image:
        return np.asarray(image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS))


def pan(name: str, count: int, size: tuple[int, int]) -> Frames:
    """A camera that moves over a picture, one pixel a frame."""
    width, height = size
    wide = picture(name, width + count, height)
    return np.stack([wide[:, step : step + width] for step in range(count)])


def snow(count: int, size: tuple[int, int]) -> Frames:
    """A white room with a soft shadow that moves: hardly anything hides a mark there."""
    width, height = size
    down, across = np.mgrid[:height, :width] / height
    steps = np.linspace(0, 1, count)
    shadows = (np.exp(-8 * ((across - 0.3 - step) ** 2 + (down - 0.5) ** 2)) for step in steps)
    return np.stack([np.repeat((248 - 30 * shadow)[..., None], 3, axis=2).astype(np.uint8) for shadow in shadows])


def changed(frames: Frames, change: Change, out: Path) -> Path:
    """Write a film as it comes back after a change, as an MP4; returns its path."""
    height, width = frames.shape[1:3]
    top, left = round(height * change.crop / 2), round(width * change.crop / 2)
    kept = frames[:, top : height - top, left : width - left]
    size = tuple(round(side * change.scale) // 2 * 2 for side in (kept.shape[2], kept.shape[1]))
    way = cv2.INTER_AREA if change.scale < 1 else cv2.INTER_CUBIC
    with av.open(str(out), "w") as container:
        stream = container.add_stream("libx264", rate=change.fps, options={"crf": str(change.crf)})
        (stream.width, stream.height), stream.pix_fmt = size, "yuv420p"
        for frame in at_rate(kept, len(kept), Fraction(FPS), Fraction(change.fps)):
            scaled = np.asarray(cv2.resize(np.ascontiguousarray(frame), size, interpolation=way), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(scaled, format="rgb24")))
        container.mux(stream.encode(None))
    return out


def unmarked(size: tuple[int, int], crops: int) -> Iterator[tuple[str, Frame]]:
    """Pictures that bear no mark: of the stories, photographs, textures, drawn patterns, and random parts of all of them."""
    pictures = {name.parent.name: np.asarray(Image.open(name).convert("RGB")) for name in sorted(EXAMPLES.glob("*/*.jpg"))}
    pictures |= {name: np.asarray(sample(name)) for name in NAMES}
    pictures |= dict(patterns(1280, 768))
    for name, pixels in pictures.items():
        yield name, np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    draw = np.random.default_rng(0)
    for number in range(crops):
        name = list(pictures)[number % len(pictures)]
        pixels = pictures[name]
        share = draw.uniform(0.3, 0.9)
        rows, columns = (round(side * share) for side in pixels.shape[:2])
        top, left = draw.integers(pixels.shape[0] - rows), draw.integers(pixels.shape[1] - columns)
        part = np.ascontiguousarray(pixels[top : top + rows, left : left + columns])
        yield f"part {number} of {name}", np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)


def patterns(width: int, height: int) -> Iterator[tuple[str, Frame]]:
    """Drawn patterns that repeat themselves, also at the period of the mark's tiles, and noise that does not."""
    down, across = np.mgrid[:height, :width]
    period = height / TILES
    waves = {
        "stripes": np.sin(across * 2 * np.pi / 13), "stripes at the tiles' period": np.sin(across * 2 * np.pi * 8 / period),
        "checks": np.sign(np.sin(across * np.pi / 16) * np.sin(down * np.pi / 16)),
        "checks at the tiles' period": np.sign(np.sin(across * np.pi * 8 / period) * np.sin(down * np.pi * 8 / period)),
        "drawn bricks": np.where((down % 32 < 4) | ((across + 32 * (down // 32 % 2)) % 64 < 4), -1, 0.5),
        "noise": np.random.default_rng(1).standard_normal((height, width)),
        "noise in tiles": np.resize(np.random.default_rng(2).standard_normal((round(period),) * 2), (height, width)),
        "random tiles": np.tile(np.random.default_rng(3).standard_normal((round(period),) * 2), (TILES, 8))[:height, :width],
        "grey": np.zeros((height, width)), "ramp": across / width * 2 - 1,
    }  # fmt: skip
    for name, wave in waves.items():
        yield name, np.repeat((128 + 60 * wave).clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)
