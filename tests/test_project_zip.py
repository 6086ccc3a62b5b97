"""Projects as single files: there and back, and nothing from outside gets further than the shelf."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from studio.project import edits
from studio.session import EditError, MediaError, StoreError, Studio
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
        {"takes/abc/.hidden": b"x"}, {"media/evil.png": b"x"}, {"run.py": b"x"}, {"project.json": None},
        {"takes\\abc\\x": b"x"}, {"films/a.mp4": b"x"},
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


def test_a_film_leads_back_to_where_it_ends(studio: Studio, there: Studio) -> None:
    session = render_all(make_film(studio, "a", "b", "c"))
    first, second, _ = session.project.film()
    session.edit(edits.rewind, second.id)
    exported, gif = session.films.export_film(), session.films.export_take(first.id, "gif")
    session.edit(edits.switch, session.project.branch)
    assert studio.reopen(exported) is session and session.project.head == second.id
    assert studio.reopen(gif).project.head == first.id
    with pytest.raises(StoreError):
        there.reopen(exported)
    poster = session.films.export_take(first.id, "poster")
    with pytest.raises(MediaError, match="does not tell"):
        studio.reopen(poster)


def test_a_film_of_a_take_that_is_not_there(studio: Studio, there: Studio) -> None:
    session = render_all(make_film(studio, "a"))
    parcel = session.films.export_project()
    session.edit(edits.add_segment, prompt="b")
    later = render_all(session).films.export_film()
    there.unpack(parcel)
    with pytest.raises(EditError):
        there.reopen(later)
