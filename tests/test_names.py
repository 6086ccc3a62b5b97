"""Names from outside: names of files in whole letters that every file system takes, and text that can be shown."""

from __future__ import annotations

import unicodedata

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from studio.names import RESERVED, SLUG_BYTES, SLUG_LETTERS, cut, is_reserved, readable, slug


@pytest.mark.parametrize(("name", "expected"), [
    ("Das Meer: é!", "Das-Meer-é"),
    ("cafe\u0301 noir", "café-noir"),                                           # decomposed, as macOS hands it over
    ("हिन्दी फ़िल्म", unicodedata.normalize("NFC", "हिन्दी-फ़िल्म")),                        # vowel signs belong to their letters
    ("ภาพยนตร์ไทย", "ภาพยนตร์ไทย"),
    ("می‌خواهم", "می‌خواهم"),                                                     # a word with a joiner in it
    ("👩‍👩‍👧 family", "family"),                                                   # and none left over from an emoji
    ("🎬", "film"), ("", "film"), ("...", "film"), ("\ud800", "film"), ("\u0301", "film"),
    ("a\ud800b", "a-b"), ("aux.txt", "aux-txt"), ("../../etc/passwd", "etc-passwd"), ("night. ", "night"),
    ("CON", "CON-film"), ("com1", "com1-film"), ("Console", "Console"),
])  # fmt: skip
def test_a_slug_keeps_letters_of_any_script(name: str, expected: str) -> None:
    assert slug(name) == expected


@pytest.mark.parametrize("letter", ["a", "é", "ü", "語", "𠀀", "नि", "กำ", "e\u0301\u0323"])
def test_a_long_slug_ends_with_a_whole_letter_and_leaves_room(letter: str) -> None:
    letter = unicodedata.normalize("NFC", letter)
    short = slug(letter * 260)
    assert short and short == letter * (len(short) // len(letter))
    assert len(short.encode()) <= SLUG_BYTES and len(regex.findall(r"\X", short)) <= SLUG_LETTERS
    assert len(short.encode()) > SLUG_BYTES - 20 or len(regex.findall(r"\X", short)) == SLUG_LETTERS


def test_a_letter_that_is_longer_than_a_name_is_left_out() -> None:
    assert slug("a" + "\u0301\u0316" * 300) == "film"


@given(st.text(alphabet=st.characters(), max_size=300))                           # halves of surrogate pairs as well
def test_any_name_makes_a_slug_that_every_system_takes(name: str) -> None:
    short = slug(name)
    assert short and len(short.encode()) <= SLUG_BYTES + len("-film")
    assert not is_reserved(short) and not set(short) & set('<>:"/\\|?*. \0')
    assert slug(short) == short or len(short.encode()) > SLUG_BYTES


def test_names_that_windows_reserves() -> None:
    assert {"CON", "NUL", "COM1", "LPT9", "COM¹"} <= RESERVED
    assert is_reserved("con.mp4") and is_reserved("Aux .tar.gz") and not is_reserved("cone.mp4")


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",))), st.integers(0, 40), st.integers(0, 200))
def test_a_cut_text_is_a_beginning_in_whole_letters(text: str, letters: int, size: int) -> None:
    short = cut(text, letters, size)
    assert text.startswith(short) and len(short.encode()) <= size
    found = regex.findall(r"\X", text)
    assert regex.findall(r"\X", short) == found[: len(regex.findall(r"\X", short))] and len(regex.findall(r"\X", short)) <= letters


def test_a_name_that_is_no_text_can_be_shown_and_saved() -> None:
    assert readable("caf\udce9.png") == "caf\ufffd.png"
    assert readable("a\nb\u2028c\x00") == "a\ufffdb\ufffdc\ufffd"
    assert readable("x" * 120) == "x" * 120 and readable("x" * 121) == "x" * 119 + "…"
    long = readable("हि" * 200)
    assert long == "हि" * 119 + "…"


@given(st.text(alphabet=st.characters(), max_size=300))
def test_any_name_becomes_text(name: str) -> None:
    readable(name).encode()
    assert readable(name).isprintable() or any(unicodedata.category(letter)[0] in "ZC" for letter in name)
