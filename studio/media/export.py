"""Exports: GIF, WebP, stills, and films with a title, a fade and music."""

from __future__ import annotations

import heapq
import json
import math
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import chain, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.filter import Graph
from av.packet import Packet
from av.stream import Stream
from PIL import Image

from studio.language import sentence
from studio.media import MediaError, picture
from studio.media.clip import MUXER, ClipWriter, Frame, frames_of, open_clip, own_metadata, probe
from studio.media.container import address, open_container
from studio.media.disk import atomic_write
from studio.media.frame_rate import Rate, at_rate, frames_at
from studio.media.invisible_mark import InvisibleMark, check_mark
from studio.media.join import join
from studio.media.label import Label
from studio.media.metadata import DAMAGED
from studio.media.sound import encode_sound
from studio.media.title import check_title, draw_title

TITLE_SECONDS, DISSOLVE = 2.5, 0.6     # length of the title, and of the dissolve into the film
LINEAGE = "lineage"                    # the metadata key
DESCRIPTION = 0x010E                   # the EXIF tag that holds it in a WebP


def lineage(record: Mapping[str, Any], title: str = "") -> dict[str, str]:
    """Metadata for `join` and `write_clip` that records how a film was made; `read_lineage` returns `record` again."""
    metadata = {LINEAGE: json.dumps(record, ensure_ascii=True, sort_keys=True)}
    return metadata | {"title": title} if title else metadata


