"""What a picture's file says beside its pixels: how it stands and what its numbers mean. Nothing here refuses a picture.

PNG and JPEG files are split by hand, because Pillow gives up a whole picture for a wrong sum or a long text in a part that
holds no pixels. What is left of them, Pillow reads.
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
import shutil
import struct
import warnings
import zlib
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO, Literal

from PIL import Image
from PIL.TiffImagePlugin import IFDRational, TiffImageFile

from studio.media.primaries import Chromaticities

# what Pillow's readers raise on damaged files
DAMAGED = (
    OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, AttributeError, ArithmeticError, AssertionError,
    RuntimeError, struct.error, zlib.error,
)
ORIENTATION = 0x0112
"""The EXIF tag that tells how a picture stands: 1 upright, 2 to 8 mirrored or turned."""
LONGEST_TEXT, LONGEST_PROFILE = 2**20, 2**24
"""Bytes that a compressed text and a compressed colour profile may unfold to; longer ones are cut there."""
PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
AVIF_EXIF = re.compile(rb"\0\0\0[\0\6](?:Exif\0\0)?(II\x2a\0|MM\0\x2a)")
PNG_PIXELS = (b"IHDR", b"PLTE", b"IDAT")
PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
XMP_ORIENTATION = re.compile(rb"tiff:Orientation\s*(?:=\s*[\"']|>)\s*([1-8])\s*[\"'<]")


@dataclass(frozen=True)
class CodePoints:
    """What numbers mean, as ITU-T H.273 counts it: PNG's cICP, or "nclx" of HEIC and AVIF."""

    primaries: int
    transfer: int
    full_range: bool = True


@dataclass
class Metadata:
    """The parts of a file that change what its pixels mean, as they lie in the file. Empty and None: it has none."""

    exif: bytes = b""
    xmp: bytes = b""
    profile: bytes = b""
    """An ICC profile."""
    codes: CodePoints | None = None
    gamma: float | None = None
    """The exponent from light to the file's numbers, of a PNG."""
    primaries: Chromaticities | None = None
    """Of a PNG."""
    tag: object = None
    """The orientation of a TIFF, where it is a text: Pillow follows the others by itself."""

    def orientation(self) -> int:
        """How the picture stands, from 1 to 8; 1, upright, where nothing says so in a way that can be read."""
        marked = XMP_ORIENTATION.search(self.xmp)
        return _as_orientation(self.tag) or _exif_orientation(self.exif) or (int(marked[1]) if marked else 1)

    def add(self, image: Image.Image) -> None:
        """Take over what Pillow has read of a file that was opened and not decoded yet."""
        if isinstance(image, TiffImageFile):
            tag = image.tag_v2.get(ORIENTATION)
            self.tag = tag if isinstance(tag, str | bytes) else None
        else:
            self.exif, self.xmp = self.exif or _bytes(image, "exif"), self.xmp or _bytes(image, "xmp")
        self.profile = self.profile or _bytes(image, "icc_profile")


def _bytes(image: Image.Image, key: str) -> bytes:
    value = image.info.get(key)
    return value if isinstance(value, bytes) else b""


def split(file: BinaryIO) -> tuple[BinaryIO, Metadata]:
    """Split a file into one that holds its pixels alone, and the rest.

    Args:
        file: open, at its start. A PNG, JPEG or AVIF is read to its end; of another kind, nothing is taken away.

    Returns:
        The file to decode, at its start, and what was found beside the pixels.
    """
    start = file.read(8)
    file.seek(0)
    if start == PNG:
        return _split_png(file)
    if start.startswith(JPEG):
        return _split_jpeg(file)
    if start[4:] == b"ftyp":
        return _split_boxes(file)
    return file, Metadata()


def _split_png(file: BinaryIO) -> tuple[BinaryIO, Metadata]:
    """As `split`, for a PNG. Of the chunks that hold no pixels, those with a wrong sum are left out, as libpng does."""
    pixels, metadata = io.BytesIO(), Metadata()
    pixels.write(file.read(8))
    whole, plain = True, False
    while whole and len(head := file.read(8)) == 8:
        length, name = struct.unpack(">I4s", head)
        if name == b"IEND" or not name.isalpha():
            break
        body = file.read(length + 4)
        whole = len(body) == length + 4
        content, checksum = body[:length], body[length:]
        sound = whole and zlib.crc32(name + content) == int.from_bytes(checksum, "big")
        if name in PNG_PIXELS or name[:1].isupper() or (name == b"tRNS" and sound):
            pixels.write(head + body)
        elif sound:
            plain |= name == b"sRGB"
            _read_chunk(name, content, metadata)
    if whole:
        pixels.write(PNG_END)
    if plain:
        metadata.gamma = metadata.primaries = None
    pixels.seek(0)
    return pixels, metadata


