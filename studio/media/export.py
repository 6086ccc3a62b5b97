"""Exports: GIF, WebP, stills, and films with a title, a fade and music."""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.filter import Graph
from av.packet import Packet
from av.stream import Stream
from moviepy import AudioFileClip, VideoClip, afx, concatenate_videoclips, vfx
from numpy.typing import NDArray
from PIL import Image

from studio.media import MediaError, picture
from studio.media.clip import MUXER, ClipFacts, ClipWriter, Frame, open_clip, own_metadata, pixels, probe
from studio.media.disk import atomic_write, check_room
from studio.media.join import join
from studio.media.metadata import DAMAGED
from studio.media.title import draw_title

TITLE_SECONDS, DISSOLVE = 2.5, 0.6     # length of the title, and of the dissolve into the film
SOUND_FADE = 1.5                       # seconds over which music ends when it is longer than the film
SOUND_BYTES = 48_000                   # a second of it takes less, coded
LINEAGE = "lineage"                    # the metadata key
DESCRIPTION = 0x010E                   # the EXIF tag that holds it in a WebP


def lineage(record: Mapping[str, Any], title: str = "") -> dict[str, str]:
    """Metadata for `join` and `write_clip` that records how a film was made; `read_lineage` returns `record` again."""
    metadata = {LINEAGE: json.dumps(record, ensure_ascii=True, sort_keys=True)}
    return metadata | {"title": title} if title else metadata


def read_lineage(path: Path) -> dict[str, Any] | None:
    """The record of how the film, GIF or WebP in `path` was made; None: it has none."""
    if path.suffix.lower() in (".gif", ".webp"):
        try:
            with Image.open(path, formats=["GIF", "WEBP"]) as image:
                text = image.info.get("comment") or image.getexif().get(DESCRIPTION)
        except DAMAGED as error:
            raise MediaError(f"{path.name} cannot be read ({error}).") from error
    else:
        text = probe(path).metadata.get(LINEAGE)
    try:
        record = json.loads(text) if text else None
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def still(clip: Path, out: Path) -> None:
    """Write the first frame of a clip as a WebP."""
    with open_clip(clip) as container:
        picture.save_poster(pixels(next(container.decode(video=0))), out)


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
        for frame in container.decode(video=0):
            image = Image.fromarray(pixels(frame))
            image.thumbnail((width, image.height), Image.Resampling.LANCZOS)
            yield image


def gif(clip: Path, out: Path, width: int = 480) -> None:
    """Write the clip as a GIF with one palette for all its frames, at most `width` pixels wide."""
    with open_clip(clip) as container, atomic_write(out) as temporary:
        source = container.streams.video[0]
        wide = min(width, source.width)
        high = round(source.height * wide / source.width)
        with av.open(str(temporary), "w", format="gif", options={"loop": "0"}) as film:
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


def compose(film: Path, out: Path, title: str | None = None, fade: float = 0.0, audio: Path | None = None) -> None:
    """Write the film with a title, fades and music.

    Frames are encoded again only for a title or a fade; for music alone they are copied.

    Args:
        film: an MP4.
        out: the new one.
        title: shown before the film; None or blank: no title.
        fade: seconds of the fades from and to black; 0: none.
        audio: a sound file; None: no music.

    Raises:
        MediaError: a file cannot be read or written, or `fade` is negative.
    """
    title = (title or "").strip()
    if fade < 0:
        raise MediaError(f"A fade cannot last {fade:g} seconds. Choose 0 for none.")
    with atomic_write(out) as finished, TemporaryDirectory(dir=out.parent, prefix=".parts-") as folder:
        shown = film
        if title or fade:
            shown = Path(folder) / out.name             # messages name it
            encode_with_title(film, shown, title, fade)
        if audio is None:
            join([shown], finished)
        else:
            sound = Path(folder) / "sound.m4a"
            encode_sound(audio, sound, probe(shown).seconds)
            add_sound(shown, sound, finished)


def encode_with_title(film: Path, out: Path, title: str, fade: float) -> None:
    """Encode the film again with its title and fades, keeping its metadata."""
    facts = probe(film)
    with open_clip(film) as container:
        shown = VideoClip(frames_by_time(container, facts), duration=facts.seconds)
        frames = facts.frames
        if title:
            opening = round(TITLE_SECONDS * facts.fps)
            frames += opening
            shown = concatenate_videoclips([title_clip(shown, title, opening / facts.fps), shown])
        if fade:
            shown = shown.with_effects([vfx.FadeIn(fade), vfx.FadeOut(fade)])
        metadata = {**facts.metadata, "title": title} if title else facts.metadata
        with ClipWriter(out, facts.fps, metadata) as clip:
            for i in range(frames):
                # the middle of each frame: no rounding can fall into a neighbour
                clip.write(np.clip(np.rint(shown.get_frame((i + 0.5) / facts.fps)), 0, 255).astype(np.uint8)[None])


def frames_by_time(container: InputContainer, facts: ClipFacts) -> Callable[[float], Frame]:
    """A function from seconds to frames, for times that never decrease: only one frame is in memory."""
    frames = enumerate(container.decode(video=0))
    index, frame = next(frames)

    def at(t: float) -> Frame:
        nonlocal index, frame
        wanted = min(int(t * facts.fps), facts.frames - 1)
        while index < wanted:
            index, frame = next(frames)
        return pixels(frame)

    return at


def title_clip(film: VideoClip, title: str, seconds: float) -> VideoClip:
    """The opening: the title over the film's first frame, darkened and blurred, which dissolves into that frame."""
    first = film.get_frame(0).astype(np.float32)
    titled = draw_title(first.astype(np.uint8), title).astype(np.float32)

    def at(t: float) -> NDArray[np.float32]:
        clear = float(np.clip((t - seconds + DISSOLVE) / DISSOLVE, 0, 1))
        return titled + (first - titled) * clear * clear * (3 - 2 * clear)

    return VideoClip(at, duration=seconds)


def encode_sound(audio: Path, out: Path, seconds: float) -> None:
    """Write the music as AAC, at most as long as the film; a longer one fades out at the end."""
    check_room(out.parent, need=int(seconds * SOUND_BYTES))
    try:
        with av.open(str(audio)) as container:
            if not container.streams.audio:
                raise ValueError("pictures only")
        with AudioFileClip(str(audio)) as sound:
            cut = sound.subclipped(0, min(sound.duration, seconds))
            if sound.duration > seconds:
                cut = cut.with_effects([afx.AudioFadeOut(min(SOUND_FADE, seconds))])
            cut.write_audiofile(str(out), fps=48000, codec="aac", bitrate="192k", logger=None)
    except (OSError, ValueError, KeyError, IndexError, AttributeError, av.FFmpegError) as error:
        raise MediaError(f"{audio.name} holds no sound that can be read. Use WAV, MP3, M4A, OGG or FLAC.") from error


def add_sound(film: Path, sound: Path, out: Path) -> None:
    """Write a file with the encoded frames of one file and the encoded sound of another."""
    with (
        open_clip(film) as pictures,
        av.open(str(sound)) as music,
        atomic_write(out, need=2 * film.stat().st_size) as temporary,
        av.open(str(temporary), "w", format="mp4", options=MUXER) as both,
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
