"""Titles in any script: drawn with a font that has their letters, joined and ordered; or refused before anything is exported."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables.DefaultTable import DefaultTable
from PIL import Image, ImageFont, features

from studio.media import MediaError, fonts
from studio.media.clip import probe
from studio.media.export import compose
from studio.media.fonts import FontFile, fonts_for, missing_letters, needs_order, runs
from studio.media.title import balance_lines, check_title, draw_title

GREY = np.full((192, 320, 3), 120, np.uint8)
TITLES = {
    "Latin": "Příliš žluťoučký kůň, Việt Nam: Ế ß ı ğ", "Greek": "Ο φάρος, ὁ φάρος ῥᾷ", "Cyrillic": "Маяк в тумане – “Їжак”, ћѓ",
    "Arabic": "مرحبا بالعالم، سلام ۱۲۳", "Hebrew": "שלום עולם", "Devanagari": "नमस्ते दुनिया, क्षेत्र", "Thai": "สวัสดีชาวโลก ที่นี่",
    "decomposed": "Cafe\u0301 a\u030a y\u0306", "signs": "½ € № ™ … «A» ‘b’ – — ©",
}


@pytest.fixture
def no_system_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "system_fonts", lambda codes: [])


def ink(title: str, frame: np.ndarray = GREY) -> np.ndarray:
    """Where a title's letters are, cut to their edges."""
    letters = (draw_title(frame, title).astype(int) > 150).any(-1)
    rows, columns = np.flatnonzero(letters.any(1)), np.flatnonzero(letters.any(0))
    return letters[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if rows.size else letters[:0, :0]


def font_with(path: Path, letters: str, box: int = 500) -> Path:
    """A font whose letters are all the same rectangle."""
    builder = FontBuilder(1000, isTTF=True)
    pen = TTGlyphPen(None)
    pen.moveTo((50, 0))
    for corner in ((50, box), (950, box), (950, 0)):
        pen.lineTo(corner)
    pen.closePath()
    names = [".notdef", *(f"u{ord(c):04X}" for c in letters)]
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(c): f"u{ord(c):04X}" for c in letters})
    builder.setupGlyf(dict.fromkeys(names, pen.glyph()))
    builder.setupHorizontalMetrics(dict.fromkeys(names, (1000, 50)))
    builder.setupHorizontalHeader(ascent=900, descent=-200)
    builder.setupNameTable({"familyName": path.stem, "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)
    return path


@pytest.mark.usefixtures("no_system_fonts")
@pytest.mark.parametrize("script", TITLES)
def test_the_fonts_of_the_studio_draw(script: str) -> None:
    if needs_order(TITLES[script]) and not features.check("raqm"):
        pytest.skip("FriBiDi is not installed")
    check_title(TITLES[script])
    words = TITLES[script].split()
    assert missing_letters(TITLES[script]) == []
    shapes = {ink(word).tobytes() for word in words}
    assert len(shapes) == len(set(words)), "no two words are the same row of boxes"


def test_each_font_lies_beside_its_licence() -> None:
    licence = (fonts.SHIPPED / "OFL.txt").read_text("utf-8")
    paths = sorted(fonts.SHIPPED.glob("*.ttf"))
    assert "SIL OPEN FONT LICENSE" in licence and paths
    for path in paths:
        assert path.name in licence and path.stat().st_size < 400_000


@pytest.mark.usefixtures("no_system_fonts")
def test_one_font_draws_a_title_where_one_can() -> None:
    for title, name in (("The sea", "NotoSans"), ("مرحبا World 2026", "NotoSansArabic"), ("नमस्ते, India!", "NotoSansDevanagari")):
        pieces = runs(title, fonts_for(title))
        assert [(piece.text, piece.font.path.stem) for piece in pieces] == [(title, name)]
    mixed = [(piece.text, piece.font.path.stem) for piece in runs("Hello, שלום мир!", fonts_for("Hello, שלום мир!"))]
    assert mixed == [("Hello,", "NotoSans"), (" ", "NotoSans"), ("שלום", "Heebo"), (" ", "Heebo"), ("мир!", "NotoSans")]


@pytest.mark.skipif(not features.check("raqm"), reason="FriBiDi is not installed")
def test_letters_are_joined_and_ordered() -> None:
    separate = sum(ink(letter).shape[1] for letter in "مرحبا")
    assert ink("مرحبا").shape[1] < 0.9 * separate, "Arabic letters are joined"
    assert ink("कि").shape[1] < ink("क").shape[1] * 2 and not np.array_equal(ink("कि"), ink("किि"))
    dalet, he = "ד", "ה" * 3
    assert ink(dalet + " " + he)[:, : ink(he).shape[1]].tolist() == ink(he).tolist(), "Hebrew begins at the right"


def test_a_font_of_the_system_draws_what_the_studio_s_have_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_by_fontconfig", lambda codes: None)
    monkeypatch.setattr(fonts, "font_folders", lambda: [tmp_path])
    (tmp_path / "sub").mkdir()
    (tmp_path / "torn.ttf").write_bytes(b"\0\1\0\0 no font")
    (tmp_path / "Empty.OTF").write_bytes(b"")
    assert missing_letters("東京 tower") == ["東", "京"]
    font_with(tmp_path / "Some.ttf", "東")
    assert missing_letters("東京 tower") == ["京"]
    font_with(tmp_path / "Bold.ttf", "東京タワー")
    font_with(tmp_path / "LastResort.ttf", "東京タワー塔")
    whole = font_with(tmp_path / "sub" / "Whole.TTF", " 東京タワー")
    pieces = runs("東京 tower", fonts_for("東京 tower"))
    assert [(p.text, p.font.path.name) for p in pieces] == [("東京", whole.name), (" ", whole.name), ("tower", "NotoSans.ttf")]
    assert missing_letters("塔") == ["塔"], "a font that only claims to have letters is not taken"
    check_title("東京タワー")
    assert ink("東京").mean() > 0.8


@pytest.mark.skipif(sys.platform == "win32", reason="runs a script")
def test_fontconfig_is_asked_where_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    some, whole = font_with(tmp_path / "A some.ttf", "東"), font_with(tmp_path / "Z whole.ttf", "東京")
    program = tmp_path / "fc-list"
    lines = f"0\\t20-7e 6771\\t{some}\\n65536\\t20 6771 4eac-4ead\\t{whole}\\n0\\t6771 4eac\\t{tmp_path / 'gone.ttf'}\\nnoise\\n"
    program.write_text(f"#!/bin/sh\nprintf '{lines}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert [font.path for font in fonts_for("東京")][-1] == whole
    program.write_text("#!/bin/sh\nexit 1\n")
    monkeypatch.setattr(fonts, "font_folders", lambda: [tmp_path])
    assert [font.path for font in fonts_for("東京")][-1] == whole, "a program that fails is as none"


@pytest.mark.usefixtures("no_system_fonts")
@pytest.mark.parametrize(
    ("title", "says"),
    [("Tokyo 東京", r"letters of the title: 東 \(U\+6771\), 京 \(U\+4EAC\)\. Install a font"), ("film \U0001f3ac", r"U\+1F3AC"),
     ("half \ud800", r"title: U\+D800\."), ("\ue000", r"title: U\+E000\."), ("বাংলা", r"বাং \(U\+09AC U\+09BE U\+0982\)"),
     ("".join(map(chr, range(0x4E00, 0x4E40))), "and others")],
)
def test_letters_without_a_font_are_named_before_anything_is_exported(
    tmp_path: Path, clip: Callable[..., Path], title: str, says: str
) -> None:
    film = clip("film.mp4")
    with pytest.raises(MediaError, match=says) as caught:
        compose(film, tmp_path / "out.mp4", title=title)
    assert caught.value.message.endswith("nothing was exported.") and len(caught.value.message) < 500
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def test_without_fribidi_only_letters_that_need_it_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "can_order", lambda: False)
    monkeypatch.setattr("studio.media.title.can_order", lambda: False)
    for script, title in TITLES.items():
        if script in ("Arabic", "Hebrew", "Devanagari", "Thai"):
            with pytest.raises(MediaError, match=r"FriBiDi, the library for that, is missing.*libfribidi0.*nothing was exported"):
                check_title(title)
        else:
            check_title(title)


def test_invisible_and_blank_titles_are_none(tmp_path: Path, clip: Callable[..., Path]) -> None:
    for title in ("", " \n\t", "\u200b\u200d\ufe0f", "\0\x07"):
        check_title(title)
        assert not ink(title).any()
    compose(clip("film.mp4", frames=6), tmp_path / "out.mp4", title="a\u200db\ufe0f\tc\0d")
    assert probe(tmp_path / "out.mp4").frames == 36


@pytest.mark.parametrize("title", ["A", "Ünïcödé – “quoted”", "word " * 60, "W" * 30, "W" * 120, "Ж" * 200])
@pytest.mark.parametrize("size", [(192, 320), (320, 192), (256, 256)])
def test_titles_of_all_lengths_stay_on_the_card(title: str, size: tuple[int, int]) -> None:
    height, width = size
    began = time.perf_counter()
    card = draw_title(np.full((*size, 3), 120, np.uint8), title).astype(int)
    assert time.perf_counter() - began < 5
    letters = (card > 150).any(-1)
    rows, columns = np.flatnonzero(letters.any(1)), np.flatnonzero(letters.any(0))
    assert letters.any() and rows[0] > 0.1 * height and rows[-1] < 0.9 * height
    assert columns[0] > 0.02 * width and columns[-1] < 0.98 * width
    assert abs((rows[0] + rows[-1]) / 2 - height / 2) < 12 and abs((columns[0] + columns[-1]) / 2 - width / 2) < 12


@pytest.mark.parametrize("size", [(16, 16), (32, 32), (16, 4096), (40, 20)])
def test_a_title_on_a_tiny_film(size: tuple[int, int]) -> None:
    assert draw_title(np.full((*size, 3), 120, np.uint8), "The lighthouse").shape == (*size, 3)


def test_lines_are_even_and_end_between_words() -> None:
    measure = ImageFont.load_default(24).getlength
    assert balance_lines("The lighthouse at dusk", measure, measure("The lighthouse at ") + 1) == ["The lighthouse", "at dusk"]
    assert balance_lines("Dusk", measure, 500) == ["Dusk"] and balance_lines("", measure, 500) == []
    assert balance_lines("incomprehensible", len, 8) == ["incomprehensible"]
    assert balance_lines("incomprehensible", len, 8, anywhere=True) == ["incompre", "hensible"]
    assert balance_lines("東京タワーの「光」、夜。", len, 6) == ["東京タワーの", "「光」、夜。"]
    assert balance_lines("e\u0301" * 6, len, 3, anywhere=True) == ["é" * 3, "é" * 3]


def test_a_font_of_pictures_has_no_letters(tmp_path: Path) -> None:
    path = font_with(tmp_path / "Emoji.ttf", "東")
    with TTFont(path) as file:
        file["CBDT"] = DefaultTable("CBDT")
        file["CBDT"].data = b"\0\3\0\0"
        file.save(tmp_path / "Pictures.ttf")
        del file["glyf"], file["loca"]
        file.save(tmp_path / "Bitmaps.ttf")
    codes = frozenset({ord("東")})
    assert fonts.characters_in(path, 0, codes) == codes
    for name in ("Pictures.ttf", "Bitmaps.ttf"):
        assert fonts.characters_in(tmp_path / name, 0, codes) == set()
    assert FontFile(path, 0, codes).has("東") and not FontFile(path, 0, codes).has("京")
    assert Image.fromarray(draw_title(GREY, "A")).size == (320, 192)
