"""Marks on the picture in messages of the page: set, refused, told when they go, and the mask of a subject."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from studio.marks import Flow, Marks, Subject
from studio.project import edits
from studio.session import Session, Studio
from studio.ui.api import PageApi
from studio.ui.picture_views import flow_phrase_views, marks_view
from studio.ui.views import board
from tests.fake_engine import FakeEngine, card
from tests.shelves import picture

SIZES = ((640, 384), (320, 192))
SENT = {
    "beyond": True, "subject": {"strokes": [[[0.4, 0.5], [0.6, 0.5]]], "ground": [[[0.1, 0.1]]], "depth": 3},
    "flows": [{"name": "Water", "stroke": [[0.1, 0.8], [0.9, 0.8]], "width": 0.1, "speed": 0.05}],
}  # fmt: skip
MARKS = Marks(
    True, Subject((((0.4, 0.5), (0.6, 0.5)),), (((0.1, 0.1),),), 3.0), (Flow("water", ((0.1, 0.8), (0.9, 0.8)), 0.1, 0.05),)
)


@pytest.fixture()
def api(tmp_path: Path) -> PageApi:
    studio = Studio(tmp_path / "projects", FakeEngine(), (card(sizes=SIZES), card("large", kind="framepack", sizes=SIZES)))
    return PageApi(studio, (), tmp_path)


@pytest.fixture()
def session(api: PageApi, tmp_path: Path) -> Session:
    session = api.studio.create("A film")
    session.set_size((640, 384))
    session.set_reference(picture(tmp_path, "teal", (320, 240)))
    return session


def ask(api: PageApi, session: Session, verb: str, **fields: Any) -> dict[str, Any]:
    reply = api.answer({"verb": verb, "project": session.id, **fields})
    assert reply["ok"], reply
    return dict(reply["answer"])


def test_marks_are_set_and_shown(api: PageApi, session: Session) -> None:
    ask(api, session, "set_marks", marks=SENT, stroke="s1")
    assert session.project.marks == MARKS
    view = board(session, api.studio.models, ())["marks"]
    assert {key: view[key] for key in SENT} == {**SENT, "flows": [{**SENT["flows"][0], "name": "water"}]}  # type: ignore[index]
    assert view["off"] == "" and view["limits"]["depth"] == (1, 5)
    phrases = board(session, api.studio.models, ())["model"]["phrases"]
    assert phrases[0] == ["flow", ["the water flows", "the water stops"]]


def test_what_no_page_sends_is_refused(api: PageApi, session: Session) -> None:
    flow: dict[str, Any] = SENT["flows"][0]  # type: ignore[index]
    for wrong in (
        None, [], {"beyond": 1}, {"subject": 7}, {"subject": {"strokes": 7}}, {"subject": {"strokes": [[[0.5]]], "depth": 2}},
        {"flows": [{**flow, "width": "wide"}]}, {"flows": [{**flow, "name": 7}]},
        {"flows": [{**flow, "stroke": [[0, float("nan")]]}]},
        {"subject": {"strokes": [[[0, 0]] * 5001], "depth": 2}}, {"flows": [{**flow, "speed": True}]}, {"flows": 1},
    ):  # fmt: skip
        reply = api.answer({"verb": "set_marks", "project": session.id, "marks": wrong})
        assert not reply["ok"] and "do not understand each other" in reply["notice"]["message"], wrong
    reply = api.answer({"verb": "set_marks", "project": session.id, "marks": {"flows": [{**flow, "name": "!"}]}})
    assert "needs a name" in reply["notice"]["message"] and session.project.marks == Marks()


def test_fields_of_a_newer_format_outlive_the_page(api: PageApi, session: Session) -> None:
    flow = replace(MARKS.flows[0], unknown={"phase": 1})
    newer = Marks(True, replace(MARKS.subject or Subject(()), unknown={"rim": 2}), (flow,), {"light": 3})
    session.edit(edits.set_marks, newer)
    shown = board(session, api.studio.models, ())["marks"]
    ask(api, session, "set_marks", marks={**shown, "beyond": False})
    now = session.project.marks
    assert (now.beyond, now.unknown, now.flows[0].unknown) == (False, {"light": 3}, {"phase": 1})
    assert now.subject and now.subject.unknown == {"rim": 2}


def test_a_note_tells_that_marks_went(api: PageApi, session: Session, tmp_path: Path) -> None:
    for verb, fields in (
        ("set_size", {"width": 320, "height": 192}), ("set_model", {"name": "large"}), ("clear_reference", {}),
        ("set_reference", {"path": str(picture(tmp_path, "olive", (320, 240)))}),
    ):  # fmt: skip
        ask(api, session, "set_marks", marks=SENT)
        assert "Undo brings them back" in ask(api, session, verb, **fields)["note"], verb
        session.undo()
        assert session.project.marks == MARKS
    ask(api, session, "set_marks", marks={})
    assert "note" not in ask(api, session, "set_size", width=320, height=192)


def test_a_mask_shows_the_subject(api: PageApi, session: Session, tmp_path: Path) -> None:
    image = Image.new("RGB", (160, 120), "#6aa7c8")
    image.paste("#c03020", (60, 40, 100, 80))
    image.save(tmp_path / "block.png")
    session.set_reference(tmp_path / "block.png")
    assert ask(api, session, "subject_mask") == {"mask": None}
    ask(api, session, "set_marks", marks={"subject": {"strokes": [[[0.45, 0.5], [0.55, 0.5]]], "ground": [], "depth": 2}})
    mask = ask(api, session, "subject_mask")["mask"]
    opacity = Image.open(io.BytesIO(base64.b64decode(mask.partition(",")[2]))).getchannel("A")
    assert opacity.size == (160, 120)
    assert opacity.getpixel((80, 60)) == 255 and opacity.getpixel((20, 20)) == 0


def test_marks_are_offered_only_where_a_model_can_follow_them(api: PageApi, session: Session) -> None:
    tiny, large = api.studio.models
    assert marks_view(session.project, large) is None and marks_view(session.project, None) is None
    session.set_size((320, 192))
    view = marks_view(session.project, tiny)
    assert view and view["off"] == "Films of 320×192 have neither subject nor flows. Choose a larger size."
    assert flow_phrase_views(session.project) == []
    session.edit(edits.set_reference, None)
    assert marks_view(session.project, tiny) is None


def test_the_card_knows_that_the_edge_held_the_camera(api: PageApi, session: Session) -> None:
    session.jobs.generate_next()
    while session.job and session.job.state in ("queued", "running"):
        session.watch(session.revision, 1)
    take = session.project.film()[0]
    assert board(session, api.studio.models, ())["segments"][0]["at_edge"] is False
    session.repair("", lambda project: replace(project, takes={take.id: replace(take, at_edge=True)}))
    assert board(session, api.studio.models, ())["segments"][0]["at_edge"] is True
