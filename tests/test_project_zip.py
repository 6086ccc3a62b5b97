"""Projects as single files: there and back, and nothing from outside gets further than the shelf."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import app
from studio.commands.import_project import import_project
from studio.project import edits
from studio.session import StoreError, Studio, project_zip
from studio.session.arrivals import arrive
from tests.shelves import make_film, make_studio, render_all


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return make_studio(tmp_path / "here")


@pytest.fixture
def there(tmp_path: Path) -> Studio:
    return make_studio(tmp_path / "there")


def rewritten(parcel: Path, change: dict[str, bytes | None], root: str | None = None) -> Path:
    """The parcel with some members replaced, added or (None) left out."""
    out = parcel.with_name("rewritten.zip")
    with zipfile.ZipFile(parcel) as old, zipfile.ZipFile(out, "w") as new:
        inside = root or old.namelist()[0].split("/")[0]
        for name in old.namelist():
            if name.split("/", 1)[1] not in change:
                new.writestr(f"{inside}/{name.split('/', 1)[1]}", old.read(name))
        for name, content in change.items():
            if content is not None:
                new.writestr(name if name.startswith(("/", "..")) else f"{inside}/{name}", content)
    return out


def test_a_project_travels(studio: Studio, there: Studio) -> None:
    session = render_all(make_film(studio, "a", "b"))
    arrived = there.unpack(session.films.export_project())
    assert arrived.project == session.project and arrived.findings == ()
    assert arrived.store.missing_clips(arrived.project) == frozenset()
    arrived.edit(edits.add_segment, prompt="c")
    assert len(render_all(arrived).project.film()) == 3
    assert [path.name for path in there.home.iterdir()] == [session.id]


def test_a_project_arriving_twice_gets_a_name_of_its_own(studio: Studio) -> None:
    session = render_all(make_film(studio, "a"))
    copy = studio.unpack(session.films.export_project())
    assert copy.id != session.id and copy.project.id == copy.id and copy.project.takes == session.project.takes
    copy.edit(edits.rename, "Another")
    assert session.project.name == "A film"


def test_a_damaged_document_is_mended_on_arrival(studio: Studio, there: Studio) -> None:
    session = render_all(make_film(studio, "a"))
    arrived = there.unpack(rewritten(session.films.export_project(), {"project.json": b"{"}))
    assert arrived.project.takes == session.project.takes


@pytest.mark.parametrize(
    "change",
    [
        {"../../evil.txt": b"x"}, {"/evil.txt": b"x"}, {"takes/../../evil.txt": b"x"}, {"takes/abc/../x": b"x"},
        {"takes\\..\\..\\evil.txt": b"x"}, {"project.json": None},
    ],
)  # fmt: skip
def test_what_is_no_project_stays_outside(studio: Studio, there: Studio, change: dict[str, bytes | None]) -> None:
    parcel = rewritten(make_film(studio, "a").films.export_project(), change)
    with pytest.raises(StoreError, match="not a project"):
        there.unpack(parcel)
    assert there.list() == () and not list(there.home.glob("*") if there.home.exists() else ())
    assert not list(there.home.parent.rglob("evil*"))


def test_what_is_no_zip_or_cut_short(studio: Studio, there: Studio, tmp_path: Path) -> None:
    parcel = render_all(make_film(studio, "a")).films.export_project()
    whole = parcel.read_bytes()
    for content in (b"", b"not a zip", whole[: len(whole) // 2], whole[:1000] + b"\0" * 64 + whole[1064:]):
        path = tmp_path / "broken.zip"
        path.write_bytes(content)
        with pytest.raises(StoreError):
            there.unpack(path)
    assert there.list() == ()
    with pytest.raises(StoreError):
        there.unpack(tmp_path / "nothere.zip")


def test_a_film_of_a_take_that_is_not_there_is_a_new_one(studio: Studio, there: Studio) -> None:
    session = render_all(make_film(studio, "a"))
    parcel = session.films.export_project()
    first = session.films.export_film()
    session.edit(edits.add_segment, prompt="b")
    later = render_all(session).films.export_film()
    arrived = there.unpack(parcel)
    found, new = arrive(there, first), arrive(there, later)
    assert found and found.session is arrived and found.take == arrived.project.head
    assert new and new.take is None and new.session is not arrived


STRANGERS: dict[str, bytes | None] = {
    ".open": b"", ".DS_Store": b"x", "desktop.ini": b"x", "Thumbs.db": b"x", "README.txt": b"x", "films/a.mp4": b"x",
    "run.py": b"x", "takes/.DS_Store": b"x", "takes/abc/.hidden": b"x", "takes/abc/desktop.ini": b"x", "media/evil.png": b"x",
    "media/._0.png": b"x",
}


def repacked(parcel: Path, name: Callable[[str], str], extra: dict[str, bytes | None] | None = None) -> Path:
    """The parcel as another program would make it: `name` changes the files' names, and `extra` adds files."""
    out = parcel.with_name("repacked.zip")
    with zipfile.ZipFile(parcel) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            info = zipfile.ZipInfo("x")
            info.filename = name(member)          # as written: the constructor would turn backslashes around on Windows
            new.writestr(info, old.read(member))
        for path, content in (extra or {}).items():
            new.writestr(path, content or b"")
    return out