def read_lineage(path: Path) -> dict[str, Any] | None:
    """The record of how the film, GIF, WebP or PNG in `path` was made; None: it has none."""
    if path.suffix.lower() in (".gif", ".webp", ".png"):
        try:
            with Image.open(path, formats=["GIF", "WEBP", "PNG"]) as image:
                text = image.info.get(LINEAGE) or image.info.get("comment") or image.getexif().get(DESCRIPTION)
        except DAMAGED as error:
            raise MediaError(sentence("{name} cannot be read ({error}).", name=path.name, error=str(error))) from error
    else:
        text = probe(path).metadata.get(LINEAGE)
    try:
        record = json.loads(text) if text else None
    except (ValueError, TypeError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def still(clip: Path, out: Path) -> None:
    """Write the first frame of a clip as a WebP."""
    with open_clip(clip) as container:
        picture.save_poster(next(frames_of(container, clip)), out)


def webp(clip: Path, out: Path, width: int = 480) -> None:
    """Write the clip as an animated WebP, at most `width` pixels wide."""
    facts = probe(clip)
    record = facts.metadata.get(LINEAGE)
    exif = Image.Exif()
    if record:
        exif[DESCRIPTION] = record
    ticks = [round(1000 * i / facts.fps) for i in range(facts.frames + 1)]   # whole milliseconds, errors do not add up
    with atomic_write(out) as temporary:
        first, *rest = small_frames(clip, width)
        first.save(
            temporary, "WEBP", save_all=True, append_images=rest, exif=exif, loop=0, quality=80, method=3,
            duration=[b - a for a, b in pairwise(ticks)],
        )


def small_frames(clip: Path, width: int) -> Iterator[Image.Image]:
    """The frames of a clip, scaled to at most `width` pixels."""
    with open_clip(clip) as container:
        for frame in frames_of(container, clip):
            image = Image.fromarray(frame)
            image.thumbnail((width, image.height), Image.Resampling.LANCZOS)
            yield image


def gif(clip: Path, out: Path, width: int = 480) -> None:
    """Write the clip as a GIF with one palette for all its frames, at most `width` pixels wide."""
    with open_clip(clip) as container, atomic_write(out) as temporary:
        source = container.streams.video[0]
        wide = min(width, source.width)
        high = round(source.height * wide / source.width)
        with av.open(address(temporary), "w", format="gif", options={"loop": "0"}) as film:
            stream = film.add_stream("gif", rate=source.average_rate)
            stream.width, stream.height, stream.pix_fmt = wide, high, "pal8"
            graph = palette_graph(source, wide, high)
            for frame in container.decode(source):
                graph.push(frame)
            graph.push(None)
            for frame in filtered_frames(graph):
                film.mux(stream.encode(frame))
            film.mux(stream.encode(None))
        record = own_metadata(container).get(LINEAGE)
        if record:
            temporary.write_bytes(add_comment(temporary.read_bytes(), record.encode("ascii", "backslashreplace")))


def palette_graph(source: av.VideoStream, width: int, height: int) -> Graph:
    """A filter that scales frames, chooses 256 colours from all of them, and dithers in a fixed pattern, which does not flicker."""
    graph = Graph()
    start, end = graph.add_buffer(template=source), graph.add("buffersink")
    scale = graph.add("scale", f"{width}:{height}:flags=lanczos")
    split, make = graph.add("split"), graph.add("palettegen", "stats_mode=full")
    use = graph.add("paletteuse", "dither=bayer:bayer_scale=4:diff_mode=rectangle")
    start.link_to(scale)
    scale.link_to(split)
    split.link_to(use, 0, 0)
    split.link_to(make, 1, 0)
    make.link_to(use, 0, 1)
    use.link_to(end)
    graph.configure()
    return graph


def filtered_frames(graph: Graph) -> Iterator[av.VideoFrame]:
    """The frames that come out of a filter graph, until it is empty."""
    while True:
        try:
            yield graph.vpull()
        except (av.BlockingIOError, av.EOFError):
            return


def add_comment(content: bytes, comment: bytes) -> bytes:
    """A GIF with a comment inserted after its palette, where every reader finds it."""
    colours = 3 * 2 ** ((content[10] & 7) + 1) if content[10] & 0x80 else 0
    blocks = [comment[i : i + 255] for i in range(0, len(comment), 255)]
    extension = b"\x21\xfe" + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"
    return content[: 13 + colours] + extension + content[13 + colours :]


def compose(
    film: Path, out: Path, title: str | None = None, fade: float = 0.0, audio: Path | None = None, rate: Rate | None = None,
    offset: float | None = None, gain: float = 0.0, label: str = "", mark: int | None = None,
) -> None:
    """Write the film with a title, fades, a label, an invisible mark and music, at its own frame rate or another one.

    Frames are encoded again only for a title, a fade, a label, a mark or another rate; for music alone they are copied.

    Args:
        film: an MP4.
        out: the new one.
        title: shown before the film; None or blank: no title.
        fade: seconds of the fades from and to black, each of which takes at most half of the film; 0: none.
        audio: a sound file; None: no music.
        rate: None: the film's own.
        offset: seconds of the film, behind its title, at which the sound begins; negative: so much of it is left out; None: it
            begins with the title.
        gain: decibels by which the sound is made louder.
        label: a text in the corner of all frames of the film; blank: none.
        mark: the number of an invisible mark in all frames, also the title's; None: no mark.

    Raises:
        MediaError: a file cannot be read or written, the title or the label cannot be drawn on this machine, the frames are too
            small for a mark, or `fade` is negative.
    """
    title, label = (title or "").strip(), label.strip()
    check_title(title + label)
    if not 0 <= fade < math.inf:
        raise MediaError(sentence("A fade cannot last {fade:g} seconds. Choose 0 for none.", fade=fade))
    if mark is not None:
        facts = probe(film)
        check_mark(facts.width, facts.height)
    with atomic_write(out) as finished, TemporaryDirectory(dir=out.parent, prefix=".parts-") as folder:
        shown = film
        other = rate is not None and rate.fps != probe(film).fps
        if title or fade or other or label or mark is not None:
            shown = Path(folder) / out.name             # messages name it
            encode_with_title(film, shown, title, fade, rate if other else None, label, mark)
        if audio is None:
            join([shown], finished)
        else:
            sound = Path(folder) / "sound.m4a"
            facts = probe(shown)
            begins = 0.0 if offset is None else offset + title_frames(facts.fps, title) / facts.fps
            encode_sound(audio, sound, facts.seconds, begins, gain)
            add_sound(shown, sound, finished)


def longest_fade(film: Path, title: str | None = None) -> float:
    """The longest fade, in seconds, that a film can have at each end: half of it, with its title.

    Raises:
        MediaError: the film cannot be read.
    """
    facts = probe(film)
    return (facts.frames + title_frames(facts.fps, title or "")) / facts.fps / 2


def title_frames(fps: float, title: str) -> int:
    """The number of frames for which a title is shown before a film; 0 for a blank one."""
    return round(TITLE_SECONDS * fps) if title.strip() else 0


def encode_with_title(
    film: Path, out: Path, title: str, fade: float, rate: Rate | None = None, label: str = "", mark: int | None = None
) -> None:
    """Encode the film again with its title, fades and marks, at its own frame rate (None) or another one, keeping its metadata."""
    facts = probe(film)
    own, fps = Fraction(facts.fps).limit_denominator(1001), Fraction(rate.fps if rate else facts.fps).limit_denominator(1001)
    filmed = frames_at(facts.frames, own, fps)
    opening = title_frames(float(fps), title)
    frames = filmed + opening
    faded = min(fade * float(fps), frames / 2)
    metadata = {**facts.metadata, "title": title} if title else facts.metadata
    with open_clip(film) as container, ClipWriter(out, fps, metadata) as clip:
        pictures = frames_of(container, film)
        if rate:
            pictures = at_rate(pictures, facts.frames, own, fps, rate.blend)
        if label:
            pictures = map(Label(label, facts.width, facts.height).put, pictures)
        put = (lambda frame: frame) if mark is None else InvisibleMark(mark, facts.width, facts.height).put
        first = next(pictures)
        for i, frame in enumerate(chain(opening_frames(first, title, opening, float(fps)), [first], pictures)):
            edge = min(i + 0.5, frames - i - 0.5)       # frames from the middle of this one to the nearer end of the film
            light = min(1.0, edge / faded) if faded else 1.0
            clip.write(put(frame if light == 1 else np.rint(frame * light).astype(np.uint8))[None])


def opening_frames(first: Frame, title: str, frames: int, fps: float) -> Iterator[Frame]:
    """The opening: the title over the film's first frame, darkened and blurred, which dissolves into that frame."""
    if not frames:
        return
    titled, clear_frame = draw_title(first, title).astype(np.float32), first.astype(np.float32)
    for i in range(frames):
        clear = float(np.clip(1 - (frames - i - 0.5) / fps / DISSOLVE, 0, 1))
        mixed = titled + (clear_frame - titled) * clear * clear * (3 - 2 * clear)
        yield np.rint(mixed).clip(0, 255).astype(np.uint8)


def add_sound(film: Path, sound: Path, out: Path) -> None:
    """Write a file with the encoded frames of one file and the encoded sound of another."""
    with (
        open_clip(film) as pictures,
        open_container(sound) as music,
        atomic_write(out, need=2 * film.stat().st_size) as temporary,
        av.open(address(temporary), "w", format="mp4", options=MUXER) as both,
    ):
        both.metadata.update(own_metadata(pictures))
        targets = {c: both.add_stream_from_template(c.streams[0]) for c in (pictures, music)}
        coded = (coded_packets(c, target) for c, target in targets.items())
        for _, packet in heapq.merge(*coded, key=lambda timed: timed[0]):    # so that neither runs ahead in the file
            both.mux(packet)


def coded_packets(container: InputContainer, target: Stream) -> Iterator[tuple[Fraction, Packet[Stream]]]:
    """The packets of a file's only stream, with their times in seconds, assigned to a stream of another file."""
    for packet in container.demux(container.streams[0]):
        if packet.dts is not None:
            packet.stream = target
            yield packet.dts * packet.time_base, packet
