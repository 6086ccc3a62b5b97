"""Films that are exported with the invisible mark: known again after their tags are gone, by a command and by programs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import app
from studio.lab.measure.mark_films import Change, changed, pan
from studio.media import MediaError
from studio.media.clip import read_clip, write_clip
from studio.session import Session, Studio
from studio.session.exports.exports import Options
from studio.session.invisible_marks import find_marked, mark_number
from tests.fake_engine import FakeEngine, card
from tests.shelves import make_film, make_studio, render_all

SIZE = (320, 192)
Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A film of six frames of a picture that moves."""
    studio = Studio(tmp_path_factory.mktemp("made") / "projects", FakeEngine(), (card(sizes=(SIZE,)),))
    session = render_all(make_film(studio, "one"))
    write_clip(clip(session), pan("hills", 4, SIZE), 12)
    return session


def clip(session: Session) -> Path:
    return session.store.take_folder(str(session.project.head)) / "clip.mp4"


@pytest.fixture(scope="module")
def coded_again(made: Session, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The film, exported with the mark, and coded again by another program, without tags."""
    exported = made.films.export_film(invisible_mark=True)
    return changed(read_clip(exported), Change("again", 23), tmp_path_factory.mktemp("again") / "again.mp4")


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Session]:
    session = render_all(make_film(make_studio(tmp_path), "small"))
    yield session
    session.store.close()


def test_the_film_is_named_that_has_the_number(made: Session, coded_again: Path, tmp_path: Path) -> None:
    home = made.store.folder.parent
    found = find_marked(home, coded_again)
    assert found.reading.found and found.reading.number == mark_number(made.project.id)
    assert found.films == (made.id,) and found.names == ("A film",)
    assert found.says("x").endswith("Of the films here it may be A film.")
    assert find_marked(home, coded_again, known=()).films == (), "another visitor's film is not named"
    stranger = find_marked(tmp_path, coded_again)
    assert stranger.reading.found and stranger.films == () and "or of another one" in stranger.says("x")


def test_clips_and_plain_exports_stay_unmarked(made: Session) -> None:
    before = clip(made).read_bytes()
    marked, plain = made.films.export_film(invisible_mark=True), made.films.export_film()
    assert clip(made).read_bytes() == before and (read_clip(plain) == read_clip(clip(made))).all()
    assert (read_clip(marked) != read_clip(plain)).any()
    assert not find_marked(made.store.folder.parent, plain).reading.found


def test_a_film_that_can_hide_nothing_is_said(made: Session) -> None:
    assert made.exports.make("film", Options(invisible_mark=True)).aside == ""
    frames = clip(made).read_bytes()
    write_clip(clip(made), np.zeros((4, 192, 320, 3), np.uint8), 12)
    try:
        shutil.rmtree(made.store.films, ignore_errors=True)                     # the joined film is kept
        aside = made.exports.make("film", Options(invisible_mark=True)).aside
    finally:
        clip(made).write_bytes(frames)
        shutil.rmtree(made.store.films, ignore_errors=True)
    assert aside.startswith("The invisible mark cannot be read in the exported film")


def test_small_films_are_refused_before_anything_is_written(other: Session) -> None:
    with pytest.raises(MediaError, match="64×48 pixels are too small"):
        other.films.export_film(invisible_mark=True)
    assert not list(other.store.folder.glob("exports/*.mp4"))


def test_the_commands(
    made: Session, coded_again: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("STUDIO_HOME", str(made.store.folder.parent))
    assert app.main(["read-mark", str(coded_again)]) == 0
    told = capsys.readouterr().err
    assert f"the number {mark_number(made.project.id)}" in told and "it may be A film" in told and "Score" in told
    assert app.main(["export", str(made.folder), "--invisible-mark", "-o", str(tmp_path / "out.mp4")]) == 0
    assert app.main(["read-mark", str(tmp_path / "out.mp4")]) == 0
    assert app.main(["read-mark", str(clip(made))]) == 1 and "No invisible mark was found" in capsys.readouterr().err
    (tmp_path / "bad.mp4").write_text("no video")
    for name, words in (("bad.mp4", "is not a video"), ("none.mp4", "There is no file")):
        assert app.main(["read-mark", str(tmp_path / name)]) == 2 and words in capsys.readouterr().err
