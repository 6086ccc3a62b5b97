"""Projects on disk: written whole or not at all, and opened whatever happened to them."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studio.project import edits
from studio.project.model import Project
from studio.project.store import Store, StoreError
from tests.project.builders import film, generated, rendered


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "film"


def stored(folder: Path, project: Project) -> Store:
    """A project saved with all its takes, each with a clip."""
    store = Store(folder)
    store.create(replace(project, takes={}, head=None, branches=tuple(replace(b, tip=None) for b in project.branches)))
    for take in project.takes.values():
        (store.begin_take(take, project) / "clip.mp4").write_bytes(b"frames")
        store.write_take(take, project)
    store.save(project)
    return store


def patched(folder: Path, change: Any) -> None:
    """Edit project.json as another program would."""
    path = folder / "project.json"
    table = json.loads(path.read_text())
    change(table)
    path.write_text(json.dumps(table))


def test_a_project_comes_back_as_it_was(folder: Path) -> None:
    project = generated(film("a", "b\nü👩‍🚀", "c"), 2)
    stored(folder, project)
    opened = Store(folder).open()
    assert opened.project == project and opened.findings == () and not opened.read_only


def test_the_document_before_is_kept(folder: Path) -> None:
    store = stored(folder, film("a"))
    store.save(edits.rename(film("a"), "Second"))
    assert json.loads((folder / "project.json").read_text())["name"] == "Second"
    assert json.loads((folder / "project.json.bak").read_text())["name"] == "A film"
    assert sorted(p.name for p in folder.iterdir() if p.is_file()) == [".open", "project.json", "project.json.bak"]


def test_an_edit_waits_for_the_disk_twice(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once for the document and once for its folder: the document before is on the disk already, and gets a second name."""
    store, waits, wait = stored(folder, film("a")), [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: waits.append(handle) or wait(handle))
    for name in ("Second", "Third"):
        store.save(edits.rename(film("a"), name))
    assert len(waits) == 4
    assert json.loads((folder / "project.json").read_text())["name"] == "Third"
    assert json.loads((folder / "project.json.bak").read_text())["name"] == "Second"
    assert (folder / "project.json").stat().st_nlink == 1 == (folder / "project.json.bak").stat().st_nlink


@pytest.mark.parametrize("reason", ["changed", "no second names"])
def test_the_document_before_is_what_was_saved(folder: Path, monkeypatch: pytest.MonkeyPatch, reason: str) -> None:
    """Also where another program has written into it since, and where files have only one name."""
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    store = stored(folder, film("a"))
    if reason == "changed":
        (folder / "project.json").write_text("{")
    else:
        monkeypatch.setattr(os, "link", refuse)
    store.save(edits.rename(film("a"), "Second"))
    assert json.loads((folder / "project.json.bak").read_text())["name"] == "A film"
    assert json.loads((folder / "project.json").read_text())["name"] == "Second"


def test_no_project(folder: Path) -> None:
    with pytest.raises(StoreError, match="no project"):
        Store(folder).open()
    folder.mkdir()
    with pytest.raises(StoreError, match="no project"):
        Store(folder).open()


def test_a_project_is_never_created_over_another(folder: Path) -> None:
    stored(folder, film("a"))
    with pytest.raises(StoreError, match="already"):
        Store(folder).create(film("b"))


def test_the_step_cache_is_written_where_it_is_used(folder: Path) -> None:
    plain = film("a")
    stored(folder, plain)
    assert "cache" not in json.loads((folder / "project.json").read_text())["settings"], "older studios read it as it was"
    used = edits.set_settings(plain, replace(plain.settings, cache=0.06))
    Store(folder).save(used)
    assert Store(folder).open().project.settings.cache == 0.06
    assert "cache_rule" not in json.loads((folder / "project.json").read_text())["settings"]
    Store(folder).save(edits.set_settings(plain, replace(plain.settings, cache=0.06, cache_rule="magnitude")))
    assert Store(folder).open().project.settings.cache_rule == "magnitude"


def test_unknown_fields_survive(folder: Path) -> None:
    stored(folder, generated(film("a", "b")))

    def newer(table: dict[str, Any]) -> None:
        for place in (table, table["takes"][0], table["takes"][0]["segment"], table["branches"][0],
                      table["branches"][0]["segments"][1], table["clock"], table["settings"], table["reference"]):
            place["colour"] = {"of": ["the", "sea"]}

    patched(folder, newer)
    store = Store(folder)
    opened = store.open()
    assert opened.findings == ()
    store.save(edits.rename(opened.project, "New name"))
    table = json.loads((folder / "project.json").read_text())
    assert table["name"] == "New name"
    assert json.dumps(table).count('"colour": {"of": ["the", "sea"]}') == 8


def test_missing_clips_are_a_value(folder: Path) -> None:
    project = generated(film("a", "b"), 2)
    store = stored(folder, project)
    first, _ = project.path()
    (store.take_folder(first.id) / "clip.mp4").unlink()
    opened = store.open()
    assert opened.project == project and store.missing_clips(project) == {first.id}


