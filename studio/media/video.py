"""Videos of any kind as the frames of a film: upright, at the film's rate, in its shape and size.

A frame of the film is the newest picture that the video shows at that moment, so a rate that differs repeats or leaves out pictures
and mixes none. Times are those of the video's pictures, whatever its rate is said to be.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.reformatter import Colorspace
from av.video.stream import VideoStream
from PIL import Image

from studio.language import sentence
from studio.media import MediaError
from studio.media.clip import EXACT
from studio.media.colour import NEUTRAL
from studio.media.container import open_container
from studio.media.high_range import is_high_range, standard_range
from studio.media.picture import LARGEST, SMALLEST

ADVICE = sentence("Save it as H.264 in an MP4.")
Size = tuple[int, int]
EDGE = 1e-6
"""Pixels by which a product may be too large: it is rounded up."""
UNSPECIFIED = 2
"""Of a frame's colour space: the file does not say."""
HIGH_DEFINITION = 720
"""Lines from which a video whose colour space is not told has that of HD."""
DAMAGE = 1.0
"""Seconds at the end of a video that cannot be decoded and are passed over."""
SLACK = 1.2e-3
"""Seconds by which a picture may be late and still be shown: times in files are rounded to thousandths."""


@dataclass(frozen=True)
class VideoFacts:
    """How long a video lasts, by the times of its coded pictures."""

    start: float        # seconds at which its first picture is shown, by the file's clock
    last: float         # seconds from there to its last picture
    seconds: float      # that it lasts

    def frames(self, rate: int) -> int:
        """Frames at so many a second, of which the last one shows the last picture."""
        return max(int((self.seconds + SLACK) * rate), int((self.last + SLACK) * rate) + 1)


def measure(path: Path, name: str) -> VideoFacts:
    """Read how long a video lasts, without decoding it.

    Args:
        path: of the file.
        name: of the file for people.

    Raises:
        MediaError: it holds no video that can be read; the message names the reason.
    """
    with _open(path, name) as (container, stream):
        rate = float(stream.average_rate or stream.guessed_rate or 25)
        times: list[tuple[float, float]] = []          # of each picture, and of its end
        count = 0
        for packet in _packets(container, stream):
            count += 1
            if packet.pts is not None and packet.time_base is not None:
                at = float(packet.pts * packet.time_base)
                times.append((at, at + float((packet.duration or 0) * packet.time_base)))
        if not count:
            raise MediaError(sentence(
                "{name} holds no frames: nothing was recorded in it, or it is cut short. Choose another file.", name=name))
        if not times:
            return VideoFacts(0.0, (count - 1) / rate, count / rate)
        (start, _), (last, end) = min(times), max(times)
        usual = (last - start) / (len(times) - 1) if len(times) > 1 else 1 / rate
        return VideoFacts(start, last - start, (end if end > last else last + usual) - start)


def frames(path: Path, name: str, rate: int, first: int = 0, least: Size | None = None) -> Iterator[Image.Image]:
    """The frames of a video at `rate` a second, to its end: upright RGB, at most 4096 pixels a side.

    Args:
        path, name: of the file, and for people.
        rate: frames a second.
        first: number of the frame to begin with.
        least: width and height in pixels that are needed: larger pictures are scaled down as far as they cover that, which is much
            quicker while they are decoded. None: they have the video's own size.

    Raises:
        MediaError: it holds no video that can be read, or is damaged before its end; the message names the reason.
    """
    facts = measure(path, name)
    number, total = first, facts.frames(rate)
    held: av.VideoFrame | None = None
    shown: Image.Image | None = None                  # `held` as a picture, once it was shown
    newest = 0.0
    with _open(path, name) as (container, stream):
        stream.thread_type = "AUTO"
        _seek(container, stream, facts.start + first / rate if first else None)
        for at, frame in _decode(container, stream, facts.start):
            while held is not None and number < total and number / rate + SLACK < at:
                shown = shown or _picture(held, stream, least)
                yield shown
                number += 1
            held, shown, newest = frame, None, max(newest, at)
        if held is None:
            raise MediaError(sentence(
                "The video in {name} is damaged: none of it can be decoded. Save it again. {advice}", name=name, advice=ADVICE))
        if newest < facts.last - DAMAGE:
            raise MediaError(sentence(
                "{name} is damaged: it can be decoded up to {newest:.1f} of its {seconds:.1f} seconds. Save it again, or cut it "
                "there.", name=name, newest=newest, seconds=facts.seconds))
        shown = shown or _picture(held, stream, least)
        for _ in range(number, total):
            yield shown


