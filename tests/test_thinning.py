"""Snapshots that are removed where they are not needed, and made again: which ones, what is said, and that they are the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from studio.engine import take_folder
from studio.project import edits, thinning
from studio.project.choices import set_star
from studio.project.folder_care import DOCUMENT
from studio.project.memory_edits import pin
from studio.project.model import Shot
from studio.project.store import StoreError
from studio.session import EditError, Session
from studio.session.thinning import weigh
from studio.session.trash import folder_size
from tests.fake_engine import FakeEngine
from tests.project.builders import film, generated, rendered
from tests.shelves import make_film, make_studio, render_all, wait_for_job, wait_until


def snapshot(session: Session, take: str) -> Path:
    return session.store.take_folder(take) / take_folder.SNAPSHOT


def thinned(session: Session) -> list[int]:
    """Places in the film of the takes without memory."""
    return [place for place, take in enumerate(session.project.path(), 1) if take.thinned]


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return render_all(make_film(make_studio(tmp_path), *"abcdef"))


def again(session: Session, home: Path) -> Session:
    session.store.close()
    return make_studio(home).open(session.id)


def test_which_takes_can_do_without() -> None:
    project = generated(film(*"abcdefgh"), 8)
    path = [take.id for take in project.film()]

    def places(now: object, every: int = 100) -> list[int]:
        found = {take.id for take in thinning.thinnable(now, every)}             # type: ignore[arg-type]
        return [place for place, take in enumerate(path, 1) if take in found]

    assert places(project) == [1, 2, 3, 4, 5, 6, 7]
    assert places(project, 3) == [1, 2, 4, 5, 7]
    assert places(edits.rewind(project, path[2])) == [1, 2, 4, 5, 6, 7]
    assert places(set_star(project, path[4], True)) == [1, 2, 3, 4, 6, 7]
    assert places(pin(project, path[0])) == [2, 3, 4, 5, 6, 7]
    twin = rendered(project, project.takes[path[3]].segment, path[2])
    parted = edits.add_take(project, twin, follow=False)
    assert places(parted) == [1, 2, 4, 5, 6, 7], "the third is continued twice"
    loose = edits.drop_branch(parted, parted.branches[-1].id)
    assert twin.id not in {take.id for take in thinning.thinnable(loose, 100)}, "its branch lies in the trash"
    assert not places(thinning.set_thinned(project, path, True))


def test_what_it_weighs(session: Session) -> None:
    weight = weigh(session)
    assert weight.clips + weight.snapshots == folder_size(session.store.takes) and weight.trash == 0
    assert weight.media == folder_size(session.store.media) > 0
    takes, freed = session.snapshots.removable(100)
    assert len(takes) == 5 and session.snapshots.thin(100) == freed
    after = weigh(session)
    assert after.snapshots == weight.snapshots - freed and thinned(session) == [1, 2, 3, 4, 5]
    assert session.snapshots.thin(100) == 0


def test_a_take_without_memory_says_so_and_gets_it_back(session: Session, tmp_path: Path) -> None:
    memories = [snapshot(session, take.id).read_bytes() for take in session.project.path()]
    session.snapshots.thin(4)
    assert thinned(session) == [1, 2, 3, 5]
    session = again(session, tmp_path)
    assert session.findings == () and thinned(session) == [1, 2, 3, 5]
    third = session.project.path()[2].id
    session.edit(edits.rewind, third)
    for verb in (session.jobs.generate_next, lambda: session.jobs.retake(session.project.path()[3].id)):
        with pytest.raises(EditError, match="memory after the take of segment 3 was removed"):
            verb()
    clips = {path: path.read_bytes() for path in session.store.takes.rglob("clip.mp4")}
    session.snapshots.make_again(third)
    with pytest.raises(EditError, match="being made again"):
        session.snapshots.make_again(third)
    wait_until(session, lambda: session.snapshots.view is not None and session.snapshots.view.state == "done")
    assert thinned(session) == [5] and {path: path.read_bytes() for path in clips} == clips
    assert [snapshot(session, take.id).read_bytes() for take in session.project.path()[:3]] == memories[:3]
    assert not list(session.store.takes.glob(".*"))
    with pytest.raises(EditError, match="is there"):
        session.snapshots.make_again(third)
    assert thinned(again(session, tmp_path)) == [5]


def test_undo_neither_brings_a_snapshot_back_nor_forgets_one(session: Session) -> None:
    session.edit(edits.rename, "Sea")
    session.snapshots.thin(100)
    session.undo()
    assert session.project.name == "A film" and thinned(session) == [1, 2, 3, 4, 5]
    session.undo()
    session.redo()
    session.redo()
    assert session.project.name == "Sea" and len(thinned(session)) == 5


def test_one_that_comes_out_differently_is_refused(session: Session) -> None:
    session.snapshots.thin(100)
    first, second = session.project.path()[:2]
    clip = session.store.take_folder(first.id) / take_folder.CLIP
    clip.write_bytes((session.store.take_folder(second.id) / take_folder.CLIP).read_bytes())
    session.snapshots.make_again(first.id)
    wait_until(session, lambda: session.snapshots.view is not None and session.snapshots.view.state == "failed")
    message = session.snapshots.view.message if session.snapshots.view else ""
    found = re.match(r"This take comes out differently here .*\(frame 1 by up to (\d+) levels of 255\)", message)
    assert found and int(found[1]) > 0
    assert thinned(session)[0] == 1 and not snapshot(session, first.id).exists() and not list(session.store.takes.glob(".*"))


def test_a_failure_while_it_is_made(session: Session, tmp_path: Path) -> None:
    session.snapshots.thin(100)
    session.store.close()
    engine = FakeEngine()
    engine.fail_at = (0, 2)
    session = make_studio(tmp_path, engine).open(session.id)
    session.snapshots.make_again(session.project.path()[1].id)
    wait_until(session, lambda: session.snapshots.view is not None and session.snapshots.view.state == "failed")
    assert session.snapshots.view and "Out of memory" in session.snapshots.view.message and thinned(session) == [1, 2, 3, 4, 5]


def test_takes_at_whose_frames_shots_begin_keep_their_memory(session: Session) -> None:
    second, third = (take.id for take in session.project.film()[1:3])
    session.edit(edits.add_segment, prompt="g")
    session.set_shot(6, session.frame_shot(second, 2))
    assert session.project.current().segments[6].shot == Shot(take=second, at=2)
    session.snapshots.thin(100)
    assert thinned(session) == [1, 3, 4, 5], "the next segment begins at a frame of the second"
    assert session.frame_shot(third, 2).picture, "without its memory, a frame of a take is a picture"
    session.jobs.generate_next()
    assert wait_for_job(session).state == "done"
    session.edit(edits.add_segment, prompt="h")
    session.set_shot(7, Shot(take=third, at=2))
    with pytest.raises(EditError, match="memory after the take of segment 3 was removed"):
        session.jobs.generate_next()


def test_a_full_disk_leaves_every_take_its_memory(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(session.store, "save", full)
        with pytest.raises(StoreError, match="full"):
            session.snapshots.thin(100)
    assert not thinned(session) and all(snapshot(session, take).is_file() for take in session.project.takes)


def test_killed_while_thinning(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unlink, count = Path.unlink, 0

    def unlink_or_die(path: Path, missing_ok: bool = False) -> None:
        nonlocal count
        if path.name == take_folder.SNAPSHOT:
            count += 1
            if count > 2:
                raise KeyboardInterrupt
        unlink(path, missing_ok=missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", unlink_or_die)
        with pytest.raises(KeyboardInterrupt):
            session.snapshots.thin(100)
    opened = again(session, tmp_path)
    assert thinned(opened) == [1, 2] and opened.findings == ()
    assert [snapshot(opened, take.id).is_file() for take in opened.project.path()] == [False, False, True, True, True, True]


def test_a_rescued_film_knows_which_takes_are_without_memory(session: Session, tmp_path: Path) -> None:
    session.snapshots.thin(4)
    session.store.close()
    for path in session.folder.glob(f"{DOCUMENT}*"):
        path.unlink()
    assert thinned(make_studio(tmp_path).open(session.id)) == [1, 2, 3, 5]


def test_a_film_for_viewing_only_is_not_thinned(session: Session) -> None:
    session.store.close()
    with pytest.raises(StoreError, match="viewing only"):
        session.snapshots.thin(100)
    assert all(snapshot(session, take).is_file() for take in session.project.takes)


def test_a_lost_memory_names_the_nearest_take_that_can_be_continued(session: Session) -> None:
    session.edit(edits.add_segment, prompt="g")
    first, second, *others = (snapshot(session, take.id) for take in session.project.path())
    for gone, way in (
        (others, r"snapshot\.safetensors is gone\. Rewind to the take of segment 2, the nearest"),
        ([second], "to the take of segment 1, the nearest"), ([first], "rewind to the start"),
    ):
        for each in gone:
            each.unlink()
        with pytest.raises(EditError, match=way):
            session.jobs.generate_next()
