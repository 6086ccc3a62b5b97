"""What a PNG or an AVIF says of its colours without a profile: code points (cICP, nclx), primaries and gamma (cHRM, gAMA)."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.media.high_range import HLG, PQ, TO_SRGB
from studio.media.picture import read_picture
from studio.media.primaries import PRIMARIES, to_linear_srgb
from tests.media.test_colour import IN_SRGB, LINEAR_COLOURS, P3, P3_RED, colour_of, near, png

RED = bytes(P3_RED) * 32
PNG_P3 = (b"cICP", bytes([12, 13, 0, 1]))
PNG_SRGB = (b"sRGB", b"\0")
GAMMA = (b"gAMA", struct.pack(">I", 45455))


def chrm(*xy: float) -> tuple[bytes, bytes]:
    return b"cHRM", struct.pack(">8I", *(round(number * 100_000) for number in xy))


CHRM_P3 = chrm(0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
CHRM_SRGB = chrm(0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)


def iccp(profile: bytes) -> tuple[bytes, bytes]:
    return b"iCCP", b"profile\0\0" + zlib.compress(profile)


def shown(path: Path, *chunks: tuple[bytes, bytes], kind: int = 2, depth: int = 8, row: bytes = RED) -> tuple[int, ...]:
    path.write_bytes(png(kind, depth, row, *chunks))
    return colour_of(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.png"


@pytest.mark.parametrize("chunks", [[PNG_P3], [CHRM_P3, GAMMA], [CHRM_P3]], ids=["cICP", "cHRM and gAMA", "cHRM"])
@pytest.mark.parametrize("kind", ["RGB", "16 bits", "alpha", "palette"])
def test_display_p3_in_every_kind_of_png(path: Path, chunks: list[tuple[bytes, bytes]], kind: str) -> None:
    row = {"RGB": RED, "16 bits": b"".join(bytes([v, v]) for v in RED), "alpha": bytes((*P3_RED, 255)) * 32, "palette": bytes(32)}
    extra = [(b"PLTE", bytes(P3_RED))] if kind == "palette" else []
    number, depth = {"alpha": 6, "palette": 3}.get(kind, 2), 16 if kind == "16 bits" else 8
    found = shown(path, *chunks, *extra, kind=number, depth=depth, row=row[kind])
    assert near(found, IN_SRGB), found


def test_which_chunk_counts(path: Path) -> None:
    linear, code_srgb = iccp(LINEAR_COLOURS), (b"cICP", bytes([1, 13, 0, 1]))
    assert shown(path, code_srgb, iccp(P3), PNG_SRGB, CHRM_P3, GAMMA) == P3_RED, "code points come first"
    assert near(shown(path, PNG_P3, linear, PNG_SRGB), IN_SRGB)
    assert near(shown(path, iccp(P3), PNG_SRGB, (b"gAMA", struct.pack(">I", 100_000))), IN_SRGB), "then the profile"
    assert shown(path, PNG_SRGB, CHRM_P3, GAMMA) == P3_RED, "then sRGB"
    assert near(shown(path, iccp(b"no profile"), CHRM_P3, GAMMA), IN_SRGB), "and what cannot be read is passed over"
    assert near(shown(path, (b"cICP", bytes([77, 13, 0, 1])), iccp(P3)), IN_SRGB)


WRONG = [
    *((b"cICP", bytes(codes)) for codes in (
        [0, 0, 0, 1], [2, 2, 0, 1], [3, 13, 0, 1], [12, 99, 0, 1], [12, 9, 0, 1], [12, 13, 1, 1], [10, 13, 0, 1], [255] * 4,
        [12, 13, 0], [], [12])),
    chrm(*[0.0] * 8), chrm(*[1.0] * 8), chrm(*[0.3127, 0.329] * 4), chrm(0.3127, 0.329, 0.3, 0.3, 0.4, 0.4, 0.5, 0.5),
    (b"cHRM", b"\xff" * 32), (b"cHRM", b""), (b"cHRM", b"\0" * 31), CHRM_SRGB,
]


@pytest.mark.parametrize("chunk", WRONG, ids=lambda chunk: f"{chunk[0].decode()} {chunk[1].hex()[:24]}")
def test_wrong_and_unknown_values_decide_nothing(path: Path, chunk: tuple[bytes, bytes]) -> None:
    assert shown(path, chunk) == P3_RED and shown(path, chunk, GAMMA) == P3_RED


@pytest.mark.parametrize("transfer", [1, 4, 8, 13, PQ, 17, HLG])
def test_white_stays_white_and_black_black(path: Path, transfer: int) -> None:
    for primaries in range(1, 24):
        codes = (b"cICP", bytes([primaries, transfer, 0, 1]))
        assert near(shown(path, codes, row=b"\xff" * 96), (255,) * 3), primaries
        assert near(shown(path, codes, row=b"\0" * 96), (0,) * 3), primaries


def test_numbers_of_video(path: Path) -> None:
    for value, wanted in ((16, 0), (235, 255), (4, 0), (250, 255), (126, 128)):
        assert near(shown(path, (b"cICP", bytes([1, 13, 0, 0])), row=bytes([value]) * 96), (wanted,) * 3, 1)


@pytest.mark.parametrize(("kind", "depth", "row"), [(2, 8, b"\x94" * 96), (0, 8, b"\x94" * 32), (0, 16, b"\x94\x94" * 32)])
def test_diffuse_white_of_high_range(path: Path, kind: int, depth: int, row: bytes) -> None:
    """203 candelas a square metre are 58 % of PQ's numbers; as of videos, that is a light grey."""
    grey = shown(path, (b"cICP", bytes([9, PQ, 0, 1])), kind=kind, depth=depth, row=row)
    assert near(grey, (190,) * 3, 4) and len(set(grey)) == 1
    assert near(shown(path, (b"cICP", bytes([9, HLG, 0, 1])), row=b"\xbf" * 96), (190,) * 3, 4), "75 % of HLG's"


