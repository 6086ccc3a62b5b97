"""HEIC pictures, as phones make them: everything that holds for other pictures, and what their container adds."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from studio.media import MediaError, heic, heic_decoder, picture
from studio.media.colour import NEUTRAL, by_high_range
from studio.media.high_range import HLG, PQ
from studio.media.metadata import CodePoints
from studio.media.picture import read_layers, read_picture
from tests.media.heic_cases import CASES, LEFT, RIGHT
from tests.media.test_colour import IN_SRGB, near

SAVE_AS_JPEG = "HEIC picture, as phones make them: save it as JPEG"


def case(name: str) -> bytes:
    return (CASES / f"{name}.heic").read_bytes()


def codes(content: bytes, primaries: int, transfer: int) -> bytes:
    """A file whose colours are others, as it says."""
    at = content.index(b"colrnclx") + 8
    return content[:at] + struct.pack(">HH", primaries, transfer) + content[at + 4 :]


def depth(content: bytes, bits: int) -> bytes:
    """A file whose header lies about the bits of its numbers."""
    at = content.index(b"hvcC") + 4 + 17
    return content[:at] + bytes([0xF8 | (bits - 8)] * 2) + content[at + 2 :]


def sized(content: bytes, width: int, height: int) -> bytes:
    """A file that claims another size."""
    at = content.index(b"ispe") + 8
    return content[:at] + struct.pack(">II", width, height) + content[at + 8 :]


def read(tmp_path: Path, content: bytes) -> Image.Image:
    (tmp_path / "photo").write_bytes(content)
    return read_picture(tmp_path / "photo")


def pixel(image: Image.Image, x: int, y: int) -> tuple[int, ...]:
    found = image.getpixel((x, y))
    assert isinstance(found, tuple)
    return found


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The decoder without a process of its own: quicker, for files that do not crash it."""
    def run(command: list[str], **keywords: Any) -> subprocess.CompletedProcess[bytes]:
        facts, pixels = heic_decoder.main(keywords["input"], int(command[-1]))
        return subprocess.CompletedProcess(command, 0, json.dumps(facts).encode() + b"\n" + pixels)

    monkeypatch.setattr(subprocess, "run", run)


def test_a_picture(tmp_path: Path) -> None:
    image, opacity = read_layers(CASES / "halves.heic")
    assert (image.mode, image.size, opacity) == ("RGB", (64, 40), None)
    assert near(pixel(image, 4, 4), LEFT) and near(pixel(image, 60, 36), RIGHT)
    grey = read(tmp_path, case("grey"))
    assert grey.mode == "RGB" and grey.getextrema() == ((128, 128),) * 3


@pytest.mark.usefixtures("in_process")
def test_it_is_turned_once(tmp_path: Path) -> None:
    """By how it is coded; EXIF data that say the same, or another thing, do not count."""
    turned = case("turned")
    tag = struct.pack(">HHIH", 0x0112, 3, 1, 6)
    assert turned.count(tag) == 1
    for orientation in (6, 3, 1, 0):
        image = read(tmp_path, turned.replace(tag, struct.pack(">HHIH", 0x0112, 3, 1, orientation)))
        assert image.size == (40, 64) and near(pixel(image, 4, 4), LEFT) and near(pixel(image, 4, 60), RIGHT)


def test_what_is_transparent() -> None:
    image, opacity = read_layers(CASES / "clear.heic")
    assert opacity is not None and opacity.getpixel((4, 4)) == 255 and opacity.getpixel((4, 36)) == 0
    assert near(pixel(image, 4, 4), LEFT) and near(pixel(image, 4, 36), NEUTRAL)


def test_the_main_picture_of_several() -> None:
    image = read_picture(CASES / "several.heic")
    assert image.size == (64, 40) and near(pixel(image, 4, 4), LEFT)


@pytest.mark.usefixtures("in_process")
def test_colours(tmp_path: Path) -> None:
    """Of a profile, and of code points; those that are not known decide nothing, and refuse nothing."""
    assert near(pixel(read_picture(CASES / "p3.heic"), 8, 8), IN_SRGB)
    wide = pixel(read(tmp_path, codes(case("halves"), 12, 13)), 4, 4)
    assert wide[0] > LEFT[0] + 10 and wide[1] < LEFT[1]
    for primaries, transfer in ((2, 2), (77, 13), (65535, 65535), (1, 99)):
        assert near(pixel(read(tmp_path, codes(case("halves"), primaries, transfer)), 4, 4), LEFT, 3), (primaries, transfer)
    assert near(pixel(read(tmp_path, case("halves").replace(b"colrnclx", b"colr\xff!!!")), 4, 4), LEFT, 3)


