"""HEIC pictures, as phones make them, decoded by libheif (package pi-heif) in a process of their own; see `heic_decoder`."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from studio.media.colour import HIGH_RANGE, by_high_range
from studio.media.metadata import CodePoints, Metadata

BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
ANY_BRANDS, OTHER_BRANDS = {b"mif1", b"msf1"}, {b"avif", b"avis"}
"""Of still pictures in such a container whatever codes them, and of those that Pillow reads."""
DECODER = Path(__file__).with_name("heic_decoder.py")
SECONDS = 120
"""After so many a decoder is given up."""
ROWS = 256


def is_heic(start: bytes) -> bool:
    """Whether a file that begins so (32 bytes or more) is a HEIC picture, or another of its container that is no AVIF."""
    if start[4:8] != b"ftyp":
        return False
    length = int.from_bytes(start[:4], "big")
    brands = {start[8:12], *(start[at : at + 4] for at in range(16, min(length, len(start)), 4))}
    return bool(brands & BRANDS) or (start[8:12] in ANY_BRANDS and not brands & OTHER_BRANDS)


@dataclass(frozen=True)
class HeicPicture:
    """A decoded picture: upright, because its orientation is part of how it is coded; what EXIF data say of that does not count."""

    width: int
    height: int
    mode: str                  # Pillow's; with ";16" for 16 bits of each number
    bits: int                  # of each number that are used, at the top
    profile: bytes
    codes: CodePoints | None
    pixels: bytes              # none where it is too large

    def image(self) -> tuple[Image.Image, Metadata]:
        """The picture in 8 bits, and what its numbers mean. PQ and HLG are sRGB already.

        Raises:
            ValueError: the pixels are not those of such a picture.
        """
        metadata = Metadata(profile=self.profile, codes=None if self.profile else self.codes)
        mode, _, deep = self.mode.partition(";")
        if not deep:
            return Image.frombytes(mode, (self.width, self.height), self.pixels), metadata
        numbers = np.frombuffer(self.pixels, "<u2").reshape(self.height, self.width, len(mode))
        shown, most = np.empty(numbers.shape, np.uint8), 2**16 - 2 ** (16 - self.bits)
        for top in range(0, self.height, ROWS):
            rows = numbers[top : top + ROWS].astype(np.uint32)
            shown[top : top + ROWS] = ((rows * 255 + most // 2) // most).clip(0, 255)
        if metadata.codes and metadata.codes.transfer in HIGH_RANGE:
            shown[..., :3] = by_high_range(np.ascontiguousarray(numbers[..., :3]), metadata.codes)
            metadata.codes = None
        return Image.frombytes(mode, (self.width, self.height), shown.tobytes()), metadata


def decode(content: bytes, most: int) -> HeicPicture:
    """Decode a file's main picture, unless it has more than `most` pixels.

    Raises:
        UnidentifiedImageError: pi-heif is not installed, or cannot read pictures of this kind.
        ValueError: the picture is damaged; the message says how.
    """
    if find_spec("pi_heif") is None or not sys.executable:
        raise UnidentifiedImageError("no library")
    # -P: the folder of a program is not searched for modules, where `codecs` would be one of ours.
    command = [sys.executable, "-P", str(DECODER), str(most)]
    try:
        ran = subprocess.run(command, input=content, capture_output=True, timeout=SECONDS, check=True)
        end = ran.stdout.index(b"\n")
        facts: dict[str, Any] = json.loads(ran.stdout[:end])
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise ValueError("its decoder failed") from error
    if "missing" in facts or "unsupported" in facts:
        raise UnidentifiedImageError(str(facts))
    if "damaged" in facts:
        raise ValueError(facts["damaged"])
    width, height = facts["size"]
    codes = CodePoints(*facts["codes"]) if facts["codes"] else None
    return HeicPicture(width, height, facts["mode"], facts["bits"], bytes.fromhex(facts["profile"]), codes, ran.stdout[end + 1 :])