@pytest.mark.parametrize(
    "name",
    [
        lambda member: member.split("/", 1)[1],
        lambda member: f"Downloads/{member}",
        lambda member: f"./{member}",
        lambda member: member.replace("/", "\\"),
        lambda member: "Über gang: 2/" + member.split("/", 1)[1],
    ],
    ids=["no root", "two roots", "dot", "backslashes", "odd root"],
)
def test_zips_of_other_programs_arrive(studio: Studio, there: Studio, name: Callable[[str], str]) -> None:
    session = render_all(make_film(studio, "a", "b"))
    root = name(f"A-film-{session.id}/project.json").replace("\\", "/").removesuffix("project.json")
    extra = {root + path: content for path, content in STRANGERS.items()}
    extra |= {"__MACOSX/root/._project.json": b"x", "__MACOSX/._root": b"x", f"{root}project.json.bak": b"{"}
    arrived = there.unpack(repacked(session.films.export_project(), name, extra))
    assert arrived.project == session.project and arrived.findings == ()
    there_files = {p.relative_to(arrived.folder).as_posix() for p in arrived.folder.rglob("*") if p.is_file()}
    assert there_files == {".open", "project.json", "project.json.bak"} | {
        p.relative_to(session.folder).as_posix() for room in ("media", "takes") for p in (session.folder / room).rglob("*.*")
    }
    assert there.list()[0].id == arrived.id and arrived.store.missing_clips(arrived.project) == frozenset()


def test_the_version_saved_before_arrives_where_the_document_is_missing(studio: Studio, there: Studio) -> None:
    session = make_film(studio, "a", "b")
    document = (session.folder / "project.json").read_bytes()
    parcel = rewritten(session.films.export_project(), {"project.json": None, "project.json.bak": document})
    arrived = there.unpack(parcel)
    assert arrived.project == session.project and "project.json is gone" in arrived.findings[0]


def test_two_projects_in_one_zip_are_refused_in_a_sentence(studio: Studio, there: Studio) -> None:
    parcel = rewritten(make_film(studio, "a").films.export_project(), {})
    with zipfile.ZipFile(parcel, "a") as archive:
        archive.writestr("another/project.json", b"{}")
    with pytest.raises(StoreError, match="2 projects"):
        there.unpack(parcel)
    assert there.list() == ()


def test_what_a_file_manager_left_in_a_take_stays_at_home(studio: Studio, there: Studio) -> None:
    session = render_all(make_film(studio, "a"))
    (take,) = session.project.film()
    folder = session.store.take_folder(take.id)
    for name in (".DS_Store", "Thumbs.db", "desktop.ini", "clip - Copy.mp4", "._clip.mp4", ".clip-0123abcd.part.mp4"):
        (folder / name).write_bytes(b"x")
    arrived = there.unpack(session.films.export_project())
    assert arrived.project == session.project
    assert not list(arrived.folder.rglob("*Store")) and len(list(arrived.store.take_folder(take.id).iterdir())) < 6


