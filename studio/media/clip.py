"""Clips: frames to H.264 in MP4 files, and back."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
from av.container import InputContainer
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from numpy._core._multiarray_umath import __cpu_features__
from numpy.typing import NDArray

from studio.language import sentence
from studio.media import MediaError
from studio.media.codecs import film_problem
from studio.media.container import address, open_container
from studio.media.disk import atomic_write
from studio.names import readable

Frame = NDArray[np.uint8]
"""[H, W, 3] RGB."""
Frames = NDArray[np.uint8]
"""[T, H, W, 3] RGB."""

# x264's AVX-512 code for macroblock trees (x264 165) reads memory that nothing was written to, so of the same frames about one file
# in 400 comes out otherwise (of 6540: 17; with AVX2's code none). The AVX2 code writes what AVX-512's writes in the other 399.
SAME_BYTES = ":asm=avx2" if __cpu_features__.get("AVX512F") else ""

# One encoder set-up for every clip, so that clips can be joined without encoding again: no B-frames (a clip ends on the
# frame it ends on), the first frame of each clip is an IDR, and a key frame every 24 makes scrubbing quick.
ENCODER = {
    "preset": "medium",
    "profile": "high",
    "crf": "16",
    "x264-params": "bframes=0:keyint=24:min-keyint=24:scenecut=0:open-gop=0:"
                   "colorprim=bt709:transfer=bt709:colormatrix=bt709:range=tv" + SAME_BYTES,
}
# index first, so that a browser can start playing at once; and any metadata key is kept, not only the format's own
MUXER = {"movflags": "+faststart+use_metadata_tags"}
# without these flags every trip to YUV and back darkens the picture by a level
EXACT = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT | Interpolation.FULL_CHR_H_INP
OWN_KEYS = ("major_brand", "minor_version", "compatible_brands", "encoder")  # written by the container itself


@dataclass(frozen=True)
class ClipFacts:
    """What is known of a clip without decoding it."""

    frames: int
    fps: float
    width: int
    height: int
    seconds: float
    metadata: Mapping[str, str]


class ClipWriter:
    """Writes a clip frame by frame; the file appears only when the `with` block ends without an error.

    >>> with ClipWriter(path, fps=12) as clip:
    ...     clip.write(frames)
    """

    def __init__(self, path: Path, fps: float | Fraction, metadata: Mapping[str, str] | None = None) -> None:
        """A writer of the MP4 at `path`; the size of the film is that of its first frame."""
        self.path, self.frames = Path(path), 0
        self._rate = Fraction(fps).limit_denominator(1001)
        self._metadata = dict(metadata or {})
        self._size: tuple[int, int] | None = None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            temporary = stack.enter_context(atomic_write(self.path))
            self._container = stack.enter_context(av.open(address(temporary), "w", format="mp4", options=MUXER))
            stack.push(self._flush)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *raised: object) -> None:
        self._stack.__exit__(*raised)  # type: ignore[arg-type]

    def write(self, frames: Frames) -> None:
        """Add frames [T, H, W, 3].

        Raises:
            MediaError: a frame's size is odd, or is not that of the first frame.
        """
        for image in frames:
            height, width = image.shape[:2]
            if self._size is None:
                self._open(width, height)
            elif self._size != (width, height):
                raise MediaError(sentence(
                    "{name}: a frame of {width}×{height} pixels in a clip of {size}.",
                    name=self.path.name, width=width, height=height, size=self._size))
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24").reformat(
                format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG, interpolation=EXACT
            )
            frame.pts, frame.time_base = self.frames, 1 / self._rate
            self._container.mux(self._stream.encode(frame))
            self.frames += 1

    def _open(self, width: int, height: int) -> None:
        if width % 2 or height % 2:
            raise MediaError(sentence(
                "{name}: video needs an even width and height, not {width}×{height}.",
                name=self.path.name, width=width, height=height))
        self._size = (width, height)
        self._container.metadata.update(self._metadata)
        problem = film_problem()
        if problem:
            raise MediaError(problem)
        stream = self._container.add_stream("libx264", rate=self._rate, options=ENCODER)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = 1 / self._rate
        self._stream = stream

    def _flush(self, kind: type[BaseException] | None, _error: BaseException | None, _: TracebackType | None) -> None:
        if kind is None:
            if not self.frames:
                raise MediaError(sentence("{name}: a clip needs at least one frame.", name=self.path.name))
            self._container.mux(self._stream.encode(None))


def write_clip(path: Path, frames: Frames, fps: float | Fraction, metadata: Mapping[str, str] | None = None) -> None:
    """Write frames [T, H, W, 3] as an MP4 that plays in every browser."""
    with ClipWriter(path, fps, metadata) as clip:
        clip.write(frames)


@contextmanager
def open_clip(path: Path) -> Iterator[InputContainer]:
    """Open a clip that has a video stream; errors of reading while it is open are raised as MediaError, which names the file."""
    name = readable(path.name)
    try:
        with open_container(path) as container:
            if not container.streams.video:
                raise MediaError(sentence("{name} holds no video. Choose another file.", name=name))
            if container.streams.video[0].codec_context is None:
                raise MediaError(sentence(
                    "The video in {name} is coded in a way that cannot be read. Save it as H.264 in an MP4.", name=name))
            yield container
    except FileNotFoundError as error:
        raise MediaError(sentence(
            "{name} is not there any more: it was moved or deleted outside the studio.", name=name)) from error
    except (av.FFmpegError, OSError) as error:
        reason = error.strerror or str(error)
        raise MediaError(sentence(
            "{name} is not a video that can be read, or it is damaged ({reason}).", name=name, reason=reason)) from error


def frames_of(container: InputContainer, path: Path) -> Iterator[Frame]:
    """The frames of an open clip, as they are decoded. Raises MediaError: it holds none."""
    some = False
    for frame in container.decode(video=0):
        some = True
        yield pixels(frame)
    if not some:
        raise _without_frames(path)


def _without_frames(path: Path) -> MediaError:
    return MediaError(sentence("{name} holds no frames. Choose another file.", name=readable(path.name)))


def read_clip(path: Path) -> Frames:
    """All frames of a clip, [T, H, W, 3] RGB."""
    with open_clip(path) as container:
        return np.stack(list(frames_of(container, path)))


def read_frame(path: Path, at: int) -> Frame:
    """One frame of a clip, [H, W, 3] RGB, or the last one of a shorter clip. Those after it are not decoded."""
    with open_clip(path) as container:
        last = deque(islice(container.decode(video=0), at + 1), maxlen=1)         # those before it are not converted
    if not last:
        raise _without_frames(path)
    return pixels(last[0])


def spread_frames(path: Path, count: int) -> list[Frame]:
    """So many frames of a clip, each [H, W, 3] RGB: the first, the last, and those evenly between. A shorter one has some twice."""
    wanted = np.linspace(0, max(0, probe(path).frames - 1), count).round().astype(int).tolist()
    found: dict[int, Frame] = {}
    with open_clip(path) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number in wanted:                       # the others are not converted, which takes longer than decoding
                found[number] = pixels(frame)
    if not found:
        raise _without_frames(path)
    last = max(found)
    return [found.get(number, found[last]) for number in wanted]


def pixels(frame: av.VideoFrame) -> Frame:
    """A decoded frame as [H, W, 3] RGB."""
    return np.asarray(frame.to_ndarray(format="rgb24", interpolation=EXACT), np.uint8)


def own_metadata(container: InputContainer) -> dict[str, str]:
    """The metadata of a file, without the keys that the container writes itself."""
    return {key: text for key, text in container.metadata.items() if key not in OWN_KEYS}


def probe(path: Path) -> ClipFacts:
    """Frames, rate, size, length and metadata of a clip."""
    with open_clip(path) as container:
        stream = container.streams.video[0]
        rate = stream.average_rate or Fraction(1)
        seconds = float(stream.frames / rate)
        return ClipFacts(stream.frames, float(rate), stream.width, stream.height, seconds, own_metadata(container))
