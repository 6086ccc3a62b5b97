"""Undo that outlives the studio: after a restart, a kill, a full disk and in copies; and a log that cannot be read."""

from __future__ import annotations

import errno
import os
import random
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studio.project import edits, history, undo_log
from studio.project import store as project_store
from studio.project.choices import drop_takes, set_star
from studio.project.model import Project
from studio.project.store import Store
from studio.project.undo_log import LOG, LOST
from studio.session import Session, StoreError
from studio.session.document import Document
from tests.project.builders import film, generated
from tests.shelves import make_film, make_studio, render_all


def restarted(session: Session, home: Path) -> Session:
    """The same project in another studio, as after a restart."""
    session.store.close()
    return make_studio(home).open(session.id)


def first_prompt(document: Document) -> str:
    return document.project.current().segments[0].prompt


def test_undo_and_redo_after_a_restart(tmp_path: Path) -> None:
    session = make_film(make_studio(tmp_path), "a")
    for prompt in ("b", "c", "d"):
        session.edit(edits.edit_segment, 0, prompt=prompt)
    session.undo()
    again = restarted(session, tmp_path)
    assert again.findings == () and again.can_undo and again.can_redo
    again.redo()
    assert first_prompt(again) == "d" and not again.can_redo
    for prompt in ("c", "b", "a"):
        again.undo()
        assert first_prompt(again) == prompt
    third = restarted(again, tmp_path)
    third.redo()
    assert first_prompt(third) == "b"
    third.edit(edits.edit_segment, 0, prompt="x")
    assert not third.can_redo and not restarted(third, tmp_path).can_redo


def test_undo_after_a_restart_removes_no_take(tmp_path: Path) -> None:
    session = render_all(make_film(make_studio(tmp_path), "a", "b"))
    again = restarted(session, tmp_path)
    again.undo()
    again.undo()
    assert len(again.project.takes) == 2 and again.project.head is None
    again.redo()
    again.redo()
    assert again.project == session.project


def test_a_session_and_its_log_never_part(tmp_path: Path) -> None:
    """Random edits, bursts of typing, undo, redo, silent additions and restarts, beside a history that is never restarted."""
    dice = random.Random(5)
    project = generated(film("a", "b", "c"), 2)
    store = Store(tmp_path / project.id)
    store.create(project)
    document, shadow = reopened(store), history.UndoHistory(project)
    clock, restarts = 0.0, 0
    for number in range(160):
        now = shadow.present
        match dice.randrange(9):
            case 0 | 1:
                document.edit(edits.rename, f"Film {dice.randrange(9)}")
                shadow = history.do(shadow, document.project)
            case 2:
                prompt = "abcdefghi"[: dice.randrange(1, 5)]
                document.edit_in_stroke("prompt", edits.edit_segment, 0, prompt=prompt)
                burst = history.EditBurst("prompt", clock)
                shadow = history.do(shadow, edits.edit_segment(now, 0, prompt=prompt), burst)
            case 3:
                document.edit(edits.branch, dice.choice([None, *now.takes]))
                shadow = history.do(shadow, document.project)
            case 4:
                document.add_silently(edits.rename, f"Silent {number}")
                shadow = history.amend(shadow, document.project)
            case 5 | 6:
                document.undo()
                shadow = history.undo(shadow)
            case 7:
                document.redo()
                shadow = history.redo(shadow)
            case 8 if dice.random() < 0.6:
                document.store.close()
                document, restarts = reopened(Store(store.folder)), restarts + 1
                shadow = replace(shadow, burst=None)
        assert document.project == shadow.present, number
        assert (document.can_undo, document.can_redo) == (bool(shadow.past), bool(shadow.future)), number
    assert restarts > 2 and (store.folder / LOG).stat().st_size < 3 * 2**16
    document.store.close()
    document = reopened(Store(store.folder))
    while document.can_undo:
        document.undo()
        shadow = history.undo(shadow)
        assert document.project == shadow.present
    assert not shadow.past


def reopened(store: Store) -> Document:
    store.close()
    store.read_only = False
    return Document(store, store.open())


def test_it_is_bounded_in_steps_and_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = film("a", "b")
    store = Store(tmp_path / project.id)
    store.create(project)
    document = reopened(store)
    monkeypatch.setattr(history, "DEPTH", 20)
    monkeypatch.setattr(undo_log, "DEPTH", 20)
    for number in range(30):
        document.edit(edits.rename, f"Film {number}")
    document = reopened(store)
    steps = 0
    while document.can_undo:
        document.undo()
        steps += 1
    assert steps == 20 and document.project.name == "Film 9"
    monkeypatch.setattr(undo_log, "LARGEST", 9000)
    for number in range(45):
        document.edit(edits.edit_segment, 0, prompt=f"{number}" + "x" * 1900)
    document._undo_log._write(store.folder / LOG)
    assert (store.folder / LOG).stat().st_size <= 9000
    document = reopened(store)
    document.undo()
    assert document.findings == () and first_prompt(document).startswith("43")
    document.undo()
    assert first_prompt(document).startswith("42")


def test_a_document_that_is_newer_than_its_log_is_one_more_step(tmp_path: Path) -> None:
    """As after a power cut, or after an older studio, which knows no log."""
    session = make_film(make_studio(tmp_path), "a")
    session.edit(edits.edit_segment, 0, prompt="b")
    kept = (session.folder / LOG).read_bytes()
    session.edit(edits.edit_segment, 0, prompt="c")
    session.edit(edits.edit_segment, 0, prompt="d")
    for log in (kept, kept[:-9]):
        session.store.close()
        (session.folder / LOG).write_bytes(log)
        again = make_studio(tmp_path).open(session.id)
        assert again.findings == () and first_prompt(again) == "d"
        again.undo()
        assert first_prompt(again) == ("b" if log == kept else "a")
        again.redo()
        assert first_prompt(again) == "d"
        session = again