@pytest.mark.parametrize("year", [1970, 2115])
def test_dates_that_a_zip_cannot_hold(studio: Studio, there: Studio, year: int) -> None:
    session = render_all(make_film(studio, "a"))
    seconds = (year - 1970) * 31_556_952
    for path in (*session.folder.rglob("*"), session.folder):
        os.utime(path, (seconds, seconds))
    assert there.unpack(session.films.export_project()).project == session.project


def test_what_a_killed_studio_had_half_unpacked_is_removed_after_a_day(studio: Studio, there: Studio) -> None:
    old, young = there.home / ".incoming-0123abcd", there.home / ".incoming-4567abcd"
    for folder in (old, young):
        (folder / "takes").mkdir(parents=True)
    os.utime(old, (0, 0))
    there.unpack(make_film(studio, "a").films.export_project())
    assert young.exists() and not old.exists()


def test_a_bomb_is_refused(studio: Studio, there: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = tmp_path / "bomb.zip"
    monkeypatch.setattr(project_zip, "BOMB", (2**21, 100))
    monkeypatch.setattr(project_zip, "LARGEST", 2**20)
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("film/project.json", b"{}")
        with archive.open("film/takes/a/clip.mp4", "w", force_zip64=True) as member:
            member.write(bytes(2**22))
    with pytest.raises(StoreError, match="larger than any film"):
        there.unpack(bomb)
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("film/project.json", b" " * (project_zip.LARGEST + 1))
    with pytest.raises(StoreError, match="larger than any film"):
        there.unpack(bomb)
    assert there.list() == ()


def test_a_locked_zip_and_an_unknown_compression_are_named(studio: Studio, there: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    parcel = make_film(studio, "a").films.export_project()
    whole = bytearray(parcel.read_bytes())
    for mark, bit in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        at = -1
        while (at := whole.find(mark, at + 1)) >= 0:
            whole[at + bit] |= 1
    parcel.write_bytes(whole)
    with pytest.raises(StoreError, match="password"):
        there.unpack(parcel)
    deflate64 = zipfile.ZipInfo("film/project.json")
    with zipfile.ZipFile(parcel, "w") as archive:
        archive.writestr(deflate64, b"{}")
    whole = bytearray(parcel.read_bytes())
    for mark, place in ((b"PK\1\2", 10), (b"PK\3\4", 8)):
        whole[whole.find(mark) + place] = 9
    parcel.write_bytes(whole)
    with pytest.raises(StoreError, match="Unzip it"):
        there.unpack(parcel)
    assert there.list() == ()


def test_the_command_line_imports(studio: Studio, there: Studio, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    session = render_all(make_film(studio, "a"))
    parcel = session.films.export_project()
    options = app.parse(["import", str(parcel)])
    assert options.run is app.import_project and options.file == parcel
    assert import_project(parcel, there.home) == 0 and session.id in capsys.readouterr().err
    assert there.open(session.id).project == session.project
    (tmp_path / "no.zip").write_text("no ZIP")
    for file in (tmp_path / "no.zip", tmp_path / "nothere.zip", tmp_path):
        assert import_project(file, there.home) == 1
        assert "Traceback" not in (told := capsys.readouterr().err) and str(file.name) in told


def test_parts_of_snapshots_go_along(tmp_path: Path) -> None:
    """Files that are named by their content have the longest names of all."""
    session = render_all(make_film(make_studio(tmp_path), "a"))
    folder = session.store.take_folder(str(session.project.head))
    names = {f"{kind}-{'ab' * 32}.safetensors" for kind in ("psi", "latents")}
    for name in names:
        (folder / name).write_bytes(b"x")
    there = make_studio(tmp_path / "there")
    opened = there.unpack(session.films.export_project())
    assert names <= {path.name for path in opened.store.take_folder(folder.name).iterdir()}
