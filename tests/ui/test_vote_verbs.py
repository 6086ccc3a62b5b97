"""The blind vote in messages of the page: pairs, votes, the table of ratings and its file."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from studio.project import edits
from studio.session import Session
from studio.ui.api import PageApi
from tests.shelves import make_film, make_studio, render_all, wait_for_job
from tests.ui.conftest import ask, refusal


@pytest.fixture
def api(tmp_path: Path) -> PageApi:
    return PageApi(make_studio(tmp_path), (), tmp_path)


@pytest.fixture
def session(api: PageApi) -> Session:
    return make_film(api.studio, "one", "two")


def test_votes(api: PageApi, session: Session) -> None:
    render_all(session)
    first = session.project.film()[0].id
    ask(api, session, "retake", take=first)
    wait_for_job(session)
    other = str(session.project.head)
    assert ask(api, session, "ratings") == {"rows": [], "pairs": 1}
    assert "no votes here yet" in refusal(api, {"verb": "export_ratings", "project": session.id})
    pair = ask(api, session, "next_pair", place=0)["pair"]
    assert {pair["left"], pair["right"]} == {first, other}
    assert ask(api, session, "next_pair", place=1)["pair"] is None
    ask(api, session, "vote", left=first, right=other, result="left")
    row, last = ask(api, session, "ratings")["rows"]
    assert row == {"segment": 1, "take": first, "seed": 0, "branch": "Main", "votes": 1, "wins": 1, "losses": 0, "ties": 0,
                   "elo": 1516.0, "low": None, "high": None}
    assert (last["take"], last["branch"], last["elo"]) == (other, "Branch 2", 1484.0)
    main, side = (branch.id for branch in session.project.branches)
    session.edit(edits.rename_branch, side, "=SUM(1)")
    best, worst = ask(api, session, "ratings", branch=side, other=main)["rows"]
    assert (best["branch"], best["wins"], worst["branch"]) == ("Main", 1, "=SUM(1)")
    numbers = "votes,wins,losses,ties,elo,low,high"
    for fields, head, cell in (
        ({}, f"segment,take,seed,branch,{numbers}", f"1,{first},0,Main,1,1,0,0,1516.0,,"),
        ({"branch": main, "other": side}, f"branch,{numbers}", "'=SUM(1),1,0,1,0,1484.0,,"),
    ):
        answer = ask(api, session, "export_ratings", **fields)
        assert answer["file"] == "A-film-ratings.csv" and answer["url"].startswith("gradio_api/file=/")
        lines = next(session.store.films.glob(f"exports/*/{answer['file']}")).read_text("utf-8-sig").splitlines()
        shutil.rmtree(session.store.films / "exports")
        assert lines[0] == head and cell in lines and len(lines) == 3
    ask(api, session, "drop_vote")
    assert session.project.votes == ()
    ask(api, session, "undo")
    assert len(session.project.votes) == 1
    before = session.project

    def refused(verb: str, **fields: Any) -> str:
        return refusal(api, {"verb": verb, "project": session.id, **fields})

    assert "do not understand" in refused("vote", left=first, right=other, result="both")
    assert "do not understand" in refused("vote", left="../x", right=other, result="left")
    assert "not in the film any more" in refused("vote", left="gone", right=other, result="left")
    assert "same segment" in refused("vote", left=first, right=session.project.lineage(before.branches[0].tip)[1].id, result="left")
    assert "do not understand" in refused("next_pair", place=-1)
    assert "not there any more" in refused("ratings", branch=main, other="gone")
    assert session.project == before


def test_takes_without_a_clip_are_not_voted_on(api: PageApi, session: Session) -> None:
    render_all(session)
    ask(api, session, "retake", take=session.project.film()[0].id)
    wait_for_job(session)
    clip = session.films.clip(str(session.project.head))
    assert clip
    clip.unlink()
    assert ask(api, session, "ratings")["pairs"] == 0 and ask(api, session, "next_pair")["pair"] is None
