"""Opening films and files of sound with PyAV, so that neither their names nor the texts in them matter."""

from __future__ import annotations

import io
import zlib
from pathlib import Path
from typing import cast

import av
from av.container import InputContainer

# Films and sound, and no lists of other files or addresses, which would be opened in their place.
READERS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dts,dv,eac3,flac,flv,h264,hevc,ivf,loas,matroska,mov,mp3,mpc,mpc8,mpeg,mpegts,ogg,rm,tta,"
    "voc,w64,wav,wv"
)
OPTIONS = {"format_whitelist": READERS, "protocol_whitelist": "file"}


def open_container(source: Path | bytes) -> InputContainer:
    """Open a file, or the content of one, to read films or sound from it. Texts in it may have any encoding.

    Raises:
        OSError, ValueError: it is not there, or not of a kind that is read; PyAV's errors are of these classes.
    """
    file = address(source) if isinstance(source, Path) else io.BytesIO(source)
    return cast(InputContainer, av.open(file, options=OPTIONS, metadata_errors="replace"))


def address(path: Path) -> str:
    """A file's path as PyAV takes it: absolute, because it takes what stands before a colon for a protocol."""
    return str(path.absolute())


def with_page_sums(ogg: bytes) -> bytes:
    """An Ogg file whose pages have the checksums of their content: libavformat gives up a file for a wrong one in its head."""
    content, start = bytearray(ogg), 0
    while content[start : start + 4] == b"OggS" and start + 27 <= len(content):
        segments = content[start + 26]
        end = start + 27 + segments + sum(content[start + 27 : start + 27 + segments])
        content[start + 22 : start + 26] = bytes(4)
        # Ogg's sum is zlib's, with the bits of each byte in the other order, from 0 and not inverted
        mirrored = bytes(content[start:end]).translate(MIRROR)
        checksum = (zlib.crc32(mirrored, 0xFFFFFFFF) ^ 0xFFFFFFFF).to_bytes(4, "big")
        content[start + 22 : start + 26] = checksum.translate(MIRROR)
        start = end
    return bytes(content)


MIRROR = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
"""Each byte with its bits in the opposite order."""
