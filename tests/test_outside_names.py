"""Names that come from outside, followed through a session: films, titles, pictures and outputs of any name get usable files."""

from __future__ import annotations

import os
import shutil
import sys
import time
import unicodedata
import zipfile
from pathlib import Path

import pytest

from studio.disk import remove_unfinished
from studio.media import MediaError, disk
from studio.media.clip import probe
from studio.project import edits
from studio.project.edits import EditError
from studio.project.story import StoryError, read_story
from studio.session import Session
from tests.shelves import make_film, make_studio, picture, render_all

NAMES = [
    "𠀀" * 60, "हिन्दी फ़िल्म " * 8, "ภาพยนตร์ไทย" * 10, "cafe\u0301 " * 20, "CON", "aux.txt", "a\ud800b", "🎬" * 100,
    "film. . ", "...",
]  # fmt: skip


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return render_all(make_film(make_studio(tmp_path_factory.mktemp("studio")), "a"))


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_film_of_any_name_is_exported_to_files_of_usable_names(film: Session, name: str, tmp_path: Path) -> None:
    film.edit(edits.rename, name)
    take = film.project.film()[0].id
    paths = [film.films.export_film(), film.films.export_take(take, kind="poster"), film.films.export_project()]
    for path in paths:
        assert path.is_file() and len(path.name.encode()) <= 160
        assert path.stem == unicodedata.normalize("NFC", path.stem)
        assert path.stem.split(".")[0].upper() not in ("CON", "AUX") and not path.name.endswith((" ", "."))
    assert probe(paths[0]).frames == 4
    with zipfile.ZipFile(paths[-1]) as archive:
        archive.extractall(tmp_path)


def test_a_title_of_any_text_is_drawn_or_refused_with_a_sentence(film: Session) -> None:
    assert probe(film.films.export_film(title="half \ud83d of a pair\x07")).metadata["title"] == "half of a pair"
    with pytest.raises(EditError, match="This title has 260 characters; 120 is the most"):
        film.films.export_film(title="t" * 260)


@pytest.mark.skipif(sys.platform == "win32" or sys.platform == "darwin", reason="these systems keep names in Unicode only")
def test_a_picture_whose_name_is_not_utf_8_becomes_the_reference(film: Session) -> None:
    path = picture(film.folder, "olive")
    odd = path.rename(path.with_name(os.fsdecode(b"caf\xe9.png")))
    film.set_reference(odd)
    reference = film.project.reference
    assert reference and reference.name == "caf\ufffd.png"


def test_a_long_name_of_a_picture_is_cut_between_letters(film: Session) -> None:
    path = picture(film.folder, "navy")
    film.set_reference(path.rename(path.with_name(f"{'x' * 118}e\u0301e\u0301e\u0301e\u0301.png")))
    reference = film.project.reference
    assert reference and reference.name == f"{'x' * 118}e\u0301…"


NAMED = ["job.json", "project.json.bak", "no ending", "a\nb.mp4", "映画.mp4", f"a.{'x' * 250}"]


@pytest.mark.parametrize("name", NAMED, ids=range(6))
def test_what_a_process_was_writing_when_it_was_killed_is_told_by_its_name_and_removed(tmp_path: Path, name: str) -> None:
    inner, kept = tmp_path / "film" / "takes", tmp_path / ".notes-20261201.txt"
    kept.write_bytes(b"mine")
    with disk.atomic_write(inner / name) as temporary:
        temporary.write_bytes(b"half")
        left = shutil.copy(temporary, inner / "copy")
    Path(left).rename(temporary)
    os.utime(temporary, (time.time() - 100, time.time() - 100))
    remove_unfinished(tmp_path, 1000)
    assert temporary.exists(), "another process may be writing it"
    remove_unfinished(tmp_path, 10)
    assert not temporary.exists() and (inner / name).exists() and kept.exists()


@pytest.mark.parametrize("stem", ["𠀀" * 62, "é" * 125, "x" * 251], ids=range(3))
def test_an_output_whose_name_just_fits_is_written(tmp_path: Path, stem: str) -> None:
    path = tmp_path / f"{stem}.mp4"
    disk.check_writable(path)
    with disk.atomic_write(path) as temporary:
        temporary.write_bytes(b"film")
    assert [entry.read_bytes() for entry in tmp_path.iterdir()] == [b"film"]


@pytest.mark.parametrize("stem", ["x" * 260, "𠀀" * 64, "folder/" + "x" * 260], ids=range(3))
def test_an_output_whose_name_is_too_long_is_refused_before_anything_is_rendered(tmp_path: Path, stem: str) -> None:
    with pytest.raises(MediaError, match=r"the name is too long for the disk of .*\. Choose a shorter one"):
        disk.check_writable(tmp_path / f"{stem}.mp4")


def test_an_output_that_is_a_device_on_windows_is_refused_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk.check_writable(tmp_path / "CON.mp4")
    monkeypatch.setattr(disk, "ON_WINDOWS", True)
    with pytest.raises(MediaError, match="Windows keeps that name for a device"):
        disk.check_writable(tmp_path / "CON.mp4")


@pytest.mark.parametrize("name", ["x" * 300 + ".png", "a\\u0000b.png", "no.png"])
def test_a_story_whose_picture_has_an_impossible_name_is_refused_with_a_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "story.toml").write_text(f'image = "{name}"\n[[segment]]\n', "utf-8")
    with pytest.raises(StoryError, match="there is no file"):
        read_story(tmp_path / "story.toml")
