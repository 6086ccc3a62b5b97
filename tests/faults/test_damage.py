"""Damaged project files of every kind: the project opens, no finished take is lost, and no plan while any copy can be read.

STUDIO_DAMAGES sets how many damaged projects are tried (40 without it).
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from studio.project import edits
from studio.project.codec import parse_project
from studio.project.files import read_json
from studio.project.model import Project
from studio.project.rules import check_project
from studio.project.store import Store, StoreError
from studio.session import Session
from studio.ui import views
from tests.faults import damage
from tests.project.builders import film, rendered
from tests.shelves import make_film, make_studio, render_all

DOCUMENTS = ("project.json", "project.json.bak")
DAMAGES = int(os.environ.get("STUDIO_DAMAGES", "40"))
SETTINGS = settings(max_examples=DAMAGES, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of three takes on two branches, and a fourth take that was begun, with a plan that grew meanwhile."""
    store = Store(tmp_path_factory.mktemp("whole") / "film")
    project = film("a", "b", "c")
    store.create(project)
    for prompt in ("d", "e", "f"):
        index, parent = edits.next_segment(project)
        take = rendered(project, project.current().segments[index], parent)
        store.begin_take(take, project)
        store.write_take(take, project)
        project = edits.add_take(project, take)
        store.save(project)
        project = edits.add_segment(project, prompt=prompt)
        store.save(project)
        if prompt == "e":
            project = edits.rename_branch(edits.branch(project, None), project.branches[-1].id, "The long way")
            project = edits.rename(edits.switch(project, project.branches[0].id), "The sea")
            store.save(project)
    index, parent = edits.next_segment(project)
    store.begin_take(rendered(project, project.current().segments[index], parent, sections=0, frames=0, state="partial"), project)
    project = edits.add_segment(project, prompt="the last one")
    store.save(project)
    store.close()
    return store.folder


def segments(project: Project) -> set[str]:
    return {segment.id for branch in project.branches for segment in branch.segments}


def plans(table: dict[str, Any]) -> tuple[set[str], set[str]]:
    """Ids of segments and names of branches in a JSON object that is not damaged."""
    branches = table["branches"]
    return {segment["id"] for branch in branches for segment in branch["segments"]}, {branch["name"] for branch in branches}


def strict(path: Path) -> Project | None:
    """The project in a document, if a reader without mercy accepts it."""
    try:
        table = read_json(path)
        return parse_project(table) if table.get("format") == 1 and table.get("format") is not True else None
    except (OSError, ValueError):
        return None


def is_json(path: Path) -> bool:
    try:
        read_json(path)
    except (OSError, ValueError):
        return False
    return True


@given(st.dictionaries(st.integers(0, 6), damage.DOCUMENT, min_size=1))
@example({0: damage._value([1], "My film", False), 1: damage._value([1], "My film", False)})
@example({0: damage._replace(b""), 1: damage._replace(b"")})
@settings(SETTINGS)
def test_what_is_whole_stays(whole: Path, strokes: dict[int, damage.Damage]) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = shutil.copytree(whole, Path(temporary) / "film")
        files = [*(folder / name for name in DOCUMENTS), *sorted(folder.glob("takes/*/*.json"))]
        before = {path: path.read_bytes() for path in files}
        for number, stroke in strokes.items():
            if number < len(files):
                stroke(files[number])
        untouched = [path for path in files if path.is_file() and path.read_bytes() == before[path]]
        document, backup = files[:2]
        read = strict(document)
        store = Store(folder)
        try:
            opened = store.open()
        except StoreError as refused:
            assert "newer studio" in str(refused) or not any(path.is_file() for path in files)
            return
        project = opened.project
        check_project(project)
        for path in untouched:
            if path.name == "take.json":
                take = json.loads(before[path])["take"]
                assert project.takes[take["id"]].segment.prompt == take["segment"]["prompt"]
        if read is not None:
            assert segments(read) <= segments(project) and project.name == read.name
        else:
            notes = [path for path in untouched if path not in (document, backup)]
            sources = [backup] if backup in untouched else [] if is_json(document) or is_json(backup) else notes
            for path in sources:
                table = json.loads(before[path])
                wanted, names = plans(table.get("project", table))
                assert wanted <= segments(project), "a plan is lost that could be read"
                if path == backup and not is_json(document):
                    assert names <= {branch.name for branch in project.branches}
        if not opened.read_only:
            changed = edits.rename(project, "Saved again")
            store.save(changed)
            store.close()
            again = Store(folder).open()
            assert again.project == changed or again.project.takes.keys() >= changed.takes.keys()
            assert segments(changed) <= segments(again.project)


