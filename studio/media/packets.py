"""What a video is known by when its tags are gone: a checksum of its coded frames.

It stays the same in any file that holds the same coded frames: MP4, MOV, Matroska, MPEG-TS, with another sound or without one.
It does not survive what codes the frames anew (another size, quality or codec, a title burnt in) or cuts some of them off.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import av
from av.bitstream import BitStreamFilterContext

from studio.media import MediaError
from studio.media.clip import open_clip

# H.264 is wrapped differently in MP4 and in MPEG-TS. Here: start codes before each unit, without the encoder's
# set-up (7, 8) and marks between frames (9), which each file format repeats, or does not, in its own way.
PLAIN = "h264_mp4toannexb,filter_units=remove_types=7-9"


def packet_sum(path: Path) -> str | None:
    """The SHA-256 of a video's coded frames, in 64 hexadecimal digits; None where the file holds no video that can be read."""
    try:
        with open_clip(path) as container:
            stream = container.streams.video[0]
            plain = BitStreamFilterContext(PLAIN, stream) if stream.codec_context.name == "h264" else None
            content = hashlib.sha256(stream.codec_context.name.encode())
            for packet in container.demux(stream):
                if packet.size:
                    for part in plain.filter(packet) if plain else (packet,):
                        content.update(bytes(part))
    except (MediaError, av.FFmpegError, ValueError):
        return None
    return content.hexdigest()