@pytest.mark.usefixtures("in_process")
def test_ten_bits(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 64).astype(np.uint16)
    levels = np.asarray(read_picture(CASES / "ramp10.heic"))
    assert np.abs(levels[8].astype(int) - np.rint(ramp / 257)[:, None]).max() <= 1
    for transfer in (PQ, HLG):
        shown = np.asarray(read(tmp_path, codes(case("ramp10"), 9, transfer)))[8]
        wanted = by_high_range(np.tile(ramp[None, :, None], (1, 1, 3)), CodePoints(9, transfer))[0]
        assert np.abs(shown.astype(int) - wanted).max() <= 6, transfer


def test_sizes_are_checked_before_pixels_are_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    large = sized(case("p3"), 20_000, 20_000)
    assert heic.decode(large, picture.MOST_PIXELS).pixels == b""
    with pytest.raises(MediaError, match="more than 100 megapixels"):
        read(tmp_path, large)
    with pytest.raises(MediaError, match="only 12×12 pixels"):
        read_picture(CASES / "small.heic")
    monkeypatch.setattr(picture, "LARGEST", 32)
    assert read_picture(CASES / "halves.heic").size == (32, 20)


def test_headers_that_lie_are_refused_with_a_sentence(tmp_path: Path) -> None:
    """The first two end pi-heif's process."""
    for content in (depth(case("grey"), 10), depth(case("grey"), 15), sized(case("p3"), 32, 32), sized(case("p3"), 0, 64)):
        with pytest.raises(MediaError, match=f"{SAVE_AS_JPEG}|is damaged or cut short"):
            read(tmp_path, content)
    assert read(tmp_path, depth(case("halves"), 10)).size == (64, 40)


@pytest.mark.usefixtures("in_process")
def test_damaged_files(tmp_path: Path) -> None:
    content = case("halves")
    for end in (28, 200, 500, len(content) - 1):
        with pytest.raises(MediaError, match=r"photo is damaged or cut short \(.+\)\. Save it again or choose another"):
            read(tmp_path, content[:end])
    assert read(tmp_path, case("turned")[:-1]).size == (40, 64), "its EXIF data are cut, which hold no pixels"
    with pytest.raises(MediaError, match=SAVE_AS_JPEG):
        read(tmp_path, content.replace(b"hvc1", b"vvc1"))


def test_a_decoder_that_ends_or_hangs_takes_nothing_with_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for code in ("import os; os.abort()", "print('no JSON')", "print('{\"size\": 1}')", "import time; time.sleep(60)"):
        (tmp_path / "heic_decoder.py").write_text(code)
        monkeypatch.setattr(heic, "DECODER", tmp_path / "heic_decoder.py")
        monkeypatch.setattr(heic, "SECONDS", 1)
        with pytest.raises(MediaError, match="is damaged or cut short"):
            read_picture(CASES / "halves.heic")


def test_without_the_library_the_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(heic, "find_spec", lambda name: None if name == "pi_heif" else find_spec(name))
        with pytest.raises(MediaError, match=SAVE_AS_JPEG):
            read_picture(CASES / "halves.heic")
    monkeypatch.setitem(sys.modules, "pi_heif", None)             # it is there, and cannot be loaded
    assert "missing" in heic_decoder.main(case("halves"), 10**6)[0]


def test_which_files_are_meant() -> None:
    def start(brand: bytes, *others: bytes) -> bytes:
        return struct.pack(">I4s4sI", 16 + 4 * len(others), b"ftyp", brand, 0) + b"".join(others) + b"\0" * 20

    assert all(heic.is_heic(start(*brands)) for brands in ((b"heic",), (b"mif1", b"heic"), (b"mif1",), (b"heix", b"mif1")))
    others = ((b"avif", b"mif1"), (b"mif1", b"avif"), (b"isom", b"mp42"), (b"qt  ",))
    assert not any(heic.is_heic(start(*brands)) for brands in others) and not heic.is_heic(b"\x89PNG" + b"heic" * 8)
