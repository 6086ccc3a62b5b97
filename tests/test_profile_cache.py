"""Takes keep the step cache that the machine's profile asked for: they are made again bit for bit under another profile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from studio.backbones import registry
from studio.catalogue.cards import ModelCard
from studio.placement.profile import find_profiles, write_profile
from studio.project import edits
from studio.project.codec import parse_take, take_table
from studio.project.model import RenderSettings
from studio.project.retries import retry_request
from studio.project.rules import FormatError
from studio.session import EditError, Session
from studio.session.arrivals import NEW, arrive
from tests import folders
from tests.project.builders import film, generated
from tests.shelves import made_again, make_film, render_all
from tests.test_made_again import parts, studio


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    return folders.large(tmp_path_factory.mktemp("models") / "large")


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A profile that asks for a step cache which leaves out all that it can."""
    monkeypatch.setattr(registry, "FIRST_BLOCK_THRESHOLD", 1.0)
    write_profile(replace(find_profiles()[0], cache="first-block"), tmp_path / "mine.toml")
    return str(tmp_path / "mine.toml")


def rendered(home: Path, card: ModelCard, cache: float = 0.0) -> Session:
    session = make_film(studio(home, card), "a", sections=2)
    session.edit(edits.set_settings, RenderSettings("own", 4, 4.5, cache))
    render_all(session)
    return session


def test_made_again_under_another_profile(
    card: ModelCard, profile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = {}
    for name, here, there, kept in (("cached", profile, "", 1.0), ("plain", "", profile, 0.0)):
        monkeypatch.setenv("STUDIO_PROFILE", here)
        made = rendered(tmp_path / name, card)
        assert made.project.film()[0].profile_cache == kept
        sidecar = made.films.sidecar(made.films.export_film())
        monkeypatch.setenv("STUDIO_PROFILE", there)
        found = arrive(studio(tmp_path / f"{name} again", card), sidecar)
        assert found and found.session.findings == (NEW,)
        frames[name] = parts(made)
        assert parts(made_again(found.session)) == frames[name]
        assert found.session.project.film()[0].profile_cache == kept
    assert frames["cached"][1] != frames["plain"][1], "the cache changes what is made"


def test_a_cache_of_the_settings_comes_before_that_of_the_profile(
    card: ModelCard, profile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_PROFILE", profile)
    session = rendered(tmp_path, card, cache=0.5)
    assert session.project.film()[0].profile_cache is None
    monkeypatch.setenv("STUDIO_PROFILE", "no such profile")
    session.edit(edits.set_settings, RenderSettings("own", 4, 4.5))
    with pytest.raises(EditError, match="There is no profile 'no such profile'"):
        session.jobs.retake(session.project.film()[0].id)


def test_the_document_keeps_it() -> None:
    project = generated(film("a"))
    take = replace(project.film()[0], profile_cache=0.0)
    assert parse_take(take_table(take)) == take and "profile_cache" not in take_table(project.film()[0])
    assert retry_request(project, replace(take, profile_cache=0.06), 1).take.profile_cache == 0.06
    with pytest.raises(FormatError, match="profile_cache"):
        parse_take({**take_table(take), "profile_cache": "much"})
