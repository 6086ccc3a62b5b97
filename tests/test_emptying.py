"""Emptying the trash: takes go for good, from the disk, the document and the steps of undo; what others need stays."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from studio.memory.psi_blocks import name_block
from studio.memory.snapshot import Snapshot, read_snapshot
from studio.project import edits, shots, trash
from studio.project.choices import drop_takes, restore_takes
from studio.project.memory_edits import pin
from studio.project.model import Look, Project, Shot, Trim, Vote
from studio.project.rules import check_project
from studio.session import EditError, Session, StoreError
from studio.session import trash as emptying
from studio.session.trash import GONE, empty, folder_size
from tests.shelves import make_film, make_studio, render_all


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A film of three takes, the last of which and a retake of the second lie in the trash."""
    made = render_all(make_film(make_studio(tmp_path), "a", "b", "c"))
    made.edit(drop_takes, [made.project.film()[1].id])
    return made


def folders(session: Session) -> set[str]:
    return {path.name for path in session.store.takes.iterdir()}


def again(session: Session, home: Path) -> Session:
    session.store.close()
    opened = make_studio(home).open(session.id)
    check_project(opened.project)
    return opened


def test_takes_go_for_good(session: Session, tmp_path: Path) -> None:
    gone = session.project.trash
    assert len(gone) == 2 and all(session.project.dropped[take].startswith("20") for take in gone)
    size = sum(folder_size(session.store.take_folder(take)) for take in gone)
    emptied = empty(session, gone)
    assert (emptied.size, emptied.takes, emptied.kept) == (size, 2, 0) and size > 1000
    assert folders(session) == set(session.project.takes) and len(session.project.takes) == 1
    assert not (session.folder / GONE).exists() and not session.project.trash and not session.project.dropped
    opened = again(session, tmp_path)
    assert opened.project == session.project and opened.findings == ()


@pytest.mark.parametrize("restart", [False, True])
def test_undo_to_a_film_whose_takes_are_gone(session: Session, tmp_path: Path, restart: bool) -> None:
    empty(session, session.project.trash)
    if restart:
        session = again(session, tmp_path)
    (first,) = session.project.takes
    steps = 0
    while session.can_undo:
        session.undo()
        steps += 1
        check_project(session.project)
        assert set(session.project.takes) == {first} and session.project.current().tip in (first, None)
    while session.can_redo:
        session.redo()
        check_project(session.project)
    assert steps > 5 and session.findings == () and session.project.head == first
    assert [s.prompt for s in session.project.current().segments] == ["a", "b", "c"]
    assert len(render_all(session).project.film()) == 3


def test_one_take_goes_with_what_continues_it_and_the_others_stay(session: Session) -> None:
    second, third = sorted(session.project.trash, key=lambda take: len(session.project.lineage(take)))
    empty(session, [third])
    assert session.project.trash == {second} and second in folders(session)
    session.edit(restore_takes, [second])
    with pytest.raises(EditError, match="not in the trash"):
        empty(session, [second])
    assert second in folders(session)


def test_what_the_film_needs_stays(session: Session) -> None:
    second, third = sorted(session.project.trash, key=lambda take: len(session.project.lineage(take)))
    session.edit(edits.add_segment, prompt="d")
    session.edit(restore_takes, [third])
    session.edit(shots.set_shot, 3, Shot(take=third, at=2))
    session.edit(drop_takes, [second])
    emptied = empty(session, session.project.trash)
    assert (emptied.takes, emptied.kept) == (0, 2), "a shot begins at a frame of the third, which continues the second"
    session.edit(shots.set_shot, 3, None)
    assert empty(session, session.project.trash).takes == 2


def test_pinned_takes_stay(session: Session) -> None:
    second, third = sorted(session.project.trash, key=lambda take: len(session.project.lineage(take)))
    session.edit(restore_takes, [second])
    session.edit(pin, second)
    session.edit(drop_takes, [second])
    gone, kept = trash.deletable(session.project, session.project.trash)
    assert gone == {third} and kept == {second}


def test_all_that_was_said_of_a_take_goes_with_it(session: Session, tmp_path: Path) -> None:
    """A document that still named the take anywhere would be refused when it is saved."""
    (first,) = session.project.film()
    gone = frozenset(session.project.trash)
    one = min(gone)

    def spoken_of(project: Project) -> Project:
        vote = Vote(first.id, one, "left", "2026-01-01T00:00:00+00:00")
        facts = {field.name: getattr(project, field.name) for field in fields(Project)}
        by_take = [name for name, value in facts.items() if isinstance(value, Mapping) and name not in ("takes", "unknown")]
        known = {"dropped", "accepted", "looks", "trims", "later_looks", "later_trims"}
        assert set(by_take) == known, "another field by takes: let trash.forget_takes know it"
        return replace(project, votes=(vote,), looks={one: Look("first")}, accepted={one: "x"}, trims={one: Trim(1, 3)},
                       later_looks={one: Look("unmade")}, later_trims={"unmade": Trim(1, 3)})

    session.edit(spoken_of)
    assert again(session, tmp_path).project.trims
    session = make_studio(tmp_path).open(session.id)
    empty(session, gone)
    now = session.project
    assert not (now.votes or now.looks or now.accepted or now.trims or now.dropped or now.trash or now.later_looks)
    assert again(session, tmp_path).project == now


