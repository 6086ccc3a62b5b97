"""Takes keep the ratios by which their steps were left out: they are made again bit for bit after another calibration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from studio.catalogue.cards import ModelCard
from studio.catalogue.step_ratios import StepRatios, ratios_path, write_ratios
from studio.project import edits, thinning
from studio.project.codec import parse_take, take_table
from studio.project.model import RenderSettings
from studio.project.retries import retry_request
from studio.project.rules import FormatError
from studio.session import EditError, Session
from studio.session.arrivals import NEW, arrive
from tests import folders
from tests.project.builders import film, generated
from tests.shelves import made_again, make_film, render_all, wait_for_job, wait_until
from tests.test_made_again import parts, studio

STEPS = 6
STILL, RESTLESS = StepRatios(((1.0,) * STEPS,)), StepRatios(((1.0, 1.0, 2.0, 1.0, 2.0, 1.0),))
"""Ratios by which other steps are left out."""
CALIBRATED = RenderSettings("calibrated", STEPS, 4.5, 0.06, "magnitude")


@pytest.fixture(scope="module", params=["large", "helios"])
def card(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    make: Callable[..., ModelCard] = getattr(folders, request.param)
    return make(tmp_path_factory.mktemp("models") / request.param, **({"stages": 1} if request.param == "helios" else {}))


@pytest.fixture
def session(card: ModelCard, tmp_path: Path) -> Session:
    """A film of two takes, made by ratios that were replaced by others since."""
    write_ratios(card, STILL)
    made = make_film(studio(tmp_path / "here", card), "a", "b", sections=3)
    made.edit(edits.set_settings, CALIBRATED)
    render_all(made)
    write_ratios(card, RESTLESS)
    return made


def test_made_again_after_another_calibration(session: Session) -> None:
    first, before = session.project.film()[0], parts(session)
    assert first.step_ratios == STILL.stages
    assert session.snapshots.thin(100) > 0 and session.project.takes[first.id].thinned
    session.snapshots.make_again(first.id)
    wait_until(session, lambda: session.snapshots.view is not None and session.snapshots.view.state not in ("queued", "running"))
    assert session.snapshots.view and session.snapshots.view.message == ""
    assert parts(session) == before
    session.jobs.retake(session.project.film()[1].id, seed=77)
    assert wait_for_job(session).state == "done"
    assert session.project.film()[1].step_ratios == RESTLESS.stages, "a new take uses what was measured last"


def test_made_again_where_nothing_was_measured(session: Session, card: ModelCard, tmp_path: Path) -> None:
    sidecar = session.films.sidecar(session.films.export_film())
    ratios_path(card).unlink()
    found = arrive(studio(tmp_path / "there", card), sidecar)
    assert found and found.session.findings == (NEW,)
    assert parts(made_again(found.session)) == parts(session)
    with pytest.raises(EditError, match=f"models calibrate {card.name}"):
        session.jobs.retake(session.project.film()[0].id)


def test_what_an_older_take_does_not_tell_is_said(session: Session, card: ModelCard, tmp_path: Path) -> None:
    for take in session.project.takes:
        older = replace(session.project.takes[take], step_ratios=())
        session.edit(lambda now, older=older: replace(now, takes={**now.takes, older.id: older}))
    found = arrive(studio(tmp_path / "there", card), session.films.sidecar(session.films.export_film()))
    assert found and "does not tell by which calibration" in found.session.findings[1]
    again = made_again(found.session)
    assert again.project.film()[0].step_ratios == RESTLESS.stages and parts(again)[1] != parts(session)[1]
    first = session.project.film()[0].id
    assert session.snapshots.thin(100) == 0, "its memory could not be made again"
    session.edit(thinning.set_thinned, [first], True)
    session.snapshots.make_again(first)
    wait_until(session, lambda: session.snapshots.view is not None and session.snapshots.view.state == "failed")
    assert session.snapshots.view and "did not keep the calibration" in session.snapshots.view.message


def test_the_document_keeps_them() -> None:
    project = generated(film("a"))
    take = replace(project.film()[0], settings=CALIBRATED, step_ratios=((1.0, 0.5), (1.0, 1.25)))
    assert parse_take(take_table(take)) == take and "step_ratios" not in take_table(project.film()[0])
    assert retry_request(project, take, 1).take.step_ratios == take.step_ratios
    for damaged in ([[]], [1.0], [["1"]], [[True]], [[-1.0]], [[float("inf")]], {"a": 1}):
        with pytest.raises(FormatError, match="step_ratios"):
            parse_take({**take_table(take), "step_ratios": damaged})
