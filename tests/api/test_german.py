"""A call that asks for German is refused in German alone: what is wrong with an argument is no English remainder."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from gradio.utils import get_upload_folder

from studio.api.functions import describe
from studio.client import Film
from studio.ui.api import PageApi
from studio.ui.gallery import find_samples
from tests.access.pages import called
from tests.api.bad_calls import BAD
from tests.api.conftest import Served
from tests.api.test_refusals import data, raw

UNREAD = [case for case in BAD if case[2] == "bad_input"]
ENGLISH = re.compile(r"\b(must|is|be|list|number|numbers|of|the|text|texts|missing|uploaded|or|and|has|one)\b")


@pytest.fixture(scope="module")
def film(own_page: Served) -> Film:
    return own_page.client().create("A film", preset="draft")


def refusal(own: Served, film: Film, name: str, arguments: dict[str, Any]) -> str:
    page = PageApi(own.studio, find_samples(), Path(get_upload_folder()))
    about = describe(name)
    given = dict(zip((each.name for each in about.arguments), data(film, name, arguments), strict=True))
    answer = called(page, about, {**given, **arguments, "language": "de"})
    assert isinstance(answer, gr.Error) and answer.title == "bad_input"
    return str(answer.message)


@pytest.mark.parametrize(("name", "arguments", "_"), UNREAD, ids=[f"{name}-{n}" for n, (name, _, _) in enumerate(UNREAD)])
def test_a_refusal_is_german_throughout(own_page: Served, film: Film, name: str, arguments: dict[str, Any], _: str) -> None:
    message = refusal(own_page, film, name, arguments)
    assert message.startswith("Dieser Aufruf ist nicht lesbar: ") and not ENGLISH.search(re.sub(r"'\w+'", "", message)), message


def test_it_says_what_is_wrong(own_page: Served, film: Film) -> None:
    said = {("add_segment", "seconds", "4"): "'seconds' muss sein: eine Zahl oder null",
            ("look", "kind", "exe"): "'kind' muss sein: sheet, poster oder memory",
            ("status", "wings", 2): "status hat kein Argument 'wings', nur film, language"}
    for (name, argument, value), words in said.items():
        assert words in refusal(own_page, film, name, {argument: value})


def test_what_gradio_itself_refuses_is_german_too(own_page: Served, film: Film) -> None:
    elsewhere = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}
    error = raw(own_page.url, "set_reference", json.dumps({"data": [film.id, elsewhere, None, "de"]}).encode())
    assert error["title"] == "bad_input" and error["error"].startswith("Dieser Aufruf ist nicht lesbar: ")
