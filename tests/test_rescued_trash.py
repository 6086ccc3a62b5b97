"""A film whose document is lost still knows which of its takes were in the trash: a note beside the document says it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.disk import atomic_write
from studio.project import edits
from studio.project.choices import drop_takes, restore_takes
from studio.project.folder_care import TRASH_NOTE
from studio.project.trash import restore_branch
from studio.session import Session, trash
from tests.large_shelves import long_film, shelve
from tests.shelves import make_film, make_studio, render_all

LOST = ("project.json", "project.json.bak", "undo.log")


def rescued(session: Session, tmp_path: Path) -> Session:
    """The film in another studio, after its documents and its steps of undo were lost."""
    session.store.close()
    for name in LOST:
        (session.folder / name).unlink(missing_ok=True)
    again = make_studio(tmp_path).open(session.id)
    assert "built again" in again.findings[0]
    return again


def tips(session: Session) -> list[str | None]:
    return sorted((branch.tip for branch in session.project.branches), key=str)


def note(session: Session) -> dict[str, Any]:
    """When the takes that are in the trash came there, as the note says."""
    return json.loads((session.folder / TRASH_NOTE).read_text())["dropped"]


def change_notes(session: Session, change: Callable[[dict[str, Any]], object]) -> None:
    for path in session.store.takes.glob("*/take.json"):
        table = json.loads(path.read_text())
        change(table)
        path.write_text(json.dumps(table))


def two_branches(tmp_path: Path) -> tuple[Session, list[str]]:
    """A film of three takes, with a branch of two others after the first one; and the ids of the three, and of the last one."""
    session = render_all(make_film(make_studio(tmp_path), "a", "b", "c"))
    first, second, third = (take.id for take in session.project.film())
    session.edit(edits.branch, first)
    render_all(session)
    return session, [first, second, third, session.project.film()[-1].id]


def test_takes_in_the_trash_are_there_again(tmp_path: Path) -> None:
    session, (_, second, third, _) = two_branches(tmp_path)
    session.edit(drop_takes, [second])
    before = session.project
    assert note(session) == before.dropped and before.trash == {second, third}
    again = rescued(session, tmp_path)
    assert again.project.trash == before.trash and again.project.dropped == before.dropped
    assert again.project.head == before.head and tips(again) == tips(session)
    again.edit(restore_takes, [third])
    assert not rescued(again, tmp_path).project.trash


def test_undo_and_redo_are_noted(tmp_path: Path) -> None:
    session, (_, _, third, fourth) = two_branches(tmp_path)
    session.edit(drop_takes, [third, fourth])
    session.undo()
    assert note(session) == {}
    session.redo()
    assert rescued(session, tmp_path).project.trash == {third, fourth}


def test_a_branch_that_comes_back_brings_its_takes(tmp_path: Path) -> None:
    session, (_, second, third, _) = two_branches(tmp_path)
    session.edit(edits.drop_branch, session.project.branches[0].id)
    session.edit(drop_takes, [second])
    assert note(session).keys() == {second, third}
    session.edit(restore_branch, session.project.dropped_branches[0].branch.id)
    assert note(session) == {} and not session.project.trash


def test_a_take_that_is_deleted_is_gone(tmp_path: Path) -> None:
    session, (_, _, third, fourth) = two_branches(tmp_path)
    session.edit(drop_takes, [third, fourth])
    trash.empty(session, [third])
    again = rescued(session, tmp_path)
    assert again.project.trash == {fourth} and third not in again.project.takes


def test_notes_of_an_older_studio_leave_it_to_the_plans(tmp_path: Path) -> None:
    session, (first, _, third, fourth) = two_branches(tmp_path)
    session.edit(drop_takes, [fourth])
    render_all(session)                                      # another one, whose note has the plan with the fourth in the trash
    change_notes(session, lambda table: table.pop("dropped"))
    (session.folder / TRASH_NOTE).unlink()
    again = rescued(session, tmp_path)
    assert again.project.trash == {fourth} and third in again.project.takes
    for branch in again.project.branches:
        assert again.project.lineage(branch.tip)[0].id == first


def test_a_plan_that_is_wrong_about_the_trash_does_not_keep_the_film_shut(tmp_path: Path) -> None:
    session, (_, second, third, _) = two_branches(tmp_path)

    def spoil(table: dict[str, Any]) -> None:
        table["dropped"] = [7]
        table["project"].update(trash=[second, 3, "nothere"], dropped="x")

    change_notes(session, spoil)
    (session.folder / TRASH_NOTE).write_text(json.dumps({"dropped": {third: 7, "nothere": "x"}}))
    assert {second, third} <= rescued(session, tmp_path).project.takes.keys()


@pytest.mark.parametrize("trouble", ["damaged", "gone", "a folder"])
def test_a_note_that_cannot_be_written_or_read_does_not_keep_a_take_out_of_the_trash(tmp_path: Path, trouble: str) -> None:
    session = render_all(make_film(make_studio(tmp_path), "a", "b"))
    last, path = session.project.film()[-1].id, session.folder / TRASH_NOTE
    if trouble == "a folder":
        path.mkdir()
    session.edit(drop_takes, [last])
    if trouble != "a folder":
        path.unlink()
    if trouble == "damaged":
        path.write_text("{")
    session.store.close()
    opened = make_studio(tmp_path).open(session.id)
    assert opened.project.trash == {last}
    assert not rescued(opened, tmp_path).project.trash, "without a note of the trash, takes are shown rather than hidden"


def test_many_takes_are_noted_in_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shelve(project := long_film(40), tmp_path / "projects", notes=True)
    session, written = make_studio(tmp_path).open(folder.name), list[str]()

    def write(path: Path) -> Any:
        written.append(path.name)
        return atomic_write(path)

    monkeypatch.setattr("studio.project.files.atomic_write", write)
    session.edit(drop_takes, [project.path()[0].id])
    assert len(session.project.trash) > 5 and written[-1] == TRASH_NOTE
    assert set(written[:-1]) <= {"project.json", "project.json.bak"}, "no note of a take is written"
    session.store.close()
    copy = make_studio(tmp_path).duplicate(session.id)
    assert rescued(copy, tmp_path).project.trash == session.project.trash, "a copy knows it too"
