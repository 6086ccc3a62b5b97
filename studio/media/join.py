"""Joining clips into a film without decoding them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import av
from av.packet import Packet
from av.video.stream import VideoStream

from studio.language import sentence
from studio.media import MediaError
from studio.media.clip import MUXER, open_clip, own_metadata
from studio.media.container import address
from studio.media.disk import atomic_write


def join(clips: Sequence[Path], out: Path, metadata: Mapping[str, str] | None = None) -> None:
    """Copy the coded frames of `clips`, one after another, into the MP4 `out`: nothing is encoded again.

    Every clip starts with a key frame and holds no frame that refers outside it, so the film decodes to exactly
    the frames of its clips. `metadata` None keeps that of the first clip.
    """
    if not clips:
        raise MediaError(sentence("There is nothing to join yet. Generate a segment first."))
    size = sum(clip.stat().st_size for clip in clips if clip.exists())
    with open_clip(clips[0]) as first, atomic_write(out, need=2 * size) as temporary:
        pattern = first.streams.video[0]
        rate = pattern.average_rate or Fraction(1)
        with av.open(address(temporary), "w", format="mp4", options=MUXER) as film:
            film.metadata.update(own_metadata(first) if metadata is None else metadata)
            stream = film.add_stream_from_template(pattern)
            stream.time_base = 1 / rate
            frames = 0
            for clip in clips:
                for packet in coded_frames(clip, clips[0], pattern):
                    packet.stream, packet.time_base = stream, 1 / rate
                    packet.pts = packet.dts = frames
                    packet.duration = 1
                    film.mux(packet)
                    frames += 1


def coded_frames(clip: Path, first: Path, pattern: VideoStream) -> Iterator[Packet[VideoStream]]:
    """The frames of `clip` as they are coded, if they can follow those of `first`."""
    with open_clip(clip) as container:
        stream = container.streams.video[0]
        check_alike(first, pattern, clip, stream)
        yield from (packet for packet in container.demux(stream) if packet.size)


def check_alike(first: Path, pattern: VideoStream, clip: Path, stream: VideoStream) -> None:
    """Check that two clips can follow each other in one stream.

    Raises:
        MediaError: they differ in size, frame rate or coding.
    """
    a, b = (s.codec_context for s in (pattern, stream))
    alike: tuple[tuple[str, str | bytes, str | bytes], ...] = (
        (sentence("size"), f"{a.width}×{a.height}", f"{b.width}×{b.height}"),
        (sentence("frame rate"), f"{float(pattern.average_rate or 0):g}", f"{float(stream.average_rate or 0):g}"),
        (sentence("coding"), a.name, b.name),
        (sentence("encoder set-up"), a.extradata or b"", b.extradata or b""),
    )
    for what, left, right in alike:
        if left != right:
            if isinstance(left, bytes):
                raise MediaError(sentence(
                    "{first} and {clip} cannot be joined: their {what} differs. Generate one of them again.",
                    first=first.name, clip=clip.name, what=what))
            raise MediaError(sentence(
                "{first} and {clip} cannot be joined: their {what} differs ({left} and {right}). Generate one of them again.",
                first=first.name, clip=clip.name, what=what, left=left, right=right))