def test_rows_of_psi_that_other_takes_need_are_copied_first(session: Session) -> None:
    """Two takes after the first one made the same rows, which are stored beside the one that goes."""
    (first,) = session.project.film()
    gone = min(session.project.trash, key=lambda take: len(session.project.lineage(take)))
    folder, kept = session.store.take_folder(gone), session.store.take_folder(first.id)
    psi = torch.arange(24.0).reshape(1, 6, 4)
    start = torch.zeros(1, 4, 1, 2, 2)
    blocks = (name_block(psi[:, :4]), name_block(psi[:, 4:]))
    whole = Snapshot(start, torch.zeros(1, 4, 19, 2, 2), psi, 2, "m", blocks)
    whole.write(folder / "snapshot.safetensors")
    whole.write(kept / "snapshot.safetensors")
    assert not (kept / blocks[0].file).exists()
    empty(session, session.project.trash)
    assert torch.equal(read_snapshot(kept / "snapshot.safetensors").psi, psi)         # type: ignore[arg-type]


@pytest.mark.parametrize("moment", ["first folder", "all folders", "document", "files"])
def test_a_studio_that_is_killed_while_emptying(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Each folder is there whole or not at all; what was begun is ended when the project is opened."""
    rename, count = Path.rename, 0

    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    def rename_or_die(path: Path, target: Path) -> Path:
        nonlocal count
        count += 1
        return rename(path, target) if count < 2 else die()           # type: ignore[func-returns-value]

    if moment == "first folder":
        monkeypatch.setattr(Path, "rename", rename_or_die)
    elif moment == "all folders":
        monkeypatch.setattr(emptying, "_forget", die)
    elif moment == "document":
        monkeypatch.setattr(session, "_keep", die)
    else:
        monkeypatch.setattr(emptying.shutil, "rmtree", die)
    before = session.project
    with pytest.raises(KeyboardInterrupt):
        empty(session, before.trash)
    monkeypatch.undo()
    opened = again(session, tmp_path)
    left = 1 if moment == "first folder" else 0
    assert len(opened.project.trash) == left and len(opened.project.takes) == 1 + left
    assert folders(opened) == set(opened.project.takes) and not (opened.folder / GONE).exists() and opened.findings == ()
    assert not opened.store.missing_clips(opened.project)
    empty(opened, opened.project.trash)
    assert len(folders(opened)) == 1


def test_a_full_disk_can_be_emptied(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no room for the document until the files are gone."""
    save, gone = session.store.save, session.folder / GONE

    def full(project: Any) -> Any:
        if any(gone.rglob("*.mp4")):
            raise StoreError("full")
        return save(project)

    monkeypatch.setattr(session.store, "save", full)
    empty(session, session.project.trash)
    assert again(session, tmp_path).project.takes.keys() == session.project.takes.keys() and len(session.project.takes) == 1


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="the rights of other systems are tested by hand")
def test_takes_that_may_not_be_removed(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, target: Path) -> None:
        raise PermissionError(13, "Permission denied")

    before = session.project
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", refuse)
        with pytest.raises(StoreError, match="in the trash still"):
            empty(session, before.trash)
    assert session.project == before and before.trash <= folders(session)
    session.store.close()
    with pytest.raises(StoreError, match="viewing only"):
        empty(session, before.trash)


@pytest.mark.parametrize("restart", [False, True])
def test_undo_brings_no_deleted_branch_back_into_the_trash(tmp_path: Path, restart: bool) -> None:
    session = render_all(make_film(make_studio(tmp_path), "a", "b"))
    session.edit(edits.branch, session.project.film()[0].id, "Night")
    session.edit(edits.drop_branch, session.project.current().id)
    session.edit(edits.rename, "Sea")
    empty(session, (), [session.project.dropped_branches[0].branch.id])
    session = again(session, tmp_path) if restart else session
    session.undo()
    assert session.project.name == "A film" and not session.project.dropped_branches
    session.undo()
    assert session.project.current().name == "Night", "undo of the edit that threw it away"
    session.redo()
    assert not session.project.dropped_branches
    check_project(session.project)


def test_a_branch_comes_back_with_its_takes(tmp_path: Path) -> None:
    session = render_all(make_film(make_studio(tmp_path), "a", "b"))
    first = session.project.film()[0].id
    session.edit(edits.branch, first, "Night")
    render_all(session)
    night = session.project.current()
    session.edit(edits.drop_branch, night.id)
    session.edit(drop_takes, [str(night.tip)])
    session = again(session, tmp_path)
    (dropped,) = session.project.dropped_branches
    assert dropped.branch == night and dropped.when.startswith("20")
    session.edit(trash.restore_branch, night.id)
    assert night in session.project.branches and not session.project.trash and not session.project.dropped_branches
    check_project(session.project)
    session.undo()
    assert session.project.trash == {night.tip}
    empty(session, session.project.trash)
    session.edit(trash.restore_branch, night.id)
    assert session.project.branches[-1].tip == first and len(session.project.branches[-1].segments) == 2
    with pytest.raises(EditError, match="not in the trash"):
        session.edit(trash.restore_branch, night.id)


