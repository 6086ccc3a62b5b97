"""States that a killed process leaves between two steps of finishing a take: what was finished is found whole."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.engine import take_folder
from studio.media.clip import probe
from studio.project import edits
from studio.project.model import Clock, Project
from studio.project.store import Store
from studio.session import Session
from tests.fake_engine import FakeEngine
from tests.shelves import make_film, make_studio, render_all


class Killed(BaseException):
    """The process ends here."""


def killed_while_tidying(folder: Path, after: int) -> None:
    """Tidy a take's folder, but only so many files of it."""
    left, unlink = after, Path.unlink

    def dying(path: Path, missing_ok: bool = False) -> None:
        nonlocal left
        if left == 0:
            raise Killed
        left -= 1
        unlink(path, missing_ok)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "unlink", dying)
        with pytest.raises(Killed):
            take_folder.tidy(folder)


def begun_again(session: Session, tidy: Callable[[Path], None]) -> Path:
    """The session's only take as a kill left it that came before its note was written: the sections' files are there, joined."""
    (take,) = session.project.film()
    folder, store = session.store.take_folder(take.id), session.store
    clip, snapshot = (folder / name for name in (take_folder.CLIP, take_folder.SNAPSHOT))
    for section in range(take.sections):
        take_folder.section_clip(folder, section).write_bytes(clip.read_bytes())
        take_folder.section_snapshot(folder, section).write_bytes(snapshot.read_bytes())
    note = json.loads((folder / "take.json").read_text("utf-8"))
    note["take"] |= {"sections": 0, "frames": 0, "state": "partial"}
    (folder / "take.json").unlink()
    tidy(folder)
    (folder / "asked.json").write_text(json.dumps(note))
    for name in ("project.json", "project.json.bak"):
        document = json.loads((session.folder / name).read_text("utf-8"))
        document["takes"], document["head"] = [], None
        for branch in document["branches"]:
            branch["tip"] = None
        (session.folder / name).write_text(json.dumps(document))
    store.close()
    return folder


@pytest.mark.parametrize("after", range(1, 6))
def test_killed_while_section_files_are_removed(tmp_path: Path, after: int) -> None:
    session = render_all(make_film(make_studio(tmp_path), "a", sections=3))
    (take,) = session.project.film()
    folder = begun_again(session, lambda folder: killed_while_tidying(folder, after))
    found = make_studio(tmp_path).open(session.id).project.film()
    assert [(t.id, t.sections, t.frames, t.state) for t in found] == [(take.id, 3, 12, "done")]
    assert probe(folder / take_folder.CLIP).frames == 12 and not list(folder.glob("section-*"))


def test_a_damaged_joined_clip_is_joined_again_from_its_sections(tmp_path: Path) -> None:
    engine = FakeEngine()
    session = render_all(make_film(make_studio(tmp_path, engine), "a", sections=1))
    folder = begun_again(session, lambda _: None)
    (folder / take_folder.CLIP).write_bytes(b"cut short")
    (take,) = make_studio(tmp_path).open(session.id).project.film()
    assert (take.frames, take.state) == (4, "done") and probe(folder / take_folder.CLIP).frames == 4


def test_the_clock_of_the_render_counts_and_not_that_of_a_model_chosen_since(tmp_path: Path) -> None:
    session = render_all(make_film(make_studio(tmp_path), "a", sections=3))

    def slower(project: Project) -> Project:
        return edits.set_model(project, "another", Clock(24, 2), (64, 48))

    begun_again(session, take_folder.tidy)
    store = Store(session.folder)
    store.save(slower(store.open().project))
    store.close()
    (take,) = make_studio(tmp_path).open(session.id).project.film()
    assert (take.sections, take.frames, take.state) == (3, 12, "done")


def test_a_take_is_finished_although_its_section_files_cannot_be_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unlink = Path.unlink

    def held(path: Path, missing_ok: bool = False) -> None:
        if path.name.startswith("section-"):
            raise PermissionError("another program has it open")
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", held)
    session = render_all(make_film(make_studio(tmp_path), "a", sections=2))
    (take,) = session.project.film()
    assert take.state == "done" and take.sections == 2


def test_files_that_a_killed_studio_was_writing_are_removed(tmp_path: Path) -> None:
    session = render_all(make_film(make_studio(tmp_path), "a"))
    (take,) = session.project.film()
    session.store.close()
    take_files, films = session.store.take_folder(take.id), session.folder / "films"
    films.mkdir(exist_ok=True)
    left = [session.folder / ".project-0123abcd.part.json", session.folder / ".job-0123abcd.part.json",
            take_files / ".take-0123abcd.part.json", take_files / ".psi-0123abcd.part",
            films / ".A film-0123abcd.part.mp4"]  # fmt: skip
    others = [session.folder / ".project-notes.json", take_files / ".mine.json", session.folder / ".notes-20261201.txt"]
    for path in (*left, *others):
        path.write_bytes(b"{")
    make_studio(tmp_path).open(session.id)
    assert not any(map(os.path.exists, left)) and all(map(os.path.exists, others))
