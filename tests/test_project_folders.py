"""Project folders that people rename, copy, move and unzip by hand: each opens, keeps its plan, and is found from its film."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from pathlib import Path

import pytest

from studio.project import edits
from studio.project.shelf import used_loras
from studio.project.sources import Lora
from studio.session import Session, StoreError, Studio
from studio.session.arrivals import arrive
from studio.ui import views
from tests.shelves import make_film, make_studio, render_all

NAMES = [
    "My film", "film (1)", "film - Copy", "Фильм", "café", "cafe\u0301", "f" * 80, "é" * 80, "2026", "-film",
    "a" * 64, "映画 🎬", "film.bak",
]  # fmt: skip
ODD_NAMES = [b"caf\xe9".decode("utf-8", "surrogateescape"), "f" * 240, "film\\2"]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a film with two takes and a third segment that is planned."""
    session = make_film(make_studio(tmp_path_factory.mktemp("made")), "a", "b")
    session.edit(edits.rename, "Übergang")
    session.edit(edits.rename_branch, session.project.branch, "The long way")
    render_all(session)
    session.edit(edits.add_segment, prompt="a plan")
    session.store.close()
    return session.folder


@pytest.fixture
def session(source: Path, tmp_path: Path) -> Session:
    """That film, open in a studio of its own."""
    shutil.copytree(source, tmp_path / "projects" / source.name)
    return make_studio(tmp_path).open(source.name)


def prompts(session: Session) -> list[str]:
    return [segment.prompt for segment in session.project.current().segments]


def origin(studio: Studio, film: Path) -> Session:
    """The film that an exported one leads to."""
    found = arrive(studio, film)
    assert found and found.take
    return found.session


def lives(home: Path, folder: Path, own_id: str | None) -> None:
    """The project in `folder` goes through two edits and a restart, makes a film, and is found from it. `own_id`: its id."""
    (address,) = [summary.id for summary in make_studio(home).list() if summary.folder == folder]
    first = make_studio(home).open(address)
    assert first.folder == folder and first.findings == () and first.project.name == "Übergang"
    first.edit(edits.add_segment, prompt="one more")
    first.edit(edits.add_segment, prompt="and another")
    studio = make_studio(home)
    again = studio.open(first.id)
    assert again.project == first.project and again.findings == ()
    assert prompts(again) == ["a", "b", "a plan", "one more", "and another"]
    assert [branch.name for branch in again.project.branches] == ["The long way"]
    film = again.films.export_film()
    assert origin(make_studio(home), film).folder == folder
    assert again.films.export_project().is_file()
    assert own_id is None or again.project.id == own_id
    json.dumps(views.board(again, studio.models, studio.presets)).encode()
    json.dumps([film.name for film in studio.library.films()]).encode()


@pytest.mark.parametrize("name", [*NAMES, *ODD_NAMES], ids=ascii)
def test_a_renamed_folder(session: Session, tmp_path: Path, name: str) -> None:
    folder = session.folder.rename(session.folder.with_name(name))
    lives(tmp_path, folder, session.project.id)
    assert make_studio(tmp_path).open(session.project.id).folder == folder, "an address of before leads to it"


@pytest.mark.parametrize("name", NAMES[:5])
def test_a_copied_folder_is_another_project(session: Session, tmp_path: Path, name: str) -> None:
    copy = shutil.copytree(session.folder, session.folder.with_name(name))
    lives(tmp_path, copy, None)
    studio = make_studio(tmp_path)
    assert len({summary.id for summary in studio.list()}) == 2
    original, other = studio.open(session.folder.name), studio.open(copy.name)
    assert original is not other and original.id != other.id and original.project.id != other.project.id
    assert original.project == session.project, "the copy's edits are the copy's"
    assert origin(studio, original.films.export_film()) is original and origin(studio, other.films.export_film()) is other


def test_the_original_keeps_its_id_whichever_is_opened_first(session: Session, tmp_path: Path) -> None:
    film, own = session.films.export_film(), session.project.id
    moved = tmp_path / "film.mp4"
    shutil.copyfile(film, moved)
    folder = session.folder.rename(session.folder.with_name("film"))
    shutil.copytree(folder, folder.with_name("film (1)"))
    for first in ("film (1)", "film"):
        studio = make_studio(tmp_path)
        studio.open(first)
        assert studio.open("film").project.id == own
        assert origin(studio, moved).folder == folder


