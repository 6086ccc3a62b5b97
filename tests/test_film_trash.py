"""Films that are thrown away: they lie in a trash beside the others until they are restored or deleted."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from studio.project import edits, film_trash, shelf
from studio.session import EditError, StoreError, Studio
from tests.fake_engine import FakeEngine, card
from tests.shelves import make_film, make_studio, render_all, wait_for_job, wait_until


def test_there_and_back(studio: Studio) -> None:
    session = render_all(make_film(studio, "a"))
    session.edit(edits.rename, "Sea")
    assert studio.throw_away(session.id) == "Sea"
    assert not studio.list() and "“Sea” is in the trash" in session.gone
    with pytest.raises(StoreError, match="not here"):
        studio.open(session.id)
    with pytest.raises(StoreError, match="viewing only"):
        session.edit(edits.rename, "x")
    (thrown,) = film_trash.list_trash(studio.home)
    assert thrown.summary.name == "Sea" and thrown.when.startswith("20") and thrown.summary.poster
    film_trash.restore(studio.home, thrown.key)
    again = studio.open(session.id)
    assert again is not session and again.project == session.project and again.findings == () and again.can_undo
    assert not film_trash.list_trash(studio.home)


def test_a_name_that_is_taken_by_now(studio: Studio) -> None:
    session = make_film(studio, "a")
    studio.throw_away(session.id)
    (studio.home / session.id).mkdir()
    (thrown,) = film_trash.list_trash(studio.home)
    assert film_trash.restore(studio.home, thrown.key).name == f"{session.id}-2"
    assert studio.open(f"{session.id}-2").project.id == session.project.id


def test_deleting_is_for_good_and_leftovers_go(studio: Studio) -> None:
    for name in "ab":
        studio.throw_away(make_film(studio, name).id)
    first, second = film_trash.list_trash(studio.home)
    (studio.home / shelf.TRASH / ".removed-00000000").mkdir()
    film_trash.delete(studio.home, [first.key])
    assert film_trash.list_trash(studio.home) == (second,)
    assert [path.name for path in (studio.home / shelf.TRASH).iterdir()] == [second.key]
    for key in (first.key, "../..", ".removed-00000000", ""):
        with pytest.raises(StoreError, match="not in the trash"):
            film_trash.delete(studio.home, [key])
        with pytest.raises(StoreError, match="not in the trash"):
            film_trash.restore(studio.home, key)


def test_a_film_that_is_generating_stays(studio: Studio, engine: FakeEngine) -> None:
    session = make_film(studio, "a")
    engine.gate = threading.Semaphore(0)
    session.jobs.generate_next()
    with pytest.raises(EditError, match="generating"):
        studio.throw_away(session.id)
    engine.gate = None
    wait_for_job(session)
    assert studio.list() and not session.gone


def test_a_film_whose_memory_is_made_again_stays(studio: Studio, engine: FakeEngine) -> None:
    session = render_all(make_film(studio, "a", "b"))
    session.snapshots.thin(100)
    engine.gate = threading.Semaphore(0)
    session.snapshots.make_again(session.project.film()[0].id)
    for verb in (studio.throw_away, studio.duplicate):
        with pytest.raises(EditError, match="being made again"):
            verb(session.id)
    engine.gate.release(1000)
    wait_until(session, lambda: session.snapshots.view is not None and session.snapshots.view.state == "done")
    studio.throw_away(session.id)
    assert not session.folder.exists()


def test_a_film_that_cannot_be_moved_stays_open(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    session = make_film(studio, "a")

    def refuse(path: Path, target: Path) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", refuse)
        with pytest.raises(StoreError, match="could not be saved"):
            studio.throw_away(session.id)
    with monkeypatch.context() as patch:
        patch.setattr(film_trash, "claim", lambda path: None)
        with pytest.raises(StoreError, match="another studio"):
            studio.throw_away(session.id)
    session.edit(edits.rename, "Sea")
    assert studio.open(session.id) is session and not film_trash.list_trash(studio.home)


def test_loras_of_films_in_the_trash_are_kept(tmp_path: Path) -> None:
    studio = make_studio(tmp_path)
    session = make_film(studio, "a")
    content = session.folder / "project.json"
    content.write_text(content.read_text().replace('"name"', f'"sha256": "{"ab" * 32}", "name"', 1))
    studio.throw_away(session.id)
    assert shelf.used_loras(studio.home) >= {"ab" * 32}


def thrown_away(studio: Studio, days: float, shared: bool = True) -> Path:
    """The folder in the trash of a film that was thrown away so many days ago."""
    before = set((studio.home / shelf.TRASH).glob("*"))
    here = Studio(studio.home, FakeEngine(), (card(),), shared=shared)
    here.throw_away(make_film(here, "a").id)
    (place,) = set((studio.home / shelf.TRASH).glob("*")) - before
    when = datetime.now(UTC) - timedelta(days=days)
    return place.rename(place.with_name(f"{when:%Y%m%dT%H%M%S}-{place.name[16:]}"))


@pytest.mark.parametrize("shared", [True, False])
def test_a_shared_studio_deletes_films_a_week_after_they_were_thrown_away_there(studio: Studio, shared: bool) -> None:
    old, young = thrown_away(studio, days=7.1), thrown_away(studio, days=6.9)
    own = thrown_away(studio, days=30, shared=False)
    kept = make_film(studio, "b")
    other = Studio(studio.home, FakeEngine(), (card(),), shared=shared)
    other.sweep()
    assert (old.exists(), young.exists(), own.exists(), kept.folder.exists()) == (not shared, True, True, True)
    assert len(film_trash.list_trash(studio.home)) == (2 if shared else 3)


def test_a_film_that_the_disk_does_not_delete_does_not_keep_others(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    stuck, gone = thrown_away(studio, days=9), thrown_away(studio, days=8)
    rename = Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if path == stuck:
            raise PermissionError(13, "Permission denied")
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", refuse)
        assert film_trash.sweep(studio.home, 0.0) == 1
    assert stuck.exists() and not gone.exists()
    assert film_trash.sweep(studio.home, 0.0) == 1 and not stuck.exists()


def test_the_sweep_removes_empty_folders_that_a_killed_studio_left(studio: Studio) -> None:
    film = thrown_away(studio, days=30)
    now = datetime.now(UTC)
    old, young, odd, begun = (film.with_name(name) for name in (
        f"{now - timedelta(hours=2):%Y%m%dT%H%M%S}-00000000", f"{now:%Y%m%dT%H%M%S}-00000000", "99999999T999999-00000000",
        ".removed-00000000"))
    for folder in (old, young, odd, begun):
        folder.mkdir()
    studio.sweep()
    assert [path.exists() for path in (film, old, young, odd, begun)] == [True, False, True, True, False]
