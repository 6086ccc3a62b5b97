"""Segments as JSON values and back, with what they name: LoRAs, the picture of a new shot, a video."""

from __future__ import annotations

import re

from studio.project.memory_tables import forget_table, parse_forget
from studio.project.model import Frame, Segment, Shot
from studio.project.rules import FormatError
from studio.project.sources import Lora, Reference, Video
from studio.project.table_reader import Table, TableReader

_CONTENT = re.compile(r"[0-9a-f]{64}")
_PICTURE = re.compile(r"media/[0-9a-f]{16}\.png")
_VIDEO = re.compile(r"media/[0-9a-f]{16}\.video")


def segment_table(segment: Segment) -> Table:
    """A segment as a JSON object."""
    known = {"id": segment.id, "prompt": segment.prompt, "frames": segment.frames, "seed": segment.seed}
    loras = [{**lora.unknown, "name": lora.name, "sha256": lora.sha256, "strength": lora.strength} for lora in segment.loras]
    blend = {"blend": segment.blend} if segment.blend else {}
    entry = {**blend, **_shot_table(segment.shot), **_video_table(segment.video), **forget_table(segment.forget)}
    return {**segment.unknown, **known, **({"loras": loras} if loras else {}), **entry}


def parse_segment(table: object) -> Segment:
    """The segment in a JSON object. Raises FormatError: a field is missing or of the wrong kind."""
    read = TableReader(table, "segment")
    loras = tuple(_lora(entry) for entry in read.optional("loras", list) or ())
    blend = 0 if read.optional("blend", object) is None else read.count("blend")
    cut = read.optional("shot", dict)
    shot = None if cut is None else _shot(cut)
    film = read.optional("video", dict)
    video, forget = None if film is None else _video(film), parse_forget(read)
    own = read.id("id"), read("prompt", str), read.count("frames", 1), read.count("seed")
    return Segment(*own, loras, read.rest(), blend, shot, video, forget)


def _shot_table(shot: Shot | None) -> Table:
    """The field of a new shot; a segment that continues has none."""
    if shot is None:
        return {}
    picture = {"picture": reference_table(shot.picture)} if shot.picture else {}
    take = {"take": shot.take, "at": shot.at} if shot.take else {}
    words = {"from_words": True} if shot.from_words else {}
    return {"shot": {**shot.unknown, **picture, **frame_table(shot.frame), **take, **words}}


def _shot(table: object) -> Shot:
    read = TableReader(table, "shot")
    picture, take = read.optional("picture", dict), read.link("take")
    at = 0 if read.optional("at", int) is None else read.count("at")
    from_words, frame = read.optional("from_words", bool) or False, read.frame("frame")
    return Shot(None if picture is None else parse_reference(picture), frame, take, at, read.rest(), from_words)


def _video_table(video: Video | None) -> Table:
    """The field of a video; a segment that is rendered has none."""
    if video is None:
        return {}
    known = {"file": video.file, "sha256": video.sha256, "seconds": video.seconds, "name": video.name}
    return {"video": {**video.unknown, **known}}


def _video(table: object) -> Video:
    read = TableReader(table, "video")
    return Video(read.file(_VIDEO), read("sha256", str), read.number("seconds"), read("name", str), read.rest())


def _lora(table: object) -> Lora:
    read = TableReader(table, "lora")
    content = read("sha256", str)
    if not _CONTENT.fullmatch(content):
        raise FormatError("lora: 'sha256' is not a checksum")
    return Lora(read("name", str), content, read.number("strength"), read.rest())


def reference_table(reference: Reference) -> Table:
    """A picture as a JSON object."""
    return {
        **reference.unknown,
        "file": reference.file,
        "sha256": reference.sha256,
        "width": reference.width,
        "height": reference.height,
        "name": reference.name,
    }


def frame_table(frame: Frame | None) -> Table:
    """The field of a frame; without a frame there is none, as in documents from before there were frames."""
    return {"frame": list(frame)} if frame else {}


def parse_reference(table: Table) -> Reference:
    """The picture in a JSON object. Raises FormatError: a field is missing or wrong, or it leads out of the project."""
    read = TableReader(table, "reference")
    return Reference(
        read.file(_PICTURE), read("sha256", str), read.count("width", 1), read.count("height", 1), read("name", str), read.rest())