def test_a_copy_made_while_the_film_is_open(session: Session, tmp_path: Path) -> None:
    studio = make_studio(tmp_path)
    opened = studio.open(session.id)
    shutil.copytree(session.folder, session.folder.with_name("a"))
    copy = studio.open("a")
    assert copy is not opened and copy.project.id != opened.project.id and studio.open(session.id) is opened


def test_a_folder_renamed_while_the_film_is_open(session: Session, tmp_path: Path) -> None:
    studio = make_studio(tmp_path)
    studio.open(session.id)
    folder = session.folder.rename(session.folder.with_name("My film"))
    with pytest.raises(StoreError, match="not there any more"):
        studio.open(session.id).edit(edits.rename, "x")
    assert studio.open("My film").project.id == session.project.id and studio.open("My film").folder == folder


def test_a_moved_home(session: Session, tmp_path: Path) -> None:
    shutil.move(tmp_path / "projects", tmp_path / "elsewhere" / "projects")
    lives(tmp_path / "elsewhere", tmp_path / "elsewhere" / "projects" / session.id, session.project.id)


@pytest.mark.parametrize("name", ["Übergang", "n" * 60])
@pytest.mark.parametrize("inside", [False, True], ids=["its own folder", "a folder around it"])
def test_a_zip_unzipped_by_hand(session: Session, tmp_path: Path, name: str, inside: bool) -> None:
    session.edit(edits.rename, name)
    home = tmp_path / "there" / "projects"
    with zipfile.ZipFile(session.films.export_project()) as archive:
        archive.extractall(home / "from a friend" if inside else home)
    (found,) = make_studio(tmp_path / "there").list()
    opened = make_studio(tmp_path / "there").open(found.id)
    opened.edit(edits.rename, "Übergang")
    lives(tmp_path / "there", opened.folder, session.project.id)


@pytest.mark.parametrize("seconds", [0, 4_575_000_000], ids=["1970", "2115"])
def test_old_and_future_dates(session: Session, tmp_path: Path, seconds: int) -> None:
    for path in (*session.folder.rglob("*"), session.folder):
        os.utime(path, (seconds, seconds))
    lives(tmp_path, session.folder, session.project.id)


def test_a_project_that_an_older_studio_saved_with_its_folders_name(session: Session, tmp_path: Path) -> None:
    folder = session.folder.rename(session.folder.with_name("My film"))
    for path in (*folder.glob("project.json*"), *folder.glob("takes/*/*.json")):
        text = path.read_text("utf-8")
        path.write_text(text.replace(f'"id": "{session.project.id}"', '"id": "My film"'), "utf-8")
    opened = make_studio(tmp_path).open("My film")
    assert prompts(opened) == ["a", "b", "a plan"] and opened.project.name == "Übergang"
    assert [branch.name for branch in opened.project.branches] == ["The long way"] and len(opened.project.film()) == 2
    opened.edit(edits.add_segment, prompt="one more")
    again = make_studio(tmp_path).open("My film")
    assert again.project == opened.project and again.findings == ()


@pytest.mark.parametrize("key", ["", ".", "..", "../projects", "a/b", "\0", "x" * 5000, "é" * 200, "\ud800"])
def test_what_is_no_folder_here_is_a_sentence(session: Session, tmp_path: Path, key: str) -> None:
    with pytest.raises(StoreError, match="not here"):
        make_studio(tmp_path).open(key)


def test_a_project_without_documents_is_on_the_list(session: Session, tmp_path: Path) -> None:
    for path in session.folder.glob("project.json*"):
        path.unlink()
    studio: Studio = make_studio(tmp_path)
    (found,) = studio.list()
    assert prompts(studio.open(found.id)) == ["a", "b"] and "built again" in studio.open(found.id).findings[0]


def test_loras_of_a_document_that_another_program_wrote_are_in_use(session: Session, tmp_path: Path) -> None:
    session.edit(edits.add_lora, 2, Lora("ink", "5" * 64))
    path = session.folder / "project.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")), separators=(",", ":")), "utf-8")
    (session.folder / "project.json.bak").unlink()
    assert "5" * 64 in used_loras(tmp_path / "projects")
