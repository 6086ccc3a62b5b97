"""For tests of the page's messages: a page with a sample and a film of two segments, and how it is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio.session import Session
from studio.ui.api import PageApi
from studio.ui.gallery import find_samples
from tests.shelves import make_film, make_studio, picture

STORY = 'name = "Waves"\nimage = "sea.png"\npreset = "draft"\n[[segment]]\nprompt = "a"\n[[segment]]\nprompt = "b"\nseconds = 1\n'


@pytest.fixture
def api(tmp_path: Path) -> PageApi:
    story = tmp_path / "examples" / "waves"
    story.mkdir(parents=True)
    picture(story, "navy").rename(story / "sea.png")
    (story / "story.toml").write_text(STORY)
    broken = tmp_path / "examples" / "broken"
    broken.mkdir()
    (broken / "story.toml").write_text("nonsense = 1")
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    return PageApi(make_studio(tmp_path), find_samples(tmp_path / "examples"), uploads)


@pytest.fixture
def session(api: PageApi) -> Session:
    return make_film(api.studio, "one", "two")


def ask(api: PageApi, session: Session | None, verb: str, **fields: Any) -> Any:
    """The answer; a refusal fails the test."""
    reply = api.answer({"verb": verb, "project": session.id if session else None, **fields})
    assert reply["ok"], reply
    return reply["answer"]


def refusal(api: PageApi, message: object) -> str:
    reply = api.answer(message)
    assert reply["ok"] is False and reply["notice"]["kind"] == "error"
    return str(reply["notice"]["message"])
