"""Styles to choose from: small files that fill the film's words, and what is said about wrong ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.project import edits, history
from studio.project.history import UndoHistory
from studio.project.limits import EditError
from studio.project.styles import SHIPPED, Style, StyleError, Styles, read_style
from tests.project.builders import film


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_style_fills_the_films_words_in_one_step() -> None:
    before = edits.set_cast(film("a"), "Anna")
    steps = history.do(UndoHistory(before), edits.use_style(before, Style("dusk", "Dusk", "dusk, fog")))
    assert (steps.present.style, steps.present.cast) == ("dusk, fog", "Anna")
    assert history.undo(steps).present == before
    assert edits.use_style(before, Style("x", "X", "noon", cast="Ben")).cast == "Ben"


def test_files_are_read_and_wrong_ones_are_told(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    written(tmp_path, "dusk", 'title = "Dusk"\nstyle = "dusk"')
    written(own, "dusk", 'title = "My dusk"\nstyle = " deep dusk "\ncast = "Anna"\ndescription = "Mine."')
    written(own, "empty", 'title = "Empty"\nstyle = " "')
    written(own, "wrong", 'title = "Wrong"\nstyle = 7')
    written(own, "other", 'title = "Other"\nlook = "dusk"')
    (own / "bytes.toml").write_bytes(b"\xff\xfe")
    found, problems = Styles((own, tmp_path, tmp_path / "none")).find()
    assert found == (Style("dusk", "My dusk", "deep dusk", "Mine.", "Anna"),)
    told = " | ".join(problems)
    assert len(problems) == 4 and "wrong.toml: 'style': A film's style is text" in told
    for words in ("A style file says how a film looks", "unknown key 'look'", "bytes.toml"):
        assert words in told
    with pytest.raises(EditError, match="not there any more"):
        Styles((own,)).named("wrong")
    with pytest.raises(StyleError, match="title"):
        read_style(written(own, "untitled", 'style = "dusk"'))


def test_the_shipped_ones_can_be_used() -> None:
    found, problems = Styles((SHIPPED,)).find()
    assert problems == () and len(found) == 8 and all(style.description for style in found)
