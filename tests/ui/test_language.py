"""What the studio answers to a page is in the language of the page's message."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio.language import sentence
from studio.session import EditError, Session, Studio
from studio.ui.api import PageApi
from studio.ui.fields import Fields
from tests.brackets import BRACKETS, speak_brackets
from tests.shelves import make_film, make_studio


@pytest.fixture(scope="module")
def brackets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Written and read once: collecting the studio's texts takes a second."""
    with pytest.MonkeyPatch.context() as patch:
        speak_brackets(tmp_path_factory.mktemp("brackets"), patch)
        yield


@pytest.fixture
def studio(tmp_path: Path, brackets: None) -> Studio:
    made = make_studio(tmp_path)
    made.home.mkdir()
    return made


@pytest.fixture
def session(studio: Studio) -> Session:
    return make_film(studio, "Golden hour")


def refuse(session: Session, fields: Fields) -> dict[str, Any]:
    raise EditError(sentence("Golden hour"))


@pytest.fixture
def api(studio: Studio, tmp_path: Path) -> PageApi:
    made = PageApi(studio, (), tmp_path)
    made.verbs = {
        "say": lambda s, f: {"said": [sentence("Golden hour"), "Golden hour"]}, "refuse": refuse,
        "change": lambda s, f: s.apply_preset("fine"),
    }
    return made


@pytest.mark.parametrize("language", [BRACKETS, "en", None, ["x"]])
def test_answers_and_refusals(api: PageApi, session: Session, language: object) -> None:
    said = "⟦Golden hour⟧" if language == BRACKETS else "Golden hour"
    asked = {"project": session.id, "language": language}
    assert api.answer({**asked, "verb": "say"})["answer"] == {"said": [said, "Golden hour"]}, "plain text stays"
    assert api.answer({**asked, "verb": "refuse"})["notice"]["message"] == said


def test_the_board_in_an_answer(api: PageApi, session: Session) -> None:
    reply = api.answer({"project": session.id, "language": BRACKETS, "verb": "change"})
    assert reply["board"]["segments"][0]["prompt"] == "Golden hour"


@pytest.mark.parametrize("message", [None, 5, "say", ["language"]])
def test_what_is_no_message_is_refused_in_english(api: PageApi, message: object) -> None:
    assert api.answer(message)["ok"] is False