def _read_chunk(name: bytes, content: bytes, metadata: Metadata) -> None:
    """Read one chunk of a PNG that holds no pixels; texts other than EXIF and XMP are not unfolded."""
    try:
        if name == b"eXIf":
            metadata.exif = content
        elif name == b"gAMA":
            metadata.gamma = int.from_bytes(content[:4], "big") / 100_000
        elif name == b"cHRM":
            numbers = [number / 100_000 for number in struct.unpack(">8I", content)]
            metadata.primaries = (*zip(numbers[::2], numbers[1::2], strict=True),)     # type: ignore[assignment]  # four
        elif name == b"cICP" and content[2:3] == b"\0":            # its matrix: red, green and blue as they are
            metadata.codes = CodePoints(content[0], content[1], full_range=content[3] != 0)
        elif name == b"iCCP":
            metadata.profile = _unfold(content.split(b"\0", 1)[1][1:], LONGEST_PROFILE)
        elif name in (b"tEXt", b"zTXt") and content.startswith((b"Raw profile type exif\0", b"Raw profile type APP1\0")):
            text = content.split(b"\0", 1)[1]
            text = _unfold(text[1:], LONGEST_TEXT) if name == b"zTXt" else text
            raw = bytes.fromhex(b"".join(text.split()[2:]).decode())           # behind its name and its length
            if b"adobe.com/xap" in raw[:40]:
                metadata.xmp = raw
            else:
                metadata.exif = metadata.exif or raw
        elif name == b"iTXt" and content.startswith(b"XML:com.adobe.xmp\0"):
            flags = content.index(b"\0") + 1
            text = content[flags + 2 :].split(b"\0", 2)[2]
            metadata.xmp = _unfold(text, LONGEST_TEXT) if content[flags] else text
    except (IndexError, ValueError, struct.error, zlib.error):
        pass                                                       # a chunk that cannot be read is ignored


def _unfold(packed: bytes, most: int) -> bytes:
    return zlib.decompressobj().decompress(packed, most)


def _split_jpeg(file: BinaryIO) -> tuple[BinaryIO, Metadata]:
    """As `split`, for a JPEG. Of the application segments only those that say how its colours are coded stay in it."""
    pixels, metadata = io.BytesIO(), Metadata()
    profile: dict[int, bytes] = {}
    pixels.write(file.read(2))
    while len(marker := file.read(2)) == 2:
        while marker[0] != 0xFF and (more := file.read(1)):        # a segment longer than it says
            marker = marker[1:] + more
        while marker[1] == 0xFF and (more := file.read(1)):        # bytes that only fill
            marker = b"\xff" + more
        kind = marker[1]
        if kind == 0xDA or 0xD0 <= kind <= 0xD9:                   # the pixels begin
            break
        length = file.read(2)
        body = file.read(max(int.from_bytes(length, "big") - 2, 0))
        foreign = 0xE0 <= kind <= 0xEF or kind == 0xFE             # an application's, or a comment
        if not foreign or (len(body) >= 12 and (kind, body[:4]) in ((0xE0, b"JFIF"), (0xEE, b"Adob"))):
            pixels.write(marker + length + body)
        elif kind == 0xE1 and body.startswith(b"Exif"):
            metadata.exif = metadata.exif or body
        elif kind == 0xE1 and body.startswith(b"http://ns.adobe.com/xap/1.0/"):
            metadata.xmp = metadata.xmp or body
        elif kind == 0xE2 and body.startswith(b"ICC_PROFILE\0"):
            profile[int.from_bytes(body[12:13], "big")] = body[14:]
    pixels.write(marker)
    shutil.copyfileobj(file, pixels)
    metadata.profile = b"".join(part for _, part in sorted(profile.items()))
    pixels.seek(0)
    return pixels, metadata


def _split_boxes(file: BinaryIO) -> tuple[BinaryIO, Metadata]:
    """As `split`, for an AVIF.

    Its EXIF data are emptied: its orientation lies elsewhere in it, and Pillow rewrites EXIF data to tell of it. Pillow
    follows how its colours are coded, but not which ones they are. A profile comes before code points in such files.
    """
    content, metadata = bytearray(file.read()), Metadata()
    if (colours := content.find(b"colrnclx")) >= 0 and b"colrprof" not in content and b"colrrICC" not in content:
        with contextlib.suppress(struct.error):
            metadata.codes = CodePoints(*struct.unpack_from(">HH", content, colours + 8))
    for place in AVIF_EXIF.finditer(bytes(content)):
        order: Literal["little", "big"] = "little" if place[1][:2] == b"II" else "big"
        content[place.end() : place.end() + 6] = (8).to_bytes(4, order) + bytes(2)      # the tags begin behind this; there are 0
    return io.BytesIO(bytes(content)), metadata


def _exif_orientation(exif: bytes) -> int | None:
    """The orientation that EXIF data hold, from 1 to 8, whatever its type; None: there is none that can be read."""
    if exif[:2] in (b"b'", b'b"'):                                 # Python's own spelling of bytes, as some tools save them
        try:
            exif = bytes(ast.literal_eval(exif[: 2**16].decode("ascii")))
        except DAMAGED:
            return None
    start = re.search(rb"II\x2a\0|MM\0\x2a", exif)
    if start is None:
        return None
    tags = Image.Exif()
    with warnings.catch_warnings(), contextlib.suppress(*DAMAGED):
        warnings.simplefilter("ignore")
        with contextlib.suppress(*DAMAGED):
            tags.load(exif[start.start() :])                       # the tags before a damage are read
        return _as_orientation(tags.get(ORIENTATION))
    return None


def _as_orientation(value: object) -> int | None:
    """A value of any type as an orientation, from 1 to 8; None: it is none."""
    if isinstance(value, tuple | list):
        return next((number for item in value if (number := _as_orientation(item))), None)
    if isinstance(value, bytes) and len(value.strip(b"\0")) == 1 and value.strip(b"\0") < b"\x09":
        return value.strip(b"\0")[0]
    if isinstance(value, bytes | str):
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        digits = re.fullmatch(r"\s*([1-8])\s*", text.replace("\0", ""))
        return int(digits[1]) if digits else None
    return int(value) if isinstance(value, int | float | Fraction | IFDRational) and value in range(1, 9) else None
