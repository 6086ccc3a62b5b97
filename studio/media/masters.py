"""Masters: films in codecs for editing, as far as this machine's FFmpeg has their encoders."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream

from studio.language import sentence
from studio.media import MediaError
from studio.media.clip import EXACT, open_clip, own_metadata
from studio.media.container import address
from studio.media.disk import atomic_write

BT709 = 1
"""FFmpeg's number of BT.709's primaries and transfer."""


@dataclass(frozen=True)
class MasterFormat:
    """A codec for editing, and the file it lies in."""

    title: str
    encoder: str
    pixels: str | None            # the encoder's pixel format; None: that of the film
    ending: str
    container: str
    options: tuple[tuple[str, str], ...]
    frame_bytes: float            # of a pixel, at most: how much room a film needs


MASTERS = {
    "prores": MasterFormat("ProRes 422 HQ", "prores_ks", "yuv422p10le", "mov", "mov", (("profile", "hq"), ("vendor", "apl0")), 1.5),
    "ffv1": MasterFormat("FFV1", "ffv1", None, "mkv", "matroska", (("level", "3"), ("g", "1"), ("slicecrc", "1")), 1.5),
}
"""ProRes keeps what can be seen, with more colour than the film has; FFV1 is lossless."""


def can_write(name: str) -> bool:
    """Whether this machine has the encoder of the format called `name`."""
    return MASTERS[name].encoder in av.codecs_available


def check_master(name: str) -> None:
    """Raises MediaError: this machine has no encoder for the format called `name`."""
    if not can_write(name):
        raise MediaError(sentence(
            "The PyAV of this machine cannot write {name}. Install the one from PyPI, which brings its own FFmpeg: pip install "
            "--force-reinstall av. Nothing was exported.", name=MASTERS[name].title))


def write_master(film: Path, out: Path, name: str) -> None:
    """Encode a film for editing, in the format called `name`. Its metadata is kept.

    Raises:
        MediaError: this machine has no such encoder, the film cannot be read, or the disk is full.
    """
    check_master(name)
    form = MASTERS[name]
    with open_clip(film) as source:
        pattern = source.streams.video[0]
        rate = pattern.average_rate or Fraction(1)
        need = int(form.frame_bytes * pattern.width * pattern.height * pattern.frames)
        with (
            atomic_write(out, need=need) as temporary,
            av.open(address(temporary), "w", format=form.container, options=_muxer(form)) as master,
        ):
            master.metadata.update(own_metadata(source))
            stream = cast(VideoStream, master.add_stream(form.encoder, rate=rate, options=dict(form.options)))
            stream.width, stream.height, stream.pix_fmt = pattern.width, pattern.height, form.pixels or pattern.pix_fmt or "yuv420p"
            stream.codec_context.time_base = 1 / rate
            stream.codec_context.colorspace, stream.codec_context.color_range = Colorspace.ITU709, ColorRange.MPEG
            stream.codec_context.color_primaries = stream.codec_context.color_trc = BT709
            for number, decoded in enumerate(source.decode(pattern)):
                frame = decoded.reformat(format=form.pixels, interpolation=EXACT) if form.pixels else decoded
                frame.pts, frame.time_base, frame.pict_type = number, 1 / rate, 0
                master.mux(stream.encode(frame))
            master.mux(stream.encode(None))


def _muxer(form: MasterFormat) -> dict[str, str]:
    return {"movflags": "+faststart+use_metadata_tags"} if form.container == "mov" else {}
