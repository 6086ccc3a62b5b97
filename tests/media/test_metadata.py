"""What a picture's file says beside its pixels never refuses the picture; orientation is followed where it can be read."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.media import MediaError
from studio.media.picture import read_picture

CASES = Path(__file__).parent / "cases"
LEFT, RIGHT = (200, 40, 30), (20, 60, 190)
UPRIGHT, TURNED = (64, 40), (40, 64)


def two_halves() -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", UPRIGHT, RIGHT)
    image.paste(LEFT, (0, 0, 32, 40))
    return image


def saved(form: str, **extras: object) -> bytes:
    buffer = io.BytesIO()
    two_halves().save(buffer, form, **extras)     # type: ignore[arg-type]
    return buffer.getvalue()


def size_of(tmp_path: Path, content: bytes) -> tuple[int, int]:
    """The size of the picture in a file of this content; its first pixel is red, however it was turned."""
    (tmp_path / "picture").write_bytes(content)
    picture = read_picture(tmp_path / "picture")
    corner = picture.getpixel((4, 4))
    assert np.abs(np.subtract(corner, LEFT)).max() < 20, corner
    return picture.size


def exif(kind: int, count: int, value: bytes, *more: tuple[int, int, int, bytes]) -> bytes:
    """EXIF data with an orientation of any type, and more tags: (tag, type, count, value)."""
    tags = sorted([(0x0112, kind, count, value), *more])
    entries, values = b"", b""
    for tag, type_, number, content in tags:
        place = struct.pack(">I", 8 + 2 + 12 * len(tags) + 4 + len(values))
        entries += struct.pack(">HHI", tag, type_, number) + (place if len(content) > 4 else content.ljust(4, b"\0"))
        values += content if len(content) > 4 else b""
    return b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">H", len(tags)) + entries + b"\0\0\0\0" + values


ONE_HALF = struct.pack(">II", 1, 2)
READABLE = {
    "short": (3, 1, b"\0\6"), "text": (2, 2, b"6\0"), "byte": (1, 1, b"\6"), "bytes": (7, 4, b"6\0\0\0"),
    "long": (4, 1, b"\0\0\0\6"),
    "rational": (5, 1, struct.pack(">II", 6, 1)), "list": (3, 2, b"\0\6\0\6"), "float": (11, 1, struct.pack(">f", 6)),
}
SENSELESS = {
    "0": (3, 1, b"\0\0"), "9": (3, 1, b"\0\x09"), "word": (2, 4, b"top\0"), "nothing": (3, 0, b""), "no type": (0, 1, b"\0\6"),
    "6/0": (5, 1, struct.pack(">II", 6, 0)), "nan": (11, 1, struct.pack(">f", float("nan"))), "endless": (3, 2**31 - 1, b"\0\6"),
}
BESIDE = {
    "artist": (0x013B, 5, 1, ONE_HALF), "chroma": (0x0213, 2, 2, b"1\0"), "resolution": (0x011A, 2, 3, b"72\0"),
    "camera": (0x8769, 2, 2, b"x\0"), "far": (0x8769, 4, 1, b"\xff" * 4), "place": (0x8825, 5, 1, ONE_HALF),
    "cut": (0x013B, 2, 60_000, b"x" * 9), "preview": (0x0201, 4, 1, b"\x7f" * 4),
}


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_an_orientation_is_read_whatever_its_type_and_what_lies_beside_it(tmp_path: Path, form: str) -> None:
    for name, value in READABLE.items():
        assert size_of(tmp_path, saved(form, exif=exif(*value))) == TURNED, name
    for name, value in SENSELESS.items():
        assert size_of(tmp_path, saved(form, exif=exif(*value))) == UPRIGHT, name
    for name, tag in BESIDE.items():
        assert size_of(tmp_path, saved(form, exif=exif(*READABLE["short"], tag))) == TURNED, name


def test_an_avif_says_elsewhere_how_it_stands(tmp_path: Path) -> None:
    """Pillow cannot open one that is turned and whose EXIF data have a wrong type: such a file is made by changing the type."""
    for turn, size in ((6, TURNED), (3, UPRIGHT), (1, UPRIGHT)):
        tags = Image.Exif()
        tags[0x0112], tags[0x013B] = turn, "somebody"
        avif = saved("AVIF", exif=tags, quality=100)
        artist = struct.pack(">HHI", 0x013B, 2, 9)
        assert avif.count(artist) == 1
        wrong = avif.replace(artist, struct.pack(">HHI", 0x013B, 5, 1))
        (tmp_path / "picture").write_bytes(wrong)
        assert read_picture(tmp_path / "picture").size == size


@pytest.mark.parametrize("raw", [b"Exif\0\0", b"nonsense", b"b'Exif\\x00\\x00II*'", b"Exif\0\0II*\0\xff\xff\xff\xff", b"b'" * 9])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_exif_that_is_none(tmp_path: Path, form: str, raw: bytes) -> None:
    assert size_of(tmp_path, saved(form, exif=raw)) == UPRIGHT


def test_exif_spelled_as_a_program_prints_bytes(tmp_path: Path) -> None:
    spelled = repr(exif(*READABLE["short"])).encode()
    assert size_of(tmp_path, with_chunks(saved("PNG"), chunk(b"eXIf", spelled))) == TURNED


XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:Description %s</x:xmpmeta>"


XMP_TEXTS = [b'tiff:Orientation="6"/>', b"tiff:Orientation='6' />", b"><tiff:Orientation>6</tiff:Orientation>"]


@pytest.mark.parametrize("text", XMP_TEXTS)
def test_an_orientation_in_xmp(tmp_path: Path, text: bytes) -> None:
    xmp = XMP % text
    compressed = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(xmp)
    app1 = b"http://ns.adobe.com/xap/1.0/\0" + xmp
    assert size_of(tmp_path, saved("WEBP", xmp=xmp)) == TURNED
    assert size_of(tmp_path, saved("JPEG", xmp=xmp)) == TURNED
    assert size_of(tmp_path, with_chunks(saved("PNG"), chunk(b"iTXt", compressed))) == TURNED
    assert size_of(tmp_path, with_segments(saved("JPEG"), (0xE1, app1), (0xE1, exif(*SENSELESS["0"])))) == TURNED
    both = with_segments(saved("JPEG"), (0xE1, app1), (0xE1, exif(3, 1, b"\0\1")))
    assert size_of(tmp_path, both) == UPRIGHT, "what EXIF says counts"


@pytest.mark.parametrize("kind", [b"exif", b"APP1"])
def test_exif_in_a_text_as_older_programs_wrote_it(tmp_path: Path, kind: bytes) -> None:
    text = b"\nexif\n      62\n" + exif(*READABLE["short"]).hex().encode()
    raw = b"Raw profile type " + kind + b"\0"
    assert size_of(tmp_path, with_chunks(saved("PNG"), chunk(b"zTXt", raw + b"\0" + zlib.compress(text)))) == TURNED
    assert size_of(tmp_path, with_chunks(saved("PNG"), chunk(b"tEXt", raw + text))) == TURNED


@pytest.mark.parametrize("compression", [None, "tiff_deflate"])
def test_a_tiff_is_turned_once(tmp_path: Path, compression: str | None) -> None:
    for value in (6, "6"):
        assert size_of(tmp_path, retyped(saved("TIFF", tiffinfo={274: 6}, compression=compression), value)) == TURNED
    assert size_of(tmp_path, saved("TIFF", tiffinfo={700: XMP % b'tiff:Orientation="6"/>'}, compression=compression)) == TURNED
    assert size_of(tmp_path, saved("TIFF", tiffinfo={274: 6, 700: XMP % b'tiff:Orientation="6"/>'})) == TURNED


def retyped(tiff: bytes, value: int | str) -> bytes:
    """A little-endian TIFF whose orientation is a text."""
    entry = struct.pack("<HHI", 274, 3, 1)
    assert tiff.count(entry) == 1
    place = tiff.index(entry)
    text = struct.pack("<HHI", 274, 2, 2) + b"6\0\0\0"
    return tiff if isinstance(value, int) else tiff[:place] + text + tiff[place + 12 :]


def chunk(name: bytes, content: bytes, sum_off_by: int = 0) -> bytes:
    checksum = (zlib.crc32(name + content) + sum_off_by) % 2**32
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


def with_chunks(png: bytes, *chunks: bytes) -> bytes:
    """A PNG with chunks before its pixels, and the same ones behind them."""
    return png[:33] + b"".join(chunks) + png[33:-12] + b"".join(chunks) + png[-12:]


def with_segments(jpeg: bytes, *segments: tuple[int, bytes]) -> bytes:
    coded = (struct.pack(">BBH", 0xFF, kind, len(content) + 2) + content for kind, content in segments)
    return jpeg[:2] + b"".join(coded) + jpeg[2:]


CHUNKS = ["tEXt", "zTXt", "iTXt", "tIME", "pHYs", "eXIf", "iCCP", "gAMA", "tRNS", "sRGB", "cHRM", "prVt"]


@pytest.mark.parametrize("name", CHUNKS)
def test_chunks_that_hold_no_pixels_may_be_wrong(tmp_path: Path, name: str) -> None:
    turned = exif(*READABLE["short"])[6:]
    for content in (b"", b"\0" * 9, b"x", b"key\0\0" + b"\xff" * 40, b"a\0\0" + zlib.compress(b"no profile") + b"!", turned):
        assert size_of(tmp_path, with_chunks(saved("PNG"), chunk(name.encode(), content, sum_off_by=1))) == UPRIGHT
        if name not in ("eXIf", "tRNS"):
            assert size_of(tmp_path, with_chunks(saved("PNG"), chunk(name.encode(), content))) == UPRIGHT


def test_the_end_of_a_png_may_be_wrong_and_its_pixels_may_not(tmp_path: Path) -> None:
    png = saved("PNG")
    for end in (chunk(b"IEND", b"", sum_off_by=1), b"", b"trailing text"):
        assert size_of(tmp_path, png[:-12] + end) == UPRIGHT
    for broken in (png[:-40], png[:40] + bytes([png[40] ^ 1]) + png[41:], png[:-17] + bytes([png[-17] ^ 1]) + png[-16:]):
        with pytest.raises(MediaError, match="picture is"):
            size_of(tmp_path, broken)


def test_long_texts_are_no_business_of_a_picture_and_are_not_unfolded(tmp_path: Path) -> None:
    bomb = zlib.compress(b"\0" * 64 * 2**20, 9)
    for name, start in ((b"zTXt", b"workflow\0\0"), (b"iTXt", b"prompt\0\1\0\0\0"), (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0"),
                        (b"zTXt", b"Raw profile type exif\0\0"), (b"iCCP", b"profile\0\0")):
        assert size_of(tmp_path, with_chunks(saved("PNG"), chunk(name, start + bomb))) == UPRIGHT
    assert size_of(tmp_path, with_chunks(saved("PNG"), chunk(b"tEXt", b"workflow\0" + b"x" * 3_000_000))) == UPRIGHT


@pytest.mark.parametrize("kind", [*range(0xE0, 0xF0), 0xFE])
def test_segments_that_hold_no_pixels_may_be_wrong(tmp_path: Path, kind: int) -> None:
    starts = (b"", b"JFIF", b"JFIF\0\1", b"Exif\0\0", b"MPF\0", b"MPF\0II*\0\x08\0\0\0\0\0", b"ICC_PROFILE\0", b"ICC_PROFILE\0\1\2",
              b"Photoshop 3.0\08BIM\4\4\0\0\0\0\xff\xff", b"Adobe", b"FPXR\0", b"http://ns.adobe.com/xap/1.0/\0", b"\xff" * 30)
    for start in starts:
        assert size_of(tmp_path, with_segments(saved("JPEG", quality=95), (kind, start))) == UPRIGHT, start
    lies = b"\xff\xe5\0\4lies"
    jpeg = saved("JPEG", quality=95)
    assert size_of(tmp_path, jpeg[:20] + lies + jpeg[20:]) == UPRIGHT, "a segment longer than it says"


def test_the_first_picture_of_several_in_one_jpeg(tmp_path: Path) -> None:
    several = saved("MPO", save_all=True, append_images=[Image.new("RGB", (90, 90))], quality=95)
    assert size_of(tmp_path, several) == UPRIGHT


@pytest.mark.parametrize("name", sorted(p.name for p in CASES.iterdir() if p.suffix in (".png", ".jpg", ".webp")))
def test_pictures_of_public_reports(name: str) -> None:
    if name.startswith("tall"):
        with pytest.raises(MediaError, match=r"too thin: 20×7680 pixels.*at most 256 times"):
            read_picture(CASES / name)
        return
    assert read_picture(CASES / name).size == ((192, 320) if "orient" in name else (320, 192))


@pytest.mark.parametrize(("size", "right"), [((4096, 16), True), ((16, 4096), True), ((8192, 32), True), ((4112, 16), False)])
def test_thin_pictures_are_judged_by_their_own_size(tmp_path: Path, size: tuple[int, int], right: bool) -> None:
    Image.new("L", size).save(tmp_path / "thin.png")
    if right:
        assert min(read_picture(tmp_path / "thin.png").size) >= 16
    else:
        with pytest.raises(MediaError, match=f"{size[0]}×{size[1]}"):
            read_picture(tmp_path / "thin.png")


def test_files_of_other_kinds_are_named(tmp_path: Path) -> None:
    contents = {b"\0\0\0\x18ftypheic\0\0\0\0mif1heic": "is damaged or cut short", b"": "is empty", b"text": "Use PNG, JPEG"}
    for content, says in contents.items():
        (tmp_path / "photo.heic").write_bytes(content)
        with pytest.raises(MediaError, match=says):
            read_picture(tmp_path / "photo.heic")
    with pytest.raises(MediaError, match="is a folder"):
        read_picture(tmp_path)
    with (tmp_path / "huge.png").open("wb") as file:
        file.truncate(2**30 + 1)
    with pytest.raises(MediaError, match="is larger than 1 GB"):
        read_picture(tmp_path / "huge.png")
