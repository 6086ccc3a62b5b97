"""The verbs of takes' looks, as the page asks them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio.session import Session
from studio.ui.api import PageApi
from tests.shelves import make_film, make_studio, render_all


@pytest.fixture
def api(tmp_path: Path) -> PageApi:
    return PageApi(make_studio(tmp_path), (), tmp_path)


@pytest.fixture
def session(api: PageApi) -> Session:
    return make_film(api.studio, "one", "two")


def ask(api: PageApi, session: Session, verb: str, **fields: Any) -> Any:
    reply = api.answer({"verb": verb, "project": session.id, **fields})
    assert reply["ok"], reply
    return reply["answer"]


def test_drift(api: PageApi, session: Session) -> None:
    assert ask(api, session, "drift")["rows"] == []
    render_all(session)
    answer = ask(api, session, "drift")
    assert [(row["segment"], row["take"]) for row in answer["rows"]] == [(n, t.id) for n, t in enumerate(session.project.path(), 1)]
    assert [line["name"] for line in answer["lines"]] == ["Sharpness", "Contrast", "Palette", "Edges"]
    assert answer["suggestion"] is None and answer["problem"] == "" and "a prompt asks for" in answer["reading"]