def test_begun_takes_are_remembered_as_asked(folder: Path) -> None:
    project = film("a")
    store = stored(folder, project)
    take = rendered(project, project.current().segments[0], None, sections=0, frames=0, state="partial")
    store.begin_take(take, project)
    assert Store(folder).begun_takes() == (take,)
    store.write_take(replace(take, sections=1, state="done"), project)
    assert Store(folder).begun_takes() == ()
    store.discard_take(take.id)
    assert (store.take_folder(take.id) / "take.json").exists(), "a kept take is never removed"


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
@pytest.mark.parametrize(
    ("number", "remedy"), [(errno.ENOSPC, "full"), (errno.EACCES, "permissions"), (errno.EIO, "on a")]
)
def test_a_disk_that_refuses(
    folder: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int, remedy: str
) -> None:
    project = film("a")
    store = stored(folder, project)
    before = sorted((p.name, p.read_bytes()) for p in folder.iterdir() if p.is_file())

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        if call == "write":
            patch.setattr(Path, "open", refuse)
        else:
            patch.setattr(os if call == "fsync" else Path, call, refuse)
        with pytest.raises(StoreError, match=remedy) as refused:
            store.save(edits.rename(project, "Second"))
    assert "not touched" in str(refused.value)
    assert sorted((p.name, p.read_bytes()) for p in folder.iterdir() if p.is_file()) == before
    store.save(edits.rename(project, "Third"))
    assert Store(folder).open().project.name == "Third"


def test_a_folder_that_cannot_be_written_is_for_viewing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored(folder, film("a"))
    opening = Path.open

    def refuse(path: Path, mode: str = "r", *rest: Any) -> Any:
        if set(mode) & set("wa+"):
            raise PermissionError(errno.EACCES, "denied")
        return opening(path, mode, *rest)

    monkeypatch.setattr(Path, "open", refuse)
    opened = Store(folder).open()
    assert opened.read_only and "cannot be written" in opened.findings[0]


def test_a_project_open_in_another_process_is_for_viewing(folder: Path) -> None:
    project = film("a")
    store = stored(folder, project)
    code = (
        "import sys, pathlib; from studio.project.store import Store\n"
        "opened = Store(pathlib.Path(sys.argv[1])).open(); print(opened.read_only, *opened.findings)"
    )

    def other() -> str:
        asked = [sys.executable, "-c", code, str(folder)]
        return subprocess.run(asked, check=True, text=True, capture_output=True, cwd=Path(__file__).parents[2]).stdout

    assert other().startswith("True This project is open in another studio")
    store.close()
    assert other() == "False\n"


@pytest.mark.parametrize(
    "change", [{"id": "My film"}, {"id": ""}, {"size": (0, 0)}, {"head": "gone"}, {"branches": ()}, {"name": "\ud800"},
               {"name": None}, {"unknown": {"mood": float("nan")}}, {"unknown": {"mood": object()}}],
)  # fmt: skip
def test_what_could_not_be_read_again_is_not_saved(folder: Path, change: dict[str, Any]) -> None:
    project = generated(film("a", "b"))
    store = stored(folder, project)
    store.save(edits.rename(project, "First"))
    before = [(folder / name).read_bytes() for name in ("project.json", "project.json.bak")]
    for _ in range(2):
        with pytest.raises(StoreError, match="not be opened again"):
            store.save(replace(project, **change))
    assert [(folder / name).read_bytes() for name in ("project.json", "project.json.bak")] == before
    assert not [path for path in folder.rglob(".*") if path.name != ".open"]
    store.save(edits.rename(project, "Second"))
    assert Store(folder).open().project.name == "Second"


def test_a_note_that_could_not_be_read_again_is_not_written(folder: Path) -> None:
    project = generated(film("a"))
    store = stored(folder, project)
    (take,) = project.path()
    before = (store.take_folder(take.id) / "take.json").read_bytes()
    for broken in (replace(take, frames=-1), replace(take, model="\ud800"), replace(take, seconds=float("inf"))):
        with pytest.raises(StoreError, match="not be opened again"):
            store.write_take(broken, project)
    assert (store.take_folder(take.id) / "take.json").read_bytes() == before


@pytest.mark.parametrize(
    "value", ["\ud800", float("nan"), float("inf"), {"\udfff": ["\ud800"]}, "1e999", json.loads("[" * 90 + "]" * 90)], ids=repr
)
def test_what_other_programs_write_can_be_saved_again(folder: Path, value: object) -> None:
    stored(folder, film("a"))
    patched(folder, lambda table: table.update(mood=value))
    path = folder / "project.json"
    path.write_text(path.read_text().replace('"1e999"', "1e999"))
    store = Store(folder)
    opened = store.open()
    assert opened.findings == ()
    store.save(edits.rename(opened.project, "Second"))
    assert "mood" in json.loads(path.read_text()) and Store(folder).open().project.name == "Second"


def test_a_folder_that_is_gone(folder: Path) -> None:
    store = stored(folder, film("a"))
    folder.rename(folder.with_name("elsewhere"))
    with pytest.raises(StoreError, match="not there any more"):
        store.save(edits.rename(film("a"), "x"))


@pytest.mark.parametrize("take", ["", "..", "../x", "a/b", ".hidden", "x" * 65, "a\0b"])
def test_takes_are_ids_not_paths(folder: Path, take: str) -> None:
    with pytest.raises(StoreError):
        Store(folder).take_folder(take)
