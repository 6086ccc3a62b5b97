"""The page's verbs of a choice between takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio.session import Session
from studio.ui import views
from studio.ui.api import PageApi
from tests.shelves import make_film, make_studio, wait_for_job


@pytest.fixture
def api(tmp_path: Path) -> PageApi:
    return PageApi(make_studio(tmp_path), (), tmp_path)


def ask(api: PageApi, session: Session, verb: str, **fields: Any) -> Any:
    """The answer; a refusal fails the test."""
    reply = api.answer({"verb": verb, "project": session.id, **fields})
    assert reply["ok"], reply
    return reply["answer"]


def board(api: PageApi, session: Session) -> views.Json:
    return views.board(session, api.studio.models, api.studio.presets)


def test_an_audition_and_the_choice(api: PageApi) -> None:
    session = make_film(api.studio, "a", "b")
    ask(api, session, "audition", seeds=1, prompts=["sun", "rain"], presets=["draft"])
    job = views.job_view(wait_for_job(session))
    assert job and len(job["audition"]) == 2 and job["planned"] == 2
    first, second = job["audition"]
    shown = {t["id"]: t for t in board(api, session)["takes"]}
    assert {t["prompt"] for t in shown.values()} == {"sun", "rain"} and all(t["loose"] for t in shown.values())
    ask(api, session, "star", take=first, star=True)
    ask(api, session, "use_take", take=first)
    ask(api, session, "drop_takes", takes=[second])
    view = board(api, session)
    (only,) = view["takes"]
    assert only["id"] == view["head"] == first and only["star"] and only["preset"] == "draft"
    assert view["trash"] == {"takes": 1, "branches": 0}
    (thrown,) = ask(api, session, "trash")["takes"]
    assert (thrown["id"] == second and thrown["poster"] and thrown["when"] and thrown["size"] == "1 kB") or thrown["bytes"] > 900
    ask(api, session, "restore_takes", takes=[second])
    assert not board(api, session)["trash"]["takes"] and len(board(api, session)["takes"]) == 2
    answer = ask(api, session, "contact_sheet", takes=[first, second])
    assert answer["file"].endswith(".png") and "takes" in answer["file"]


@pytest.mark.parametrize(
    "message",
    [
        {"verb": "audition", "seeds": "many"},
        {"verb": "audition", "prompts": "one"},
        {"verb": "audition", "strengths": [float("nan"), 1]},
        {"verb": "audition", "prompts": ["x"] * 10},
        {"verb": "drop_takes", "takes": []},
        {"verb": "drop_takes", "takes": ["../etc"]},
        {"verb": "star", "take": 3},
        {"verb": "contact_sheet"},
    ],
)
def test_messages_that_the_page_does_not_send(api: PageApi, message: dict[str, Any]) -> None:
    session = make_film(api.studio, "a")
    before = session.project
    reply = api.answer({**message, "project": session.id})
    assert reply["ok"] is False and "do not understand each other" in reply["notice"]["message"]
    assert session.project == before


def test_an_early_change(api: PageApi) -> None:
    session = make_film(api.studio, "a", "b", "c")
    ask(api, session, "generate_all")
    wait_for_job(session)
    second = session.project.current().segments[1].id
    costs = ask(api, session, "early_costs", what="remove", segment=second)
    assert costs["ways"]["keep"] == {"takes": 0, "wait": "1 s"} and costs["ways"]["again"]["takes"] == 1
    assert (costs["frames"], costs["most"]) == (4, 4)
    ask(api, session, "change_early", what="remove", segment=second, then="bridge", frames=2)
    wait_for_job(session)
    (bridge,) = [t for t in board(api, session)["takes"] if t["bridge"]]
    assert bridge["bridge"] == 2 and bridge["copy_of"] and [t.segment.prompt for t in session.project.film()] == ["a", "c"]
    ask(api, session, "edit_segment", segment=session.project.current().segments[0].id, prompt="A")
    assert board(api, session)["stale"] == {"first": 0, "takes": 2}
    ask(api, session, "keep_stale")
    assert board(api, session)["stale"] is None
