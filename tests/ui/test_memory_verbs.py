"""The memory test as the page asks for it, what its figures are said to mean, and edits of the memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio.catalogue.cards import ADAPTER, MEMORY, RECALL, ModelFile
from studio.project import edits
from studio.session import Session, Studio
from studio.session.memory_comparison import Comparison, MemoryTestResult
from studio.session.memory_use import MemoryUseView
from studio.session.moments import MomentView, RememberedMoment
from studio.session.use_figures import SegmentUse
from studio.ui.api import PageApi
from studio.ui.memory_test_views import memory_test_view, result_view
from studio.ui.memory_use_views import memory_use_view
from studio.ui.moment_views import moment_view
from studio.ui.views import board
from tests.fake_engine import FakeEngine, card
from tests.shelves import make_film, render_all, wait_until
from tests.test_session_memory_edits import readable


@pytest.fixture
def api(tmp_path: Path) -> PageApi:
    files = (ModelFile(ADAPTER, 1, "0" * 64),)
    return PageApi(Studio(tmp_path / "projects", FakeEngine(), (card(files=files),)), (), tmp_path)


@pytest.fixture
def session(api: PageApi) -> Session:
    return render_all(make_film(api.studio, "one"))


def ask(api: PageApi, session: Session, verb: str, **fields: Any) -> Any:
    reply = api.answer({"verb": verb, "project": session.id, **fields})
    assert reply["ok"], reply
    return reply["answer"]


def test_a_test_from_its_offer_to_its_result(api: PageApi, session: Session) -> None:
    take = session.project.head
    assert memory_test_view(session.memory_tests.view) is None
    offer = ask(api, session, "memory_test", take=take)
    assert (offer["prompt"], offer["problem"], offer["other"], offer["result"]) == ("one", "", "", None) and offer["wait"]
    ask(api, session, "test_memory", take=take, prompt="two")
    wait_until(session, lambda: not session.memory_tests.view.active)
    view = memory_test_view(session.memory_tests.view)
    assert view and view["state"] == "done" and view["progress"] == 1
    assert [clip["psi"] for clip in view["result"]["clips"]] == ["own", "begin"]
    assert "dB there · " in view["result"]["clips"][1]["figures"] and "no other branch" in view["result"]["absent"]
    assert ask(api, session, "memory_test", take=take, prompt="two")["result"] == view["result"]
    assert ask(api, session, "cancel_memory_test") == {}, "nothing runs any more"
    refused = api.answer({"verb": "test_memory", "project": session.id, "take": take, "prompt": "x" * 5000})
    assert not refused["ok"] and "2,000" in refused["notice"]["message"]


def test_a_moment_from_the_question_to_the_answer(tmp_path: Path) -> None:
    answering = card(kind="panorama", files=(ModelFile(MEMORY, 1, "0" * 64),))
    api = PageApi(Studio(tmp_path / "projects", FakeEngine(), (answering,)), (), tmp_path)
    session = render_all(make_film(api.studio, "one"))
    assert moment_view(session.moments.view) is None and board(session, (), ())["memory"]["asks"]
    asked = ask(api, session, "ask_moment", take=session.project.head, at=2)
    wait_until(session, lambda: session.moments.view is not None and session.moments.view.state == "done")
    view = moment_view(session.moments.view)
    assert view and (view["id"], view["at"], view["active"]) == (asked["id"], 3, False)
    first, second = view["result"]["pictures"]
    assert "shown.png" in first["picture"] and "remembered.png" in second["picture"] and second["figures"] == "the same"
    assert view["result"]["sentence"].startswith("The memory holds 40 % of this place")
    refused = api.answer({"verb": "ask_moment", "project": session.id, "take": session.project.head, "at": -1})
    assert not refused["ok"]


def test_what_a_take_uses_from_the_question_to_the_answer(api: PageApi) -> None:
    session = render_all(make_film(api.studio, "one", "two"))
    assert memory_use_view(session.memory_uses.view) is None
    offer = ask(api, session, "memory_use", take=session.project.head)
    assert (offer["number"], offer["problem"], offer["known"], offer["sentence"]) == (2, "", False, "") and offer["wait"]
    assert "written again" in offer["way"]
    ask(api, session, "measure_memory_use", take=session.project.head)
    wait_until(session, lambda: not session.memory_uses.view.active)
    view = memory_use_view(session.memory_uses.view)
    assert view and view["state"] == "done" and view["progress"] == 1 and "It uses segment 1 most" in view["sentence"]
    [row] = view["segments"]
    assert (row["number"], row["prompt"], row["known"], row["share"]) == (1, "one", True, 1) and " levels · " in row["figures"]
    again = ask(api, session, "memory_use", take=session.project.head)
    assert again["known"] and (again["segments"], again["sentence"]) == (view["segments"], view["sentence"])
    assert ask(api, session, "cancel_memory_use") == {}, "nothing runs any more"
    refused = api.answer({"verb": "measure_memory_use", "project": session.id, "take": session.project.path()[0].id})
    assert not refused["ok"] and "nothing earlier" in refused["notice"]["message"]


def test_what_the_figures_of_a_use_are_said_to_mean() -> None:
    uses = (SegmentUse(1, "a", ""), SegmentUse(2, "b", "", known=True), SegmentUse(3, "c", "", known=True, read=True))
    view = memory_use_view(MemoryUseView("x", "d", "done", 3, segments=uses))
    assert view and [each["figures"] for each in view["segments"]] == ["", "not read", "read, and nothing changes without it"]
    assert "as good as the same" in view["sentence"]


@pytest.mark.parametrize(("known", "words"), [(1.0, "all of this place"), (0.0, "nothing of this place")])
def test_how_much_of_a_moment_is_known(known: float, words: str) -> None:
    found = RememberedMoment(Path("shown.png"), Path("remembered.png"), 21.04, known)
    view = moment_view(MomentView("a", "b", "done", at=3, result=found))
    assert view and words in view["result"]["sentence"] and view["result"]["pictures"][1]["figures"] == "21.0 dB"
    failed = moment_view(MomentView("a", "b", "failed"))
    assert failed and failed["result"] is None and failed["message"].startswith("The memory did not answer")


@pytest.mark.parametrize(("basis", "share", "part", "words"), [
    ("recalled", 0.2, 21.04, "20 % of the section shows places that only its memory knows"),
    ("recalled", 0.2, 21.04, "invents something else there: 21.0 dB"),
    ("recalled", 0.2, 41.0, "nearly the same there (41.0 dB)"),
    ("recalled", 0.2, None, "nearly the same there (the same)"),
    ("recalled", 0.0, None, "had nothing to supply"),
    ("different", 0.0, None, "the memory changes nothing"),
    ("different", 0.5, 18.0, "this model does not tell"),
])
def test_sentences(tmp_path: Path, basis: Any, share: float, part: float | None, words: str) -> None:
    view = result_view(MemoryTestResult(tmp_path, basis, share, "", (Comparison("begin", 30.0, part),)))
    assert view and words in view["sentence"]


def test_pins_and_forgotten_places(tmp_path: Path) -> None:
    files = (ModelFile(ADAPTER, 1, "0" * 64), ModelFile(RECALL, 1, "0" * 64))
    studio = Studio(tmp_path / "maps", FakeEngine(), (card(files=files),))
    api, session = PageApi(studio, (), tmp_path), render_all(make_film(studio, "one"))
    session.edit(edits.add_segment, prompt="two")
    first, second = session.project.film()[0], session.project.current().segments[1]
    ask(api, session, "pin", take=first.id)
    ask(api, session, "forget", segment=second.id, cells=[3, 2])
    drawn = board(session, studio.models, studio.presets)
    assert drawn["memory"]["map"] == {
        "problem": "", "part": None, "segment": {"id": second.id, "number": 2, "forget": [2, 3]},
        "takes": False, "pins": [{"id": first.id, "segment": 1, "words": "one"}], "forgotten": []}
    assert drawn["takes"][0]["pinned"] and drawn["takes"][0]["memory"] == []
    session.jobs.generate_next()
    wait_until(session, lambda: len(session.project.film()) == 2)
    drawn = board(session, studio.models, studio.presets)
    assert drawn["takes"][1]["memory"] == ["with 1 pinned take", "2 places forgotten"]
    for wrong in ([1.5], ["x"], None, [True], 3):
        refused = api.answer({"verb": "forget", "project": session.id, "segment": second.id, "cells": wrong})
        assert not refused["ok"], wrong
    ask(api, session, "unpin", take=first.id)
    assert session.project.pins == ()


def test_forgotten_takes(tmp_path: Path) -> None:
    studio = Studio(tmp_path / "kept", FakeEngine(), (readable(tmp_path),))
    api, session = PageApi(studio, (), tmp_path), render_all(make_film(studio, "one", "two"))
    first, second = session.project.film()
    ask(api, session, "forget_take", take=first.id)
    drawn = board(session, studio.models, studio.presets)
    assert drawn["memory"]["map"]["takes"] and drawn["memory"]["map"]["forgotten"] == [
        {"id": first.id, "segment": 1, "words": "one"}]
    assert [take["forgotten"] for take in drawn["takes"]] == [True, False]
    session.jobs.retake(second.id)
    wait_until(session, lambda: len(session.project.takes) == 3)
    drawn = board(session, studio.models, studio.presets)
    assert ["1 take forgotten"] in [take["memory"] for take in drawn["takes"]]
    ask(api, session, "remember_take", take=first.id)
    assert session.project.forgotten == ()
    assert not api.answer({"verb": "forget_take", "project": session.id, "take": "nowhere"})["ok"]