def test_a_wide_red_of_high_range_has_its_own_primaries(path: Path) -> None:
    row = bytes([148, 90, 90]) * 32
    wide, screen = (shown(path, (b"cICP", bytes([primaries, PQ, 0, 1])), row=row) for primaries in (9, 1))
    assert wide[0] > screen[0] and wide[1] < screen[1]
    assert np.abs(to_linear_srgb(PRIMARIES[9]) - TO_SRGB).max() < 1e-4


def test_gamma_with_primaries(path: Path) -> None:
    """Numbers that are light: 128 is shown as 188, also where the primaries are others; a grey has none."""
    light = (b"gAMA", struct.pack(">I", 100_000))
    assert near(shown(path, CHRM_P3, light, row=b"\x80" * 96), (188,) * 3, 1)
    assert near(shown(path, CHRM_P3, light, kind=0, row=b"\x80" * 32), (188,) * 3, 1)
    assert shown(path, CHRM_P3, GAMMA, kind=0, row=b"\x80" * 32) == (128,) * 3


def test_code_points_of_an_avif(tmp_path: Path) -> None:
    Image.new("RGB", (32, 32), P3_RED).save(tmp_path / "a", "AVIF", quality=100, subsampling="4:4:4")
    plain = (tmp_path / "a").read_bytes()
    at = plain.index(b"colrnclx") + 8
    (tmp_path / "a").write_bytes(plain[:at] + struct.pack(">HH", 12, 13) + plain[at + 4 :])
    assert near(colour_of(tmp_path / "a"), IN_SRGB, 4)
    (tmp_path / "a").write_bytes(plain[:at] + struct.pack(">HH", 9, PQ) + plain[at + 4 :])
    assert read_picture(tmp_path / "a").getpixel((8, 8)) != P3_RED
    Image.new("RGB", (32, 32), P3_RED).save(tmp_path / "a", "AVIF", quality=100, icc_profile=P3)
    assert near(colour_of(tmp_path / "a"), IN_SRGB, 4), "its profile counts"