def test_a_rescue_takes_every_value_from_the_newest_copy_that_has_it(whole: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(whole, tmp_path / "film")
    table = json.loads((folder / "project.json").read_text("utf-8"))
    table["branches"][0]["segments"][-1]["prompt"] = "changed by hand"
    table["clock"] = "broken"
    (folder / "project.json").write_text(json.dumps(table))
    opened = Store(folder).open()
    backup = parse_project(read_json(folder / "project.json.bak"))
    assert opened.project.branches[0].segments[-1].prompt == "changed by hand" and opened.project.clock == backup.clock
    assert "could be read" in opened.findings[0]


def test_the_plan_of_a_take_that_was_only_begun_is_a_copy(tmp_path: Path) -> None:
    project = film("a", "b", "c")
    store = Store(tmp_path / "film")
    store.create(project)
    take = rendered(project, project.current().segments[0], None, sections=0, frames=0, state="partial")
    store.begin_take(take, project)
    (store.folder / "project.json").write_bytes(b"\0" * 400)
    opened = Store(store.folder).open()
    assert opened.project.branches == project.branches and opened.project.id == project.id


def test_the_newest_plan_is_found_although_the_clock_was_set_back(tmp_path: Path) -> None:
    project = film("a", "b", "c")
    store = Store(tmp_path / "film")
    store.create(project)
    for year in ("2026", "2020"):
        index, parent = edits.next_segment(project)
        take = replace(rendered(project, project.current().segments[index], parent), created=f"{year}-01-01T00:00:00+00:00")
        project = edits.edit_segment(project, 2, prompt=f"written in {year}")
        store.begin_take(take, project)
        store.write_take(take, project)
        project = edits.add_take(project, take)
    for name in DOCUMENTS:
        (store.folder / name).unlink(missing_ok=True)
    opened = Store(store.folder).open()
    assert opened.project.current().segments[2].prompt == "written in 2020"
    assert opened.project.path() == project.path()


@pytest.fixture(scope="module")
def film_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A rendered film, and a take whose second section was never finished."""
    session = render_all(make_film(make_studio(tmp_path_factory.mktemp("film")), "a", "b", sections=2))
    last = session.project.film()[-1]
    folder = session.store.take_folder(last.id)
    for name in ("mp4", "safetensors"):
        source = "clip.mp4" if name == "mp4" else "snapshot.safetensors"
        shutil.copyfile(folder / source, folder / f"section-000.{name}")
    note = json.loads((folder / "take.json").read_text("utf-8"))
    note["take"] |= {"sections": 0, "frames": 0, "state": "partial"}
    (folder / "asked.json").write_text(json.dumps(note))
    session.store.close()
    yield session.folder


@given(st.dictionaries(st.integers(0, 30), damage.ANY_FILE, min_size=1, max_size=8))
@settings(SETTINGS, max_examples=max(1, DAMAGES // 4))
def test_whatever_is_damaged_the_film_opens_and_can_be_edited(film_folder: Path, strokes: dict[int, damage.Damage]) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = shutil.copytree(film_folder, Path(temporary) / "projects" / film_folder.name)
        files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != ".open"]
        for number, stroke in strokes.items():
            stroke(files[number % len(files)])
        studio = make_studio(Path(temporary))
        (found,) = studio.list() or (None,)
        if found is None:
            assert not any(path.is_file() and path.name in (*DOCUMENTS, "take.json", "asked.json") for path in files)
            return
        session: Session = studio.open(found.id)
        json.dumps(views.board(session, studio.models, studio.presets)).encode()
        session.edit(edits.add_segment, prompt="goes on")
        session.store.close()
        again = make_studio(Path(temporary)).open(found.id)
        assert segments(session.project) <= segments(again.project) and session.project.takes.keys() <= again.project.takes.keys()
        again.store.close()
