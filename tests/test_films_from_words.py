"""Films that begin from words alone: by a model that can, from the document to what a new studio makes of an exported film."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.api.all_calls import AllCalls
from studio.media import MediaError
from studio.project import edits
from studio.project.codec import parse_project, project_table
from studio.project.model import Shot
from studio.project.shots import place_of_take
from studio.project.store import Store
from studio.project.story import StoryError
from studio.session import EditError, Session, Studio
from studio.session.arrivals import NEW, arrive
from studio.session.drift import drift_of
from studio.session.shots import words_shot
from studio.ui.api import PageApi
from studio.ui.views import board
from tests.fake_engine import FakeEngine, card
from tests.shelves import made_again, picture, render_all

HELIOS = card("words", kind="helios", title="Words", sizes=((64, 64),))
EMBEDDED = card("tiny", sizes=((64, 64),))


def make(home: Path, engine: FakeEngine | None = None) -> Studio:
    return Studio(home / "projects", engine or FakeEngine(), (HELIOS, EMBEDDED))


@pytest.fixture
def studio(tmp_path: Path, engine: FakeEngine) -> Studio:
    return make(tmp_path, engine)


@pytest.fixture
def session(studio: Studio) -> Session:
    session = studio.create("Words")
    session.apply_preset("draft")
    session.edit(edits.remove_segment, 0)
    for prompt in ("rain", "snow"):
        session.edit(edits.add_segment, prompt=prompt, frames=4)
    session.begin_from_words()
    return session


def blocked(session: Session) -> str:
    return str(board(session, (HELIOS, EMBEDDED), ())["blocked"])


def test_it_is_rendered_without_a_picture_and_kept(session: Session, engine: FakeEngine) -> None:
    assert blocked(session) == ""
    assert board(session, (HELIOS,), ())["memory"]["sentence"].startswith("The next take begins from words alone")
    render_all(session)
    assert [request.reference for request in engine.requests] == [None, None]
    assert [take.reference for take in session.project.film()] == ["", ""] and not edits.stale_takes(session.project)
    assert Store(session.folder).open().project == session.project and session.project.from_words
    seen = board(session, (HELIOS,), ())["memory"]["sentence"]
    assert seen == "The model sees the film’s first frame and all of the film so far (0.7 s)."
    table = project_table(session.project)
    assert parse_project(table).from_words and "from_words" not in project_table(edits.set_reference(session.project, None))


def test_who_cannot_begin_so_says_it_before_anything_starts(session: Session, studio: Studio, engine: FakeEngine) -> None:
    session.set_model("tiny")
    assert "Tiny begins films with a picture. Choose a reference picture, or a model that can" in blocked(session)
    assert "begins films with a picture" in board(session, (EMBEDDED,), ())["beginning"]["words"]
    with pytest.raises(EditError, match="Tiny begins films with a picture"):
        session.jobs.generate_next()
    with pytest.raises(EditError, match="Tiny begins films with a picture"):
        session.begin_from_words()
    session.set_model("words")
    assert blocked(session) == ""
    plain = studio.create("Plain")
    assert blocked(plain) == "Choose a reference picture, or begin from words alone."
    with pytest.raises(EditError, match="from a picture, or from words alone"):
        plain.jobs.generate_next()
    assert not engine.requests


def test_with_another_beginning_its_takes_are_not_continued(session: Session, tmp_path: Path) -> None:
    render_all(session)
    session.edit(edits.rewind, session.project.film()[0].id)
    session.set_reference(picture(tmp_path))
    assert not session.project.from_words
    assert len(edits.stale_takes(session.project)) == 2
    assert "made from words alone, so it cannot be continued" in blocked(session)
    session.edit(edits.rewind, None)
    render_all(session)
    session.begin_from_words()
    session.edit(edits.rewind, session.project.film()[0].id)
    assert "made from a picture, so it cannot be continued" in blocked(session)
    session.undo()
    session.undo()
    assert session.project.reference and not session.project.from_words


def test_shots_looks_and_drift(session: Session, engine: FakeEngine, tmp_path: Path) -> None:
    session.edit(edits.add_segment, prompt="sun", frames=4)
    session.set_shot(1, session.picture_shot(picture(tmp_path)))
    session.set_shot(2, Shot())
    assert board(session, (HELIOS,), ())["segments"][2]["shot"]["words"] == "a beginning from words alone"
    render_all(session)
    pictures = [request.reference for request in engine.requests]
    assert pictures[0] is pictures[2] is None and pictures[1] is not None
    place = place_of_take(session.project, session.project.film()[-1])
    with pytest.raises(MediaError, match="shot began from words alone, so there is no picture"):
        session.looks.of_place(place, HELIOS.default_size)
    rows, _ = drift_of(session.project, session.looks)
    assert not any(row.problem for row in rows)


def test_a_shot_of_a_film_with_a_picture_begins_from_words(session: Session, engine: FakeEngine, tmp_path: Path) -> None:
    session.set_reference(picture(tmp_path))
    session.edit(edits.add_segment, prompt="sun", frames=4)
    session.set_shot(1, words_shot(session.card))
    assert board(session, (HELIOS,), ())["segments"][1]["shot"]["from"] == "words"
    render_all(session)
    pictures = [request.reference for request in engine.requests]
    assert pictures[0] is not None and pictures[1] is pictures[2] is None, "what follows shows the place of its shot"
    assert engine.requests[1].shot and not edits.stale_takes(session.project)
    assert Store(session.folder).open().project == session.project
    session.set_shot(1, Shot())
    assert len(edits.stale_takes(session.project)) == 2
    session.edit(edits.keep_stale)
    assert not edits.stale_takes(session.project)
    session.set_shot(1, words_shot(session.card))
    session.set_shot(1, Shot())
    assert not edits.stale_takes(session.project), "what was kept is remembered"
    session.set_model("tiny")
    with pytest.raises(EditError, match="Tiny begins films with a picture"):
        words_shot(session.card)


def test_it_comes_back_from_its_export_and_from_its_takes_alone(session: Session, tmp_path: Path) -> None:
    film = render_all(session).films.export_film()
    (tmp_path / "there").mkdir()
    found = arrive(make(tmp_path / "there"), film)
    assert found and found.session.findings == (NEW,) and found.session.project.from_words
    again = made_again(found.session)
    assert [take.reference for take in again.project.film()] == ["", ""]
    session.store.close()
    for name in ("project.json", "project.json.bak", "undo.log"):
        (session.folder / name).unlink(missing_ok=True)
    rescued = make(tmp_path).open(session.id)
    assert rescued.project.from_words and len(rescued.project.takes) == 2 and rescued.project.model == "words"


def test_a_program_begins_one(studio: Studio, tmp_path: Path) -> None:
    calls = AllCalls(PageApi(studio, (), tmp_path))
    assert [(model["name"], model["from_words"]) for model in calls.about()["models"]] == [("words", True), ("tiny", False)]
    film = calls.create("Rain", model="words")
    assert (film["picture"], film["from_words"], film["next"]) == ("", False, None)
    calls.add_segment(film["id"], "rain")
    film = calls.begin_from_words(film["id"])
    assert (film["from_words"], film["blocked"], film["next"]) == (True, "", 0)
    render_all(studio.open(film["id"]))


def test_a_story_without_a_picture(studio: Studio, tmp_path: Path) -> None:
    path = tmp_path / "story.toml"
    path.write_text('[[segment]]\nprompt = "rain"\nframes = 4\n[[segment]]\nprompt = "snow"\nframes = 4\nshot = true\n')
    session = studio.from_story(path, "words")
    assert session.project.from_words and session.project.current().segments[1].shot == Shot()
    render_all(session)
    picture(tmp_path)
    mixed = tmp_path / "mixed.toml"
    mixed.write_text(f'image = "teal.png"\n{path.read_text().replace("true", chr(34) * 2)}')
    assert studio.from_story(mixed, "words").project.current().segments[1].shot == Shot(from_words=True)
    with pytest.raises(StoryError, match=r"mixed.toml: segment 2: 'shot' names no picture, and Tiny begins shots with one"):
        studio.from_story(mixed, "tiny")
    with pytest.raises(StoryError, match=r"story.toml: there is no 'image', and Tiny begins films with a picture"):
        studio.from_story(path, "tiny")
