"""The catalogues hold every text that people read, and every translation says the same with the same values."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from studio.lab.__main__ import main
from studio.lab.commands import language as command
from studio.language.catalogue import ENGLISH, FOLDER, LANGUAGES

STATIC = Path(__file__).parents[2] / "studio" / "ui" / "static"
OTHERS = [(name, language) for name in command.METHODS for language in LANGUAGES if language != ENGLISH]


@pytest.fixture(scope="module")
def now() -> dict[str, str]:
    return dict(command.catalogue_files())


def read(name: str, language: str) -> Catalog:
    with (FOLDER / f"{language}.{name}.po").open("rb") as file:
        return read_po(file, locale=language)


def texts(message: Message) -> tuple[list[str], list[str]]:
    """The English texts of a message, and its translations."""
    return [message.id] if isinstance(message.id, str) else [*message.id], (
        [message.string or ""] if isinstance(message.id, str) else [*message.string])


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_the_files_are_up_to_date(now: dict[str, str]) -> None:
    outdated = [name for name, text in now.items() if (FOLDER / name).read_text("utf-8") != text]
    assert outdated == [], "run: python -m studio.lab language"
    assert {path.name for path in FOLDER.iterdir() if path.suffix in {".po", ".pot", ".json"}} == now.keys()


@pytest.mark.parametrize(("name", "language"), OTHERS)
def test_every_message_is_translated(name: str, language: str) -> None:
    messages = [message for message in read(name, language) if message.id]
    assert messages
    assert [message.id for message in messages if message.fuzzy or not all(texts(message)[1])] == []


@pytest.mark.parametrize(("name", "language"), OTHERS)
def test_translations_have_the_same_values(name: str, language: str) -> None:
    for message in read(name, language):
        english, translated = texts(message)
        if message.id and all(translated):
            wanted = set[str]().union(*map(placeholders, english))
            for text in translated:
                assert placeholders(text) <= wanted, text
                assert wanted - placeholders(text) <= {"n", "number"}, text
                assert text.count("{") == text.count("}"), text


def test_every_call_in_the_scripts_is_found() -> None:
    """Babel's reader of scripts and a plain search agree, so no text is lost between a regular expression and a template."""
    found = {text for message in command.extract(command.SCRIPTS) for text in texts(message)[0]}
    for path in STATIC.glob("*.js"):
        source = path.read_text("utf-8")
        for written in re.findall(r"(?<![\w.])tn?\(\s*('(?:[^'\\]|\\.)*'(?:\s*\+\s*'(?:[^'\\]|\\.)*')*)", source):
            quoted = "".join(re.findall(r"'((?:[^'\\]|\\.)*)'", written))
            assert quoted.replace("\\'", "'") in found, (path.name, quoted)
        unreadable = re.findall(r"(?<![\w.])tn?\(\s*[^'\s].*", source)
        assert unreadable == [], f"{path.name}: a text that is not written out is in no catalogue"


def test_the_command_keeps_translations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that stays keeps its translation, a new one is added without, one that is gone is dropped."""
    (tmp_path / "shown.js").write_text("say(t('Old'), tn('{n} take', '{n} takes', 2), t('It’s {what}', { what: /'/g }));", "utf-8")
    static = tmp_path / "studio" / "ui" / "static"
    static.mkdir(parents=True)
    (tmp_path / "shown.js").rename(static / "shown.js")
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(command, "FOLDER", tmp_path)
    template = command.extract(command.SCRIPTS)
    catalogue = command.update(command.SCRIPTS, "de", template, tmp_path)
    assert {message.id for message in catalogue if message.id} == {"Old", ("{n} take", "{n} takes"), "It’s {what}"}
    catalogue["Old"].string = "Alt"
    catalogue["{n} take"].string = ("{n} Take", "{n} Takes")
    (tmp_path / "de.scripts.po").write_text(command.po_text(catalogue), "utf-8")
    (static / "shown.js").write_text("t('New'); tn('{n} take', '{n} takes', n)", "utf-8")
    after = command.update(command.SCRIPTS, "de", command.extract(command.SCRIPTS), tmp_path)
    assert {message.id: message.string for message in after if message.id} == {
        "New": None, ("{n} take", "{n} takes"): ("{n} Take", "{n} Takes")}
    assert command.for_browser(after) == '{\n"{n} take": {\n"one": "{n} Take",\n"other": "{n} Takes"\n}\n}\n'


def test_titles_of_files_are_gathered() -> None:
    found = {message.id: message.locations for message in command.extract("sentences")}
    assert [place for place, _ in found["Golden hour"]] == ["presets/styles/golden-hour.toml"]


def test_the_command_writes_what_is_up_to_date(now: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "FOLDER", tmp_path)
    monkeypatch.setattr(command, "catalogue_files", lambda: now)
    assert main(["language"]) == 0
    assert {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()} == now