@contextmanager
def _open(path: Path, name: str) -> Iterator[tuple[InputContainer, VideoStream]]:
    """An open video and its stream of pictures; errors of reading while it is open are raised as MediaError."""
    try:
        with open_container(path) as container:
            yield container, _stream_of(container, name)
    except FileNotFoundError as error:
        raise MediaError(sentence(
            "{name} is not there any more: it was moved or deleted. Choose the video again.", name=name)) from error
    except IsADirectoryError as error:
        raise MediaError(sentence("{name} is a folder. Choose a video in it.", name=name)) from error
    except PermissionError as error:
        raise MediaError(sentence("{name} may not be read. Change its permissions or choose a copy.", name=name)) from error
    except MemoryError as error:
        raise MediaError(sentence("{name} does not fit into the memory that is free. Save it smaller.", name=name)) from error
    except (av.FFmpegError, OSError, ValueError, EOFError) as error:
        if path.is_file() and not path.stat().st_size:
            raise MediaError(sentence("{name} is empty: copy it again, or choose another.", name=name)) from error
        raise MediaError(sentence(
            "{name} is not a video that can be read, or it is cut short. Save it again. {advice}",
            name=name, advice=ADVICE)) from error


def _stream_of(container: InputContainer, name: str) -> VideoStream:
    """The stream to take the pictures from. Raises MediaError: there is none that can be decoded, or its pictures are too small."""
    films = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
    if not films:
        if container.streams.audio:
            raise MediaError(sentence(
                "{name} has sound but no picture, so a film cannot begin with it. Choose a video; sound is added at the export.",
                name=name))
        raise MediaError(sentence("{name} holds no video. Choose another file.", name=name))
    usable = [stream for stream in films if stream.codec_context is not None]
    if not usable:
        raise MediaError(sentence(
            "The video in {name} is coded in a way that cannot be read, or is protected. {advice}", name=name, advice=ADVICE))
    best = container.streams.best("video")
    stream = best if isinstance(best, VideoStream) and best in usable else usable[0]
    width, height = stream.codec_context.width, stream.codec_context.height
    if 0 < min(width, height) < SMALLEST:
        raise MediaError(sentence(
            "{name} is only {width}×{height} pixels. Choose a video of at least {smallest}×{smallest}.",
            name=name, width=width, height=height, smallest=SMALLEST))
    return stream


def _packets(container: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    """The coded pictures that are shown, as far as the file can be read: one that is cut short ends there."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except (av.EOFError, av.InvalidDataError):
            return
        if packet is None:
            return
        if packet.size and not packet.is_discard:
            yield packet


def _seek(container: InputContainer, stream: VideoStream, at: float | None) -> None:
    """Go to the key frame before so many seconds of the file's clock; a file that cannot do that is read from its beginning."""
    if at is None or stream.time_base is None or stream.duration is None:
        return
    try:
        container.seek(int(at / stream.time_base), stream=stream)
    except (av.FFmpegError, OSError):
        container.seek(0)


def _decode(container: InputContainer, stream: VideoStream, start: float) -> Iterator[tuple[float, av.VideoFrame]]:
    """The pictures of a stream with their times in seconds from its start. What cannot be decoded is left out."""
    rate = float(stream.average_rate or stream.guessed_rate or 25)
    packets, count = container.demux(stream), 0
    while True:
        try:
            packet = next(packets, None)
            if packet is None:
                return
            decoded = packet.decode()
        except av.EOFError:
            return
        except (av.InvalidDataError, av.PatchWelcomeError):
            continue
        for frame in decoded:
            at = count / rate if frame.time is None else frame.time - start
            count += 1
            yield at, frame


def _picture(frame: av.VideoFrame, stream: VideoStream, least: Size | None) -> Image.Image:
    """A decoded picture: upright, RGB, with square pixels, and a neutral colour where it is transparent."""
    quarters = round(frame.rotation / 90) % 4
    width, height = _shown_size(frame, stream, least[::-1] if least and quarters % 2 else least)
    if is_high_range(frame):
        image = Image.fromarray(standard_range(frame, width, height))
    else:
        untold = frame.colorspace == UNSPECIFIED and frame.height >= HIGH_DEFINITION
        clear = any(component.is_alpha for component in frame.format.components)
        size = (frame.width, frame.height) if frame.interlaced_frame else (width, height)
        pixels = frame.reformat(
            *size, format="rgba" if clear else "rgb24", interpolation=EXACT, src_colorspace=Colorspace.ITU709 if untold else None,
        ).to_ndarray()
        image = Image.fromarray(pixels[::2] if frame.interlaced_frame else pixels)       # one field: the other is another moment
        if clear:
            ground = Image.new("RGB", image.size, NEUTRAL)
            ground.paste(image.convert("RGB"), mask=image.getchannel("A"))
            image = ground
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.BICUBIC)
    if quarters:
        image = Image.fromarray(np.ascontiguousarray(np.rot90(np.asarray(image), quarters)))
    return image


def _shown_size(frame: av.VideoFrame, stream: VideoStream, least: Size | None) -> Size:
    """Width and height of a picture, before it is turned, with square pixels: at most 4096 a side, and little over `least`."""
    ratio = float(stream.sample_aspect_ratio or 1)
    width = frame.width * (ratio if 0.1 < ratio < 10 else 1)
    scale = min(1.0, LARGEST / max(width, frame.height))
    if least:
        scale = min(scale, max(least[0] / width, least[1] / frame.height))
    return max(1, math.ceil(width * scale - EDGE)), max(1, math.ceil(frame.height * scale - EDGE))
