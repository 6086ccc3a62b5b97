"""`python app.py export`: a project's film as a file or a folder, and sentences for what cannot be."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import opentimelineio as otio
import pytest

import app
from studio.media.clip import probe
from tests.shelves import make_film, make_studio, render_all

Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    session = render_all(make_film(make_studio(tmp_path_factory.mktemp("made")), "one", "two"))
    return session.folder


@pytest.fixture
def project(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project on the shelf that STUDIO_HOME names; the working folder is an empty one."""
    home, here = tmp_path / "projects", tmp_path / "here"
    shutil.copytree(made, home / made.name)
    here.mkdir()
    monkeypatch.setenv("STUDIO_HOME", str(home))
    monkeypatch.chdir(here)
    return home / made.name


def left() -> list[str]:
    return sorted(path.name for path in Path.cwd().iterdir())


def test_a_film_by_its_name_or_its_folder(project: Path) -> None:
    assert app.main(["export", "A film"]) == 0
    assert probe(Path("A-film.mp4")).frames == 8
    assert app.main(["export", str(project), "--rate", "24", "--blend", "-o", "24.mp4"]) == 0
    assert (probe(Path("24.mp4")).fps, probe(Path("24.mp4")).frames) == (24, 16)
    assert left() == ["24.mp4", "A-film.mp4"]


def test_a_cut_as_a_zip_or_a_folder(project: Path) -> None:
    assert app.main(["export", project.name, "--as", "otio", "-o", "cut.zip"]) == 0
    assert app.main(["export", project.name, "--as", "otio", "-o", "cut"]) == 0
    with zipfile.ZipFile("cut.zip") as archive:
        packed = sorted(name.partition("/")[2] for name in archive.namelist())
    assert packed == sorted(path.relative_to("cut").as_posix() for path in Path("cut").rglob("*") if path.is_file())
    timeline = otio.adapters.read_from_file("cut/A-film.otio")
    assert all(Path("cut", clip.media_reference.target_url).is_file() for clip in timeline.find_clips())
    assert left() == ["cut", "cut.zip"]


def test_pictures_with_numbers_and_a_list(project: Path) -> None:
    assert app.main(["export", project.name, "--as", "frames", "--first", "1001", "-o", "pictures"]) == 0
    assert sorted(path.name for path in Path("pictures").iterdir())[::7] == ["A-film.1001.png", "A-film.1008.png"]
    assert app.main(["export", project.name, "--as", "shots"]) == 0 and Path("A-film-shots.csv").is_file()


@pytest.mark.parametrize(("arguments", "sentence"), [
    (["nowhere"], "There is no project nowhere in"),
    (["A film", "--as", "avi"], "There is no export 'avi'"),
    (["A film", "--as", "edl"], "An EDL holds 24, 25 or 30 frames a second, and this film has 12"),
    (["A film", "-o", "film.mov"], "name it film.mp4, not film.mov"),
    (["A film", "-o", "."], "this export is a file like A-film.mp4"),
    (["A film", "--rate", "0"], "1 to 240 frames a second, not 0"),
    (["A film", "--as", "frames", "--first", "-1"], "0 or more"),
    (["A film", "--as", "storyboard", "--paper", "a0"], "a4 or letter"),
    (["A film", "--as", "otio", "-o", "../projects"], "is there already"),
])  # fmt: skip
def test_what_cannot_be_is_told(project: Path, capsys: Captured, arguments: list[str], sentence: str) -> None:
    assert app.main(["export", *arguments]) == 1
    assert sentence in capsys.readouterr().err and left() == []


def test_two_films_of_one_name(project: Path, capsys: Captured) -> None:
    shutil.copytree(project, project.with_name("copy"))
    assert app.main(["export", "A film"]) == 1
    assert "Several films are called A film" in capsys.readouterr().err


def test_a_disk_that_fills_up_leaves_no_folder(project: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "extractall", full)
    assert app.main(["export", project.name, "--as", "otio", "-o", "cut"]) == 1
    assert "the disk of" in capsys.readouterr().err and left() == []
