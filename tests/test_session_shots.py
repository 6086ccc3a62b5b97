"""New shots in a session: what the engine is asked for, on every way to begin one."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.media import MediaError
from studio.project import edits, shots
from studio.project.model import Shot
from studio.project.shots import place_of_take
from studio.project.store import Store
from studio.session import EditError, Session, Studio
from tests.fake_engine import FakeEngine
from tests.shelves import make_film, make_studio, picture, render_all, wait_for_job


@pytest.fixture
def session(tmp_path: Path, engine: FakeEngine) -> Session:
    return make_film(make_studio(tmp_path, engine), "a", "b", "c", "d")


def test_pictures_and_the_reference_begin_shots(session: Session, engine: FakeEngine, tmp_path: Path) -> None:
    session.set_shot(1, session.picture_shot(picture(tmp_path, "crimson")))
    session.set_shot(3, Shot())
    render_all(session)
    a, b, c, d = engine.requests
    film = session.project.film()
    assert a.shot is None and c.shot is None and b.shot and d.shot
    assert (b.shot.memory, b.shot.take) == (None, None), "the film has not been there"
    assert d.shot.memory == session.folder / "takes" / film[0].id, "the newest take of the reference's place"
    assert a.reference == d.reference != b.reference == c.reference, "what follows shows the place of its shot"
    assert b.before is None and c.before is not None and b.parent and b.parent.name == film[0].id
    assert Store(session.folder).open().project == session.project
    assert not edits.stale_takes(session.project)
    session.set_shot(1, None)
    assert len(edits.stale_takes(session.project)) == 3


def test_a_frame_of_the_film_begins_a_shot_in_its_place(session: Session, engine: FakeEngine, tmp_path: Path) -> None:
    session.set_shot(1, session.picture_shot(picture(tmp_path, "crimson")))
    session.jobs.generate_next()
    wait_for_job(session)
    first = session.project.film()[0]
    session.set_shot(2, session.frame_shot(first.id, 2))
    render_all(session)
    request = engine.requests[2]
    assert request.shot and request.shot.at == 2 and request.shot.take == request.shot.memory == session.folder / "takes" / first.id
    third = session.project.film()[2]
    assert place_of_take(session.project, third) == place_of_take(session.project, first)
    assert request.reference == engine.requests[0].reference


def test_an_old_frame_is_a_picture(tmp_path: Path, engine: FakeEngine) -> None:
    session = render_all(make_film(make_studio(tmp_path, engine), "a", sections=24))
    (take,) = session.project.film()
    shot = session.frame_shot(take.id, 0)
    assert shot.take is None and shot.picture and shot.picture.name == "segment 1, frame 1.png" and shot.frame == (0, 0, 1, 1)
    assert (session.folder / shot.picture.file).is_file()
    assert session.frame_shot(take.id, 10_000) == Shot(take=take.id, at=take.frames - 1)


def test_what_cannot_begin_a_shot(session: Session, tmp_path: Path) -> None:
    with pytest.raises(EditError, match="first segment begins as the film does"):
        session.set_shot(0, Shot())
    with pytest.raises(EditError, match="no such frame"):
        session.jobs.generate_next()
        wait_for_job(session)
        session.set_shot(1, Shot(take=session.project.head, at=99))
    with pytest.raises(EditError, match="not in the film"):
        session.frame_shot("nowhere", 0)
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    with pytest.raises(MediaError):
        session.picture_shot(broken)
    assert session.project.current().segments[1].shot is None


def test_a_shot_whose_beginning_is_gone(session: Session, tmp_path: Path) -> None:
    shot = session.picture_shot(picture(tmp_path, "crimson"))
    session.set_shot(1, shot)
    session.jobs.generate_next()
    wait_for_job(session)
    assert shot.picture
    (session.folder / shot.picture.file).unlink()
    with pytest.raises(EditError, match="picture of this shot is gone"):
        session.jobs.generate_next()
    session.set_shot(1, session.frame_shot(str(session.project.head), 0))
    (session.folder / "takes" / str(session.project.head) / "snapshot.safetensors").unlink()
    with pytest.raises(EditError, match=r"lost its files|cannot be continued"):
        session.jobs.generate_next()


def test_a_project_with_shots_is_packed_and_opened_elsewhere(session: Session, tmp_path: Path) -> None:
    session.set_shot(1, session.picture_shot(picture(tmp_path, "crimson")))
    render_all(session)
    archive = session.films.export_project()
    other = make_studio(tmp_path / "other", FakeEngine()) if (tmp_path / "other").mkdir() is None else None
    assert isinstance(other, Studio)
    again = other.unpack(archive)
    again.edit(edits.rewind, again.project.film()[0].id)
    again.jobs.retake(again.project.path()[1].id)
    assert wait_for_job(again).state == "done"


def test_the_picture_of_a_shot_is_framed_in_the_films_shape(session: Session, engine: FakeEngine, tmp_path: Path) -> None:
    session.set_shot(1, session.picture_shot(picture(tmp_path, "crimson", (400, 100))))
    session.edit(shots.set_shot_frame, 1, (0.5, 0.0, 0.5, 1.0))
    shot = session.project.current().segments[1].shot
    width, height = session.project.size
    assert shot and shot.frame and shot.frame[2] * 400 / (shot.frame[3] * 100) == pytest.approx(width / height, rel=0.02)
    render_all(session)
    assert engine.requests[1].frame == shot.frame and engine.requests[0].frame is None
    for frame, message in (((0.9, 0.0, 0.5, 1.0), "picture"), ((0.0, 0.0, 0.001, 0.001), "too small")):
        with pytest.raises(EditError, match=message):
            session.edit(shots.set_shot_frame, 1, frame)
    with pytest.raises(EditError, match="nothing to frame"):
        session.edit(shots.set_shot_frame, 2, (0.0, 0.0, 1.0, 1.0))
