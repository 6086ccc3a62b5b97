"""Processes that are killed (SIGKILL) while they empty a trash: only what was thrown away is gone, and what is left opens."""

from __future__ import annotations

import random
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studio.project import film_trash
from studio.project.choices import drop_takes
from studio.project.model import Project
from studio.project.rules import check_project
from studio.session.trash import GONE, empty
from tests.faults import emptying_child
from tests.large_shelves import long_film, shelve
from tests.shelves import make_studio

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
KILLS = 6


@pytest.fixture(scope="module")
def processes() -> Any:
    return emptying_child.processes()


def run(processes: Any, target: Callable[..., None], place: Path, moment: int = 0) -> int:
    """Run one process to its end, or until it is killed before a change of the disk; returns how many there were, 0 if killed."""
    here, there = processes.Pipe(duplex=False)
    process = processes.Process(target=target, args=(place, moment, there))
    process.start()
    there.close()
    process.join(60)
    assert process.exitcode == (-9 if moment else 0)
    return int(here.recv()) if not moment else 0


def moments(count: int) -> list[int]:
    """The first and the last change, and some between them."""
    assert count > KILLS
    return [1, count, *sorted(random.Random(18).sample(range(2, count), KILLS - 2))]


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def film_with_trash(home: Path) -> tuple[Path, Project]:
    """A film of eight takes, three of which lie in the trash."""
    project = long_film(8, branches=2)
    project = drop_takes(project, [project.branches[0].tip, project.film()[-2].id])      # type: ignore[list-item]
    assert len(project.trash) == 3
    return shelve(project, home, notes=True), project


def test_a_process_killed_while_it_empties_a_film(processes: Any, tmp_path: Path) -> None:
    folder, project = film_with_trash(tmp_path / "made")
    kept = {take.id: files(folder / "takes" / take.id) for take in project.takes.values()}
    shutil.copytree(folder, tmp_path / "whole" / folder.name)
    for number, moment in enumerate(moments(run(processes, emptying_child.empty_film, tmp_path / "whole" / folder.name))):
        home = tmp_path / f"{number}"
        shutil.copytree(folder, home / "projects" / folder.name)
        run(processes, emptying_child.empty_film, home / "projects" / folder.name, moment)
        session = make_studio(home).open(folder.name)
        now = session.project
        check_project(now)
        assert now.takes.keys() >= project.takes.keys() - project.trash and now.head == project.head and session.findings == ()
        assert now.trash == project.trash & now.takes.keys()
        there = {path.name: files(path) for path in session.store.takes.iterdir()}
        assert there == {take: kept[take] for take in now.takes}, "each take is there whole or not at all"
        assert not (session.folder / GONE).exists()
        empty(session, now.trash)
        assert session.project.takes.keys() == project.takes.keys() - project.trash
        session.store.close()


def test_a_process_killed_while_it_deletes_films(processes: Any, tmp_path: Path) -> None:
    made = tmp_path / "made"
    stays, *thrown = [shelve(replace(long_film(2, branches=1), name=name), made, notes=True) for name in ("sea", "a", "b")]
    for folder in thrown:
        film_trash.throw_away(folder, made)
    whole = files(stays)
    content = {each.summary.name: files(each.summary.folder) for each in film_trash.list_trash(made)}
    shutil.copytree(made, tmp_path / "whole")
    for number, moment in enumerate(moments(run(processes, emptying_child.delete_films, tmp_path / "whole"))):
        home = tmp_path / f"{number}" / "projects"
        shutil.copytree(made, home)
        run(processes, emptying_child.delete_films, home, moment)
        assert files(home / stays.name) == whole
        left = film_trash.list_trash(home)
        assert all(files(each.summary.folder) == content[each.summary.name] for each in left), "whole or not at all"
        studio = make_studio(home.parent)
        assert [summary.name for summary in studio.list()] == ["sea"] and studio.open(stays.name).findings == ()
        studio.sweep()
        assert {path.name for path in (home / film_trash.TRASH).iterdir()} == {each.key for each in left}
        film_trash.delete(home, [each.key for each in left])
        assert film_trash.list_trash(home) == ()