@pytest.mark.parametrize("damage", ["noise", "flipped", "other", "folder", "newer", "empty"])
def test_a_log_that_cannot_be_used_never_keeps_a_project_from_opening(tmp_path: Path, damage: str) -> None:
    session = make_film(make_studio(tmp_path), "a")
    session.edit(edits.edit_segment, 0, prompt="b")
    session.store.close()
    log = session.folder / LOG
    content = log.read_bytes()
    if damage == "noise":
        log.write_bytes(os.urandom(5000))
    elif damage == "flipped":
        log.write_bytes(content.replace(b'"b"', b'"z"'))
    elif damage == "other":
        other = make_film(make_studio(tmp_path / "other"), "x")
        shutil.copyfile(other.folder / LOG, log)
    elif damage == "folder":
        log.unlink()
        log.mkdir()
    elif damage == "newer":
        log.write_bytes(undo_log._line({"format": 9, "project": session.project.id}))
    else:
        log.write_bytes(b"")
    again = make_studio(tmp_path).open(session.id)
    assert again.findings == (LOST,) and not again.can_undo and first_prompt(again) == "b"
    assert (again.folder / f"{LOG}.damaged").exists()
    again.edit(edits.edit_segment, 0, prompt="c")
    third = restarted(again, tmp_path)
    assert third.findings == ()
    third.undo()
    assert first_prompt(third) == "b"


def test_a_step_that_cannot_be_read_is_said_and_given_up(tmp_path: Path) -> None:
    session = make_film(make_studio(tmp_path), "a")
    session.edit(edits.edit_segment, 0, prompt="b")
    log = session._undo_log
    log.change_all(lambda state: state if state is log.states[-1] else {**state, "branches": [{"tip": None}]})
    again = restarted(session, tmp_path)
    again.undo()
    assert again.findings == (LOST,) and first_prompt(again) == "b" and not again.can_undo


def test_takes_that_are_gone_from_the_document_are_gone_from_its_steps(tmp_path: Path) -> None:
    project = generated(film("a", "b"), 2)
    store = Store(tmp_path / project.id)
    store.create(project)
    document = reopened(store)
    last = str(project.head)
    document.edit(set_star, last, True)
    document.edit(drop_takes, [last])
    short = document.project
    store.save(replace(short, takes={k: t for k, t in short.takes.items() if k != last}, trash=frozenset(), dropped={}))
    document = reopened(store)
    for _ in range(3):
        document.undo()
    assert last not in document.project.takes and not document.project.stars and document.findings == ()


def test_a_copied_folder_takes_its_steps_along_and_a_zip_does_not(tmp_path: Path) -> None:
    session = make_film(make_studio(tmp_path), "a")
    session.edit(edits.edit_segment, 0, prompt="b")
    packed = session.films.export_project()
    session.store.close()
    shutil.copytree(session.folder, session.folder.with_name("copy"))
    studio = make_studio(tmp_path)
    copy = studio.open("copy")
    assert copy.project.id != session.project.id
    again = restarted(copy, tmp_path)
    assert again.findings == () and again.can_undo
    again.undo()
    assert first_prompt(again) == "a"
    unpacked = studio.unpack(packed)
    assert unpacked.findings == () and not unpacked.can_undo and not (unpacked.folder / LOG).exists()


def test_a_project_that_another_studio_has_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = make_film(make_studio(tmp_path), "a")
    session.edit(edits.edit_segment, 0, prompt="b")
    before = (session.folder / LOG).read_bytes()
    monkeypatch.setattr(project_store, "claim", lambda path: None)
    viewed = make_studio(tmp_path).open(session.id)
    assert not viewed.can_undo and "for viewing only" in viewed.findings[0]
    with pytest.raises(StoreError, match="viewing only"):
        viewed.edit(edits.rename, "x")
    assert (session.folder / LOG).read_bytes() == before


def test_a_full_disk_while_the_log_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = make_film(make_studio(tmp_path), "a")
    path_open = Path.open

    def full(path: Path, mode: str = "r", *rest: Any, **named: Any) -> Any:
        if path.name == LOG and "a" in mode:
            with path_open(path, "ab") as file:
                file.write(b"0123")                      # half a line, as a disk leaves it that fills up
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return path_open(path, mode, *rest, **named)

    monkeypatch.setattr(Path, "open", full)
    session.edit(edits.edit_segment, 0, prompt="b")      # the edit is saved all the same
    monkeypatch.undo()
    crashed = make_studio(tmp_path / "x")
    shutil.copytree(session.folder, crashed.home / session.folder.name)
    after = crashed.open(session.id)
    assert after.findings == () and first_prompt(after) == "b"
    after.undo()
    assert first_prompt(after) == "a"
    session.edit(edits.edit_segment, 0, prompt="c")      # there is room again: the log is whole
    again = restarted(session, tmp_path)
    again.undo()
    again.undo()
    assert again.findings == () and first_prompt(again) == "a"


def test_a_take_that_could_not_be_saved_is_in_the_log_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = film("a")
    store = Store(tmp_path / project.id)
    store.create(project)
    document = reopened(store)
    document.edit(edits.rename, "Sea")

    def refuse(_: Project) -> None:
        raise StoreError("full")

    monkeypatch.setattr(store, "save", refuse)
    with pytest.raises(StoreError):
        document.edit_then_save(lambda now: generated(now))
    monkeypatch.undo()
    document.edit(edits.rename, "Land")
    document = reopened(store)
    for name in ("Sea", "Sea", "A film"):
        document.undo()
        assert document.project.name == name
