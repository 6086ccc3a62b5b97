"""Damaged, missing and newer documents: the store opens what is whole and loses no take."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studio.project import edits
from studio.project.store import Store, StoreError
from tests.project.builders import film, generated, rendered
from tests.project.test_store import patched, stored


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "film"


def test_a_newer_format_is_for_viewing_only(folder: Path) -> None:
    project = generated(film("a"))
    stored(folder, project)
    patched(folder, lambda table: table.update(format=2, mood="blue"))
    before = (folder / "project.json").read_bytes()
    store = Store(folder)
    opened = store.open()
    assert opened.read_only and "newer studio" in opened.findings[0]
    assert opened.project == project and opened.project.unknown == {"mood": "blue"}
    for write in (lambda: store.save(opened.project), lambda: store.begin_take(next(iter(project.takes.values())), project)):
        with pytest.raises(StoreError, match="viewing only"):
            write()
    store.discard_take(next(iter(project.takes)))
    assert (folder / "project.json").read_bytes() == before and len(list((folder / "takes").iterdir())) == 1


def test_a_newer_format_that_cannot_be_shown_is_not_touched(folder: Path) -> None:
    stored(folder, film("a"))
    patched(folder, lambda table: (table.update(format=7), table.pop("branches")))
    with pytest.raises(StoreError, match="Update the studio"):
        Store(folder).open()
    assert json.loads((folder / "project.json").read_text())["format"] == 7


@pytest.mark.parametrize("left", [0, 1, 40, 300, -3])
def test_cut_short_the_version_before_is_opened(folder: Path, left: int) -> None:
    project = generated(film("a", "b"))
    store = stored(folder, project)
    store.save(edits.rename(project, "Second"))
    text = (folder / "project.json").read_bytes()
    (folder / "project.json").write_bytes(text[:left])
    store = Store(folder)
    opened = store.open()
    assert opened.project == project
    assert "damaged" in opened.findings[0] and "version saved before" in opened.findings[0]
    store.save(opened.project)
    assert Store(folder).open().findings == ()
    assert (folder / "project.json.damaged").read_bytes() == text[:left]


@pytest.mark.parametrize(
    "damage", [b"", b"null", b"[1]", b"{}", b"\xff\xfe\x00", b"[" * 100_000, b'{"format": true}', b"9" * 9999]
)
def test_without_a_document_it_is_built_again_from_its_takes(folder: Path, damage: bytes) -> None:
    project = generated(film("a", "b", "c"), 2)
    stored(folder, project)
    for name in ("project.json", "project.json.bak"):
        (folder / name).write_bytes(damage)
    opened = Store(folder).open()
    assert opened.project == project, "takes note the plan around them"
    assert "built again" in opened.findings[0]


def test_built_again_from_bare_takes(folder: Path) -> None:
    project = generated(film("a", "b"), 2)
    project = generated(edits.rewind(project, None))
    stored(folder, project)
    for path in (*folder.glob("project.json*"), *folder.glob("takes/*/take.json")):
        table = json.loads(path.read_text())
        table.pop("project", None)
        path.write_text(json.dumps(table) if path.name == "take.json" else "{")
    opened = Store(folder).open()
    assert opened.project.takes == project.takes
    for same in ("size", "model", "clock", "settings"):
        assert getattr(opened.project, same) == getattr(project, same)
    assert sorted(len(opened.project.lineage(b.tip)) for b in opened.project.branches) == [1, 2]
    assert "lost" in opened.findings[0]


def test_nothing_left_but_rubbish(folder: Path) -> None:
    stored(folder, film("a"))
    for name in ("project.json", "project.json.bak"):
        (folder / name).unlink(missing_ok=True)
    (folder / "project.json").write_text("rubbish")
    opened = Store(folder).open()
    assert opened.project.takes == {} and opened.project.branches and "damaged" in opened.findings[0]


def test_a_take_finished_at_the_last_moment_is_found(folder: Path) -> None:
    project = generated(film("a", "b", "c"))
    store = stored(folder, project)
    after = generated(project)
    take = after.path()[-1]
    (store.begin_take(take, project) / "clip.mp4").write_bytes(b"frames")
    store.write_take(take, project)                # killed here, before project.json was saved
    opened = Store(folder).open()
    assert opened.project == after
    assert opened.findings == ("One take finished just before the studio was stopped; it is back in the film.",)


def test_a_found_take_whose_past_is_gone_can_still_be_seen(folder: Path) -> None:
    project = film("a", "b")
    store = stored(folder, project)
    orphan = rendered(project, project.current().segments[1], "gone")
    store.begin_take(orphan, project)
    store.write_take(orphan, project)
    opened = Store(folder).open()
    assert opened.project.lineage(orphan.id) == (replace(orphan, parent=None),)
    assert "continued takes that are gone" in opened.findings[-1]


def breaking(table: dict[str, Any], path: str, value: object) -> None:
    *way, key = path.split(".")
    place: Any = table
    for step in way:
        place = place[int(step) if step.isdigit() else step]
    place[key] = value


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("head", "nothere"), ("head", 7), ("branch", "nothere"), ("branches", []), ("branches.0.tip", "nothere"),
        ("branches.0.segments", []), ("takes.0.parent", "nothere"), ("takes.0.id", "../../etc"),
        ("takes.0.parent", "self"),
        ("reference.file", "../../../etc/passwd"), ("reference.file", "/etc/passwd"), ("clock.fps", 0),
        ("clock.section_frames", -36), ("size", [0, 0]), ("size", "big"), ("takes.0.frames", -1),
        ("takes.0.state", "odd"),
        ("branches.0.segments.0.frames", 1e99), ("takes.0.seconds", float("nan")), ("name", None), ("takes", {}),
    ],
)  # fmt: skip
def test_a_document_that_does_not_hang_together_is_not_trusted(folder: Path, path: str, value: object) -> None:
    project = generated(film("a", "b"))
    stored(folder, project).save(project)
    loop = next(iter(project.takes)) if value == "self" else value
    patched(folder, lambda table: breaking(table, path, loop))
    opened = Store(folder).open()
    assert opened.project == project and "damaged" in opened.findings[0]


def test_what_was_set_aside_stays_when_more_is(folder: Path) -> None:
    store = stored(folder, film("a"))
    for number in range(3):
        (folder / "project.json").write_text(f"rubbish {number}")
        store = Store(folder)
        store.save(store.open().project)
    assert sorted(path.read_text() for path in folder.glob("project.json.damaged*")) == [f"rubbish {n}" for n in range(3)]


def test_votes_that_cannot_be_read_cost_nothing_else(folder: Path) -> None:
    project = generated(film("a"))
    project = edits.add_take(project, rendered(project, project.current().segments[0], None))
    voted = edits.add_vote(project, *project.takes, "left")
    store = stored(folder, project)
    store.save(voted)
    patched(folder, lambda table: table.update(votes=[{"left": 7}]))
    opened = Store(folder).open()
    assert opened.project == project, "the version before is whole"
    for path in folder.glob("project.json*"):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"votes": "many"}))
    opened = Store(folder).open()
    assert replace(opened.project, id=project.id) == project and opened.findings
