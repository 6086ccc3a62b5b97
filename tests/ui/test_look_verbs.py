"""The verbs of takes' looks, as the page asks them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from studio.media.clip import write_clip
from studio.project.model import Look, Retries
from studio.project.store import CLIP
from studio.session import Session
from studio.ui import views
from studio.ui.api import PageApi
from tests.shelves import make_film, make_studio, render_all, wait_until

PICTURE = Path(__file__).parents[2] / "assets" / "examples" / "sea" / "sea.jpg"


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


def test_retries(api: PageApi, session: Session) -> None:
    ask(api, session, "set_retries", times=3, measure="contrast", threshold=0.9)
    assert session.project.retries == Retries(3, "contrast", 0.9)
    view = views.board(session, api.studio.models, api.studio.presets)["retries"]
    assert (view["times"], view["measure"], view["threshold"], view["most"]) == (3, "contrast", 0.9, 4)
    for fields in ({"times": 5}, {"measure": "beauty"}, {"threshold": "x"}, {"times": "2"}):
        message = {"verb": "set_retries", "project": session.id, "times": 1, "measure": "palette", "threshold": 0.9}
        reply = api.answer({**message, **fields})
        assert not reply["ok"]
    ask(api, session, "set_retries", times=0)
    assert session.project.retries == Retries(0, "contrast", 0.9), "only what is asked for"
    for _ in range(2):
        ask(api, session, "undo")
    assert session.project.retries == Retries()


def test_looks(api: PageApi, session: Session) -> None:
    render_all(session)
    first, second = session.project.path()
    for take in (first, second):
        frames = np.stack([np.asarray(Image.open(PICTURE).convert("RGB").resize((64, 48)))] * 4)
        write_clip(session.store.take_folder(take.id) / CLIP, frames + (20 if take == second else 0), 12)
    for strength in (0.3, 0.6):
        ask(api, session, "set_look", take=second.id, match="first", strength=strength, stroke="s1")
    assert session.project.looks == {second.id: Look("first", 0.6)}
    ask(api, session, "undo")
    assert session.project.looks == {}, "one step, while the slider moves"
    ask(api, session, "set_look", take=second.id, match="first")
    ask(api, session, "set_look", take=second.id, strength=0.5)
    ask(api, session, "set_look", take=second.id, match=first.id)
    assert session.project.looks == {second.id: Look(first.id, 0.5)}, "what is not said stays"
    ask(api, session, "set_look", take=second.id, context=True)
    ask(api, session, "set_look", take=second.id, strength=0.4)
    assert session.project.looks == {second.id: Look(first.id, 0.4, context=True)}
    ask(api, session, "drop_look", take=second.id)
    ask(api, session, "set_look", take=first.id, match=second.id, strength=7, after=True)
    assert session.project.looks == {first.id: Look(second.id, 1.0)}
    view = views.board(session, api.studio.models, api.studio.presets)["takes"]
    assert view[0]["look"] == {"match": second.id, "strength": 1.0, "making": True, "problem": "", "context": False}
    assert view[0]["clip"] == view[0]["made"], "until the copy is there"
    wait_until(session, lambda: not session.held_looks.shown(first.id).making)
    view = views.board(session, api.studio.models, api.studio.presets)["takes"]
    assert "look-" in view[0]["clip"] and "clip.mp4" in view[0]["made"] and "look" not in view[1]
    ask(api, session, "drop_look", take=first.id)
    assert session.project.looks == {}


def test_looks_that_are_refused(api: PageApi, session: Session) -> None:
    render_all(session)                                   # of flat colours
    first, second = session.project.path()

    def refusal(**fields: Any) -> str:
        reply = api.answer({"verb": "set_look", "project": session.id, "strength": 1, **fields})
        assert not reply["ok"]
        return str(reply["notice"]["message"])

    assert refusal(take=first.id, match=second.id).startswith("This take is black or of one colour throughout")
    assert "not in the film" in refusal(take="nothere", match="first")
    assert "do not understand each other" in refusal(take=first.id, match="../../etc")
    (session.store.take_folder(second.id) / CLIP).unlink()
    assert "The clip of this take is missing" in refusal(take=second.id, match="reference")
    assert session.project.looks == {}
