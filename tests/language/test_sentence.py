"""A sentence is its English text for everyone, and German for whoever asks for it."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.language import Sentence, catalogue, choose_language, join, localize, plain, sentence, sentences, translate

WORDS = st.text(st.characters(exclude_characters="{}\r", exclude_categories=["C"]), min_size=1, max_size=12)
PO = """msgid ""
msgstr ""
"Language: de\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "{length:.1f} s of {what}"
msgstr "{what}: {length:.1f} s"

msgid "the film"
msgstr "der Film"

msgid "{number} take of {film}"
msgid_plural "{number} takes of {film}"
msgstr[0] "{number} Take von {film}"
msgstr[1] "{number} Takes von {film}"

msgid "Nothing was changed."
msgstr "Nichts wurde geändert."
"""


@pytest.fixture
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A German catalogue of four messages."""
    (tmp_path / "de.sentences.po").write_text(PO, "utf-8")
    monkeypatch.setattr(catalogue, "FOLDER", tmp_path)
    catalogue._translations.cache_clear()


@pytest.fixture(autouse=True)
def forgotten() -> None:
    yield
    catalogue._translations.cache_clear()


def test_it_is_its_english_text() -> None:
    said = sentence("{length:.1f} s of {what}", length=3, what="“a {brace}”")
    assert said == "3.0 s of “a {brace}”"
    assert {said: 1}["3.0 s of “a {brace}”"] == 1
    assert (said.template, said.values["length"]) == ("{length:.1f} s of {what}", 3)
    assert sentence("{} stays") == "{} stays", "without values nothing is put in"
    with pytest.raises(KeyError):
        sentence("{one} and {other}", one=1)


def test_one_and_many() -> None:
    assert [sentences("{number} take", "{number} takes", n) for n in (0, 1, 2)] == ["0 takes", "1 take", "2 takes"]


@given(WORDS)
def test_an_error_gives_it_back(word: str) -> None:
    error = ValueError(sentence("There is no {word}.", word=word))
    for said in (str(error), error.args[0]):
        assert isinstance(said, Sentence)
        assert said.values == {"word": word}


@given(WORDS)
def test_what_leaves_the_process_is_plain(word: str) -> None:
    said = sentence("There is no {word}.", word=word)
    for copied in (pickle.loads(pickle.dumps(said)), json.loads(json.dumps({"a": [said]}))["a"][0], plain(said)):
        assert type(copied) is str
        assert copied == said


def test_copies_in_the_process_stay_sentences() -> None:
    @dataclass(frozen=True)
    class Notice:
        message: str
        kind: str = "found"

    said = sentence("There is no {word}.", word="film")
    kept = replace(copy.deepcopy(Notice(said)), kind="error")
    assert kept.message is said
    assert copy.copy(said) is said


@pytest.mark.usefixtures("german")
def test_values_are_said_too() -> None:
    inner = sentence("the film")
    said = sentence("{length:.1f} s of {what}", length=1234.56, what=inner)
    assert said == "1234.6 s of the film"
    assert translate(said, "de") == "der Film: 1234,6 s"
    assert translate(said, "en") is said
    assert translate(sentence("{length:.1f} s of {what}", length=1, what="the film"), "de") == "the film: 1,0 s", "plain text stays"


@pytest.mark.usefixtures("german")
@given(st.integers(0, 10**6))
def test_plurals_follow_the_language(number: int) -> None:
    said = sentences("{number} take of {film}", "{number} takes of {film}", number, film=sentence("the film"))
    assert translate(said, "de") == f"{number} {'Take' if number == 1 else 'Takes'} von der Film"


@pytest.mark.usefixtures("german")
def test_joined_sentences() -> None:
    said = join(sentence("Nothing was changed."), "", "plain", sentence("the film"))
    assert said == "Nothing was changed. plain the film"
    assert translate(said, "de") == "Nichts wurde geändert. plain der Film"
    assert join(said, sentence("the film"), separator=", ") == "Nothing was changed. plain the film, the film"
    assert translate(join(said, said), "de") == "Nichts wurde geändert. plain der Film Nichts wurde geändert. plain der Film"
    assert translate(join(), "de") == ""


@pytest.mark.usefixtures("german")
def test_what_has_no_translation_stays_english() -> None:
    said = sentence("{number:,} frames and {rest}", number=12345, rest=sentence("the film"))
    assert translate(said, "de") == "12.345 frames and der Film"
    assert translate("Nothing was changed.", "de") == "Nothing was changed."
    assert translate(sentence(""), "de") == "", "the head of a catalogue is no translation"


@pytest.mark.usefixtures("german")
def test_localize_walks_json() -> None:
    said = sentence("Nothing was changed.")
    value = {"a": [said, "Nothing was changed.", 1.5, None], "b": {"c": (said, True)}, said: 1}
    assert localize(value, "de") == {
        "a": ["Nichts wurde geändert.", "Nothing was changed.", 1.5, None], "b": {"c": ("Nichts wurde geändert.", True)}, said: 1}
    assert localize(value, "en") is value


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize("translation", ["{nothing}", "{film:.1f}", "{film", "{film.folder}", "{}"])
def test_a_translation_that_cannot_be_filled_leaves_the_sentence(
    translation: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "de.sentences.po").write_text(f'{PO}\nmsgid "{{film}} is there."\nmsgstr "{translation}"\n', "utf-8")
    said = sentence("{film} is there.", film="Cat {x}")
    assert localize({"said": [said, sentence("the film")]}, "de") == {"said": ["Cat {x} is there.", "der Film"]}
    assert "{film} is there." in caplog.text, "the log says which one"


@pytest.mark.usefixtures("german")
def test_without_a_catalogue_it_stays_english(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "de.sentences.po").unlink()
    assert localize(sentence("the film"), "de") == "the film"
    assert "de.sentences.po" in caplog.text


@pytest.mark.usefixtures("german")
@given(st.text(max_size=20))
def test_braces_in_a_value_are_text(word: str) -> None:
    """Names and prompts are put in once, in every language, however deep they lie."""
    take = sentences("{number} take of {film}", "{number} takes of {film}", 1, film=word)
    said = sentence("{length:.1f} s of {what}", length=1, what=take)
    assert said == f"1.0 s of 1 take of {word}"
    assert translate(join(said, word), "de") == f"1 Take von {word}: 1,0 s" + (f" {word}" if word else "")


def test_other_languages_are_english() -> None:
    assert [choose_language(one) for one in ("de", "en", "xx", "", None, 5, ["de"], {"a": 1})] == ["de", *["en"] * 7]
    assert [choose_language(one) for one in ("de-AT", "DE_ch", "de-Latn-DE", "den", "-", "x-de")] == ["de"] * 3 + ["en"] * 3


def test_english_imports_no_babel() -> None:
    code = ("import sys; from studio.language import *; localize({'a': [sentence('x')]}, 'en'); script_catalogues(); "
            "assert not [name for name in sys.modules if name.startswith('babel')]; "
            "localize(sentence('x'), 'de'); assert 'babel' in sys.modules")
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
