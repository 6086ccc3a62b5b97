"""Trimmed and looped takes in films, exports and cuts; undone, opened again, with a full disk."""

from __future__ import annotations

import csv
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import opentimelineio as otio
import pytest

from studio.media.clip import probe, read_clip, write_clip
from studio.media.export import read_lineage
from studio.media.played import CHUNK, frames_in
from studio.project import edits
from studio.project.store import CLIP
from studio.project.trims import set_trim
from studio.session import MediaError, Session, Studio
from tests.fake_engine import FakeEngine
from tests.shelves import make_film, make_studio, render_all

FRAMES = 60


@pytest.fixture
def film(tmp_path: Path) -> Session:
    """Two takes of 60 frames at 24 a second; frame i is as bright as 3 * i, in the second from the other end."""
    session = render_all(make_film(make_studio(tmp_path, FakeEngine(section_frames=FRAMES)), "one", "two"))
    session.edit(lambda project: replace(
        project, clock=replace(project.clock, fps=24, section_frames=FRAMES),
        takes={key: replace(take, frames=FRAMES) for key, take in project.takes.items()}))
    for number, take in enumerate(session.project.film()):
        shades = [3 * at for at in range(FRAMES)][:: -1 if number else 1]
        write_clip(session.store.take_folder(take.id) / CLIP, np.stack([np.full((48, 64, 3), s, np.uint8) for s in shades]), 24)
    return session


def numbers(clip: Path) -> list[int]:
    """The numbers of a clip's frames, by their brightness."""
    return [round(float(frame.mean()) / 3) for frame in read_clip(clip)]


def test_a_part_is_shown_in_film_and_exports(film: Session) -> None:
    first, second = (take.id for take in film.project.film())
    whole = film.films.film()
    film.edit(set_trim, first, 10, 13)
    film.edit(set_trim, second, 57, 0, "there and back", 3)
    shown = [10, 11, 12, 2, 1, 0, 1, 2, 1, 0]
    assert numbers(film.films.film() or Path()) == shown == numbers(film.films.export_film())
    assert numbers(film.films.export_take(first)) == [10, 11, 12]
    record = (read_lineage(film.films.export_film()) or {})["takes"]
    assert record[0]["trim"] == {"first": 10, "end": 13, "loop": "once", "times": 1}
    film.undo()
    film.undo()
    assert film.films.film() == whole and numbers(whole or Path())[:3] == [0, 1, 2]


def test_frames_forwards_and_backwards(film: Session) -> None:
    clip = film.store.take_folder(film.project.film()[0].id) / CLIP
    assert CHUNK < FRAMES - 10
    for wanted in (range(5, 55), range(54, 4, -1), range(24, 25), range(59, -1, -1), range(3, 3)):
        assert [round(float(frame.mean()) / 3) for frame in frames_in(clip, wanted)] == list(wanted)
    with pytest.raises(MediaError, match="fewer frames"):
        list(frames_in(clip, range(50, 70)))


def test_cuts_have_handles_and_loops_are_played_out(film: Session) -> None:
    first, second = (take.id for take in film.project.film())
    film.edit(set_trim, first, 10, 13)
    film.edit(set_trim, second, 50, 60, "repeat", 2)
    with zipfile.ZipFile(film.exports.make("otio").path) as archive:
        archive.extractall(film.folder / "cut")
    folder = film.folder / "cut" / "A-film"
    timeline = otio.adapters.read_from_file(str(folder / "A-film.otio"))
    one, two = timeline.find_clips()
    span = [(int(c.source_range.start_time.value), int(c.source_range.duration.value)) for c in (one, two)]
    assert span == [(10, 3), (0, 20)] and timeline.duration().value == 23
    assert one.markers[0].marked_range.start_time.value == 10, "on the first frame that is shown"
    files = [folder / c.media_reference.target_url for c in (one, two)]
    assert [probe(file).frames for file in files] == [60, 20]
    assert [int(c.media_reference.available_range.duration.value) for c in (one, two)] == [60, 20]
    assert numbers(files[1]) == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0] * 2
    assert numbers(folder / "shots" / "shot-01.mp4")[:4] == [10, 11, 12, 9]
    with zipfile.ZipFile(film.exports.make("edl").path) as archive:
        assert "00:00:00:10 00:00:00:13 00:00:00:00 00:00:00:03" in archive.read("A-film/A-film.edl").decode()
    with film.exports.make("shots").path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["start"], row["end"], row["notes"]) for row in rows] == [
        ("00:00:00:00", "00:00:00:03", "Frames 11 to 13 of 60."), ("00:00:00:03", "00:00:00:23", "Frames 51 to 60 of 60, 2 times.")]


def test_what_is_generated_next_is_not_affected(studio: Studio, engine: FakeEngine) -> None:
    session = render_all(make_film(studio, "one", sections=2))
    take = session.project.film()[0]
    folder = session.store.take_folder(take.id)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    session.edit(set_trim, take.id, 0, 3)
    session.films.film()
    session.edit(edits.add_segment, prompt="two", frames=4)
    render_all(session)
    assert engine.requests[-1].parent == folder and session.project.takes[take.id] == take
    assert {name: (folder / name).read_bytes() for name in before} == before
    assert edits.stale_takes(session.project) == frozenset() and session.project.film()[1].parent == take.id


def test_copies_are_few_and_stay_here(film: Session, tmp_path: Path) -> None:
    first = film.project.film()[0].id
    for end in (20, 30, 40, 50):
        film.edit(set_trim, first, 0, end)
        film.films.film()
    assert len(list(film.store.take_folder(first).glob("trim-*.mp4"))) == 2
    with zipfile.ZipFile(film.films.export_project()) as archive:
        assert not any("trim-" in name for name in archive.namelist())
    arrived = Studio(tmp_path / "there", FakeEngine(), ()).unpack(film.films.export_project())
    assert arrived.project.trims == film.project.trims and len(numbers(arrived.films.film() or Path())) == 50 + FRAMES


def test_a_full_disk_keeps_the_whole_take(film: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    first = film.project.film()[0].id
    film.edit(set_trim, first, 0, 20)
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000})())
    with pytest.raises(MediaError, match="disk"):
        film.films.film()
    assert not list(film.store.take_folder(first).glob("trim-*"))
