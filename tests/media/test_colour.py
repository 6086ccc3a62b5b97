"""One colour is one colour, whatever the mode of the file that holds it; profiles that cannot be followed decide nothing."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from studio.media.colour import NEUTRAL
from studio.media.picture import read_picture

CASES = Path(__file__).parent / "cases"


def profile_of(name: str) -> bytes:
    with Image.open(CASES / name) as image:
        return bytes(image.info["icc_profile"])


P3, LINEAR_GREY = profile_of("p3_rgb.png"), profile_of("lineargrey_L.png")
P3_RED, IN_SRGB = (230, 30, 30), (252, 0, 0)


def colour_of(path: Path) -> tuple[int, ...]:
    picture = read_picture(path)
    assert picture.mode == "RGB"
    pixel = picture.getpixel((8, 8))
    assert isinstance(pixel, tuple)
    return pixel


def near(pixel: tuple[int, ...], wanted: tuple[int, ...], by: int = 2) -> bool:
    return bool(np.abs(np.subtract(pixel, wanted)).max() <= by)


def test_the_public_reports() -> None:
    for name in ("p3_rgb.png", "p3_rgba_opaque_alpha.png", "p3_palette.png"):
        assert colour_of(CASES / name) == IN_SRGB, name
    for name in ("lineargrey_L.png", "lineargrey_LA.png"):
        assert colour_of(CASES / name) == (188, 188, 188), name


@pytest.mark.parametrize(
    ("form", "mode"),
    [("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "P"), ("PNG", "tRNS"), ("TIFF", "RGB"), ("TIFF", "RGBA"), ("TIFF", "RGBX"),
     ("TIFF", "P"), ("WEBP", "RGB"), ("WEBP", "RGBA"), ("AVIF", "RGB"), ("AVIF", "RGBA"), ("JPEG", "RGB"), ("MPO", "RGB")],
)
def test_a_colour_profile_in_every_mode(tmp_path: Path, form: str, mode: str) -> None:
    image = Image.new("RGB", (32, 32), P3_RED)
    extras = {"transparency": (1, 2, 3)} if mode == "tRNS" else {}
    image = image.quantize(4) if mode == "P" else image if mode == "tRNS" else image.convert(mode)
    image.save(tmp_path / "a", form, icc_profile=P3, **({"quality": 100} if form not in ("PNG", "TIFF") else {}), **extras)
    assert near(colour_of(tmp_path / "a"), IN_SRGB, 4)


@pytest.mark.parametrize("mode", ["L", "LA", "1", "I;16", "I", "tRNS"])
@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_a_grey_profile_in_every_mode(tmp_path: Path, form: str, mode: str) -> None:
    deep = mode.startswith("I")
    value = 128 * 257 if deep else 128
    image = Image.new(mode if deep else "L", (32, 32), value)
    image = image.convert(mode) if mode in ("LA", "1") else image
    extras = {"transparency": 3} if mode == "tRNS" and form == "PNG" else {}
    image.save(tmp_path / "a", form, icc_profile=LINEAR_GREY, **extras)
    shown = colour_of(tmp_path / "a")
    assert near(shown, (188,) * 3) if mode != "1" else shown in ((0, 0, 0), (255, 255, 255))


def test_a_deep_linear_grey_does_not_band(tmp_path: Path) -> None:
    ramp = np.tile(np.arange(2048, dtype=np.uint16), (32, 1))
    Image.fromarray(ramp).save(tmp_path / "a.png", icc_profile=LINEAR_GREY)
    assert len(np.unique(np.asarray(read_picture(tmp_path / "a.png"))[0, :, 0])) > 40


def test_a_profile_of_inks(tmp_path: Path) -> None:
    """A profile whose table makes every mix of inks the same green: only who follows it sees green."""
    for mode, form in (("CMYK", "JPEG"), ("CMYK", "TIFF")):
        Image.new(mode, (32, 32), (10, 200, 30, 40)).save(tmp_path / "a", form, icc_profile=inks_profile())
        red, green, blue = colour_of(tmp_path / "a")
        assert green > red + 60 and green > blue + 60


def inks_profile() -> bytes:
    """The smallest profile from CMYK to Lab: a table of 2 steps in each ink, which holds one colour."""
    lab = struct.pack("<3B", 150, 60, 160)
    table = struct.pack(">4sIBBBB9i", b"mft1", 0, 4, 3, 2, 0, *(0x10000 * (i % 4 == 0) for i in range(9)))
    table += bytes(range(256)) * 4 + lab * 16 + bytes(range(256)) * 3
    text = b"desc" + struct.pack(">II", 0, 5) + b"inks\0" + b"\0" * 78
    white = b"XYZ " + struct.pack(">Iiii", 0, 0xF6D6, 0x10000, 0xD32D)
    parts = [(b"desc", text), (b"wtpt", white), (b"A2B0", table)]
    index, body, place = b"", b"", 128 + 4 + 12 * len(parts)
    for name, part in parts:
        index += name + struct.pack(">II", place + len(body), len(part))
        body += part + b"\0" * (-len(part) % 4)
    head = struct.pack(">I4sI4s4s4s12s4s4sIIIQI3i", place + len(body), b"lcms", 0x02400000, b"prtr", b"CMYK", b"Lab ", b"\0" * 12,
                       b"acsp", b"\0" * 4, 0, 0, 0, 0, 0, 0xF6D6, 0x10000, 0xD32D).ljust(128, b"\0")
    return head + struct.pack(">I", len(parts)) + index + body


WRONG = {
    "empty": b"", "text": b"no profile at all", "cut": P3[:200], "grey": LINEAR_GREY, "inks": inks_profile(),
    "scrambled": P3[:140] + bytes(255 - b for b in P3[140:]), "zeros": b"\0" * 600,
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_profiles_that_are_wrong_or_for_other_colours_are_ignored(tmp_path: Path, mode: str, name: str) -> None:
    for form in ("PNG", "TIFF"):
        image = Image.new("RGB", (32, 32), P3_RED)
        image = image.quantize(4) if mode == "P" else image.convert(mode)
        image.save(tmp_path / "a", form, icc_profile=WRONG[name])
        assert colour_of(tmp_path / "a") == P3_RED


@pytest.mark.parametrize("mode", ["L", "LA", "CMYK"])
def test_a_profile_of_screens_on_a_grey_or_printed_picture_is_ignored(tmp_path: Path, mode: str) -> None:
    image = Image.new("L", (32, 32), 128).convert(mode)
    image.save(tmp_path / "a", "TIFF", icc_profile=P3)
    assert near(colour_of(tmp_path / "a"), (128,) * 3, 1)


def test_greys_are_colours_too(tmp_path: Path) -> None:
    """A grey profile is followed in a file of colours that are all grey, and a profile of colours in a grey file."""
    for mode in ("RGB", "RGBA", "P"):
        image = Image.new("RGB", (32, 32), (128, 128, 128))
        image = image.quantize(4) if mode == "P" else image.convert(mode)
        image.save(tmp_path / "a.png", icc_profile=LINEAR_GREY)
        assert near(colour_of(tmp_path / "a.png"), (188,) * 3, 1), mode
    for mode in ("L", "LA"):
        Image.new("L", (32, 32), 128).convert(mode).save(tmp_path / "a.png", icc_profile=LINEAR_COLOURS)
        assert near(colour_of(tmp_path / "a.png"), (188,) * 3, 1), mode


def linear_colours() -> bytes:
    """The profile of Display P3, with its curves replaced by straight lines."""
    count = struct.unpack(">I", P3[128:132])[0]
    tags = [struct.unpack(">4sII", P3[132 + 12 * i : 144 + 12 * i]) for i in range(count)]
    curves = {start: size for name, start, size in tags if name in (b"rTRC", b"gTRC", b"bTRC")}
    content = bytearray(P3)
    for start, size in curves.items():
        content[start : start + size] = (b"curv" + bytes(8)).ljust(size, b"\0")
    return bytes(content)


LINEAR_COLOURS = linear_colours()


def test_a_picture_in_lab(tmp_path: Path) -> None:
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    image = ImageCms.profileToProfile(Image.new("RGB", (32, 32), P3_RED), srgb, lab, outputMode="LAB")
    assert image is not None
    image.save(tmp_path / "a", "TIFF")
    assert near(colour_of(tmp_path / "a"), P3_RED, 6)


def png(colour_type: int, depth: int, row: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 32, 32, depth, colour_type, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress((b"\0" + row) * 32))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunk(*c) for c in chunks) + pixels + chunk(b"IEND", b"")


LINEAR = (b"gAMA", struct.pack(">I", 100_000))


@pytest.mark.parametrize(
    ("kind", "depth", "row"),
    [(0, 8, b"\x80" * 32), (0, 16, b"\x80\x80" * 32), (2, 8, b"\x80" * 96), (2, 16, b"\x80\x80" * 96), (4, 8, b"\x80\xff" * 32),
     (4, 16, b"\x80\x80\xff\xff" * 32), (6, 8, b"\x80\x80\x80\xff" * 32), (6, 16, b"\x80\x80\x80\x80\x80\x80\xff\xff" * 32)],
    ids=["grey", "deep-grey", "colour", "deep-colour", "grey-alpha", "deep-grey-alpha", "colour-alpha", "deep-colour-alpha"],
)
def test_a_png_that_says_its_numbers_are_light(tmp_path: Path, kind: int, depth: int, row: bytes) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png(kind, depth, row, LINEAR))
    assert near(colour_of(path), (188,) * 3, 1)
    usual, none = (b"gAMA", struct.pack(">I", 45455)), (b"gAMA", struct.pack(">I", 0))
    for others in ([], [usual], [none], [(b"gAMA", b"")], [(b"sRGB", b"\0"), LINEAR]):
        path.write_bytes(png(kind, depth, row, *others))
        assert near(colour_of(path), (128,) * 3, 1), others


@pytest.mark.parametrize(("kind", "depth"), [(0, 8), (0, 16), (2, 8), (2, 16), (0, 1), (3, 8)])
def test_one_transparent_colour_of_a_png(tmp_path: Path, kind: int, depth: int) -> None:
    """Its left half has the colour that stands for transparent."""
    samples = 3 if kind == 2 else 1
    row = bytes(16 * samples * depth // 8) + bytes([1 if kind == 3 else 77]) * (16 * samples * depth // 8)
    row = b"\0\0\xff\xff" if depth == 1 else row
    extra = [(b"PLTE", b"\0\0\0\x4d\x4d\x4d"), (b"tRNS", b"\0")] if kind == 3 else [(b"tRNS", b"\0\0" * (3 if kind == 2 else 1))]
    (tmp_path / "a.png").write_bytes(png(kind, depth, row, *extra))
    picture = read_picture(tmp_path / "a.png")
    assert near(picture.getpixel((4, 4)), NEUTRAL, 0)     # type: ignore[arg-type]
    assert near(picture.getpixel((28, 4)), (255,) * 3 if depth == 1 else (77,) * 3, 0)     # type: ignore[arg-type]


@pytest.mark.parametrize("values", [np.full((32, 32), 0.5), np.linspace(0, 1, 1024).reshape(32, 32), np.full((32, 32), np.nan)])
def test_floats_from_0_to_1_are_shares_of_white(tmp_path: Path, values: np.ndarray) -> None:
    values = values.astype(np.float32)
    values[0, :3] = np.nan, np.inf, -np.inf
    Image.fromarray(values).save(tmp_path / "a.tif")
    shown = np.asarray(read_picture(tmp_path / "a.tif"))[1:, :, 0]
    assert np.abs(shown - np.nan_to_num(values[1:]) * 255).max() <= 1
