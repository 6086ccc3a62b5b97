"""The film for editors: every cut is read back by the library that others read it with; and what holds for all exports."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import opentimelineio as otio
import pytest
from opentimelineio.opentime import RationalTime, TimeRange

from studio.media import image_sequence
from studio.media.clip import probe, read_clip, write_clip
from studio.media.export import read_lineage
from studio.project import edits, sound_edits
from studio.project.store import CLIP
from studio.session import EditError, MediaError, Session, Studio
from studio.session.exports.cut import REEL, film_cuts
from studio.session.exports.timeline import FINAL_CUT_RATES, KEY
from tests.exports.conftest import PROMPTS, RATE
from tests.media.sounds import saved, tone
from tests.shelves import make_film, make_studio, picture, render_all


def pack(session: Session, kind: str) -> tuple[str, dict[str, bytes]]:
    """The timeline in an exported ZIP, and all files in it by their paths beside the timeline."""
    exported = session.exports.make(kind)
    with zipfile.ZipFile(exported.path) as archive:
        assert archive.testzip() is None
        files = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
        assert {name.partition("/")[0] for name in archive.namelist()} == {"Das-Meer-é"}
    return files[f"Das-Meer-é.{kind}"].decode(), files


def span(first: int, frames: int, rate: int = RATE) -> TimeRange:
    return TimeRange(RationalTime(first, rate), RationalTime(frames, rate))


def test_an_otio_timeline(film: Session, tmp_path: Path) -> None:
    text, files = pack(film, "otio")
    timeline = otio.adapters.read_from_string(text, "otio_json")
    (track,) = timeline.video_tracks()
    assert timeline.name == "Das Meer / é" and timeline.duration() == RationalTime(24, RATE)
    assert [clip.trimmed_range_in_parent() for clip in track] == [span(8 * at, 8) for at in range(3)]
    takes = film.project.film()
    for number, (clip, take) in enumerate(zip(track, takes, strict=True), 1):
        reference = clip.media_reference
        assert reference.target_url in files and reference.available_range == clip.source_range == span(0, 8)
        made = tmp_path / "clip.mp4"
        made.write_bytes(files[reference.target_url])
        assert (probe(made).fps, probe(made).frames) == (RATE, 8)
        assert (read_clip(made) == read_clip(film.store.take_folder(take.id) / CLIP)).all(), "not encoded again"
        assert (read_lineage(made) or {})["takes"][0]["id"] == take.id
        record = clip.metadata[KEY]
        assert (record["prompt"], record["seed"], record["model"]) == (take.segment.prompt, take.segment.seed, "tiny")
        assert (record["segment"], record["shot"], record["star"]) == (number, 1 if number < 3 else 2, number == 3)
        assert clip.markers[0].name == "Prompt" and clip.markers[0].comment == PROMPTS[number - 1]
    assert [marker.name for clip in track for marker in clip.markers] == ["Prompt", "Prompt", "Prompt", "Note"]
    assert track[2].markers[1].comment == "Begins a new shot."


def test_other_takes_are_alternates(film: Session) -> None:
    text, files = pack(film, "otio")
    clips = list(otio.adapters.read_from_string(text, "otio_json").find_clips())
    assert [len(clip.media_references()) for clip in clips] == [1, 2, 1]
    (key,) = set(clips[1].media_references()) - {otio.schema.Clip.DEFAULT_MEDIA_KEY}
    other = clips[1].media_references()[key]
    assert other.target_url in files and other.metadata[KEY]["seed"] == 77 and other.available_range == span(0, 8)
    assert clips[1].active_media_reference_key == otio.schema.Clip.DEFAULT_MEDIA_KEY
    gone = other.metadata[KEY]["id"]
    (film.store.take_folder(gone) / CLIP).unlink()
    text, files = pack(film, "otio")
    clips = list(otio.adapters.read_from_string(text, "otio_json").find_clips())
    assert [len(clip.media_references()) for clip in clips] == [1, 1, 1] and len(files) == 1 + 3 + 2
    assert not any(gone in name for name in files)


def test_a_clip_for_each_shot(film: Session, tmp_path: Path) -> None:
    _, files = pack(film, "edl")
    assert sorted(name for name in files if name.startswith("shots/")) == ["shots/shot-01.mp4", "shots/shot-02.mp4"]
    for name, frames in (("shots/shot-01.mp4", 16), ("shots/shot-02.mp4", 8)):
        (tmp_path / "shot.mp4").write_bytes(files[name])
        assert probe(tmp_path / "shot.mp4").frames == frames


def test_the_films_sound_and_markers(film: Session, tmp_path: Path) -> None:
    film.edit(lambda project: replace(project, markers=(0.25, 0.5)))
    film.sounds.use(saved(tmp_path / "Wind & sea.wav", "pcm_s16le", tone(2.0)))
    heard = {}
    for offset in (0.25, -1.5, 5.0):
        film.edit(sound_edits.place_sound, offset, -3.0)
        for kind, adapter in (("otio", "otio_json"), ("xml", "fcp_xml")):
            text, files = pack(film, kind)
            timeline = otio.adapters.read_from_string(text, adapter)
            clips = [clip for track in timeline.audio_tracks() for clip in track.find_clips()]
            assert all(files[clip.media_reference.target_url] for clip in clips) and "sound/Wind-sea.m4a" in files
            heard[offset, kind] = [(clip.source_range.start_time.value, clip.trimmed_range_in_parent().start_time.value,
                                    clip.source_range.duration.value) for clip in clips]
            marked = [marker.marked_range.start_time.value for marker in timeline.tracks.markers]
            assert marked == [6, 12] and len(list(timeline.video_tracks()[0].find_clips())) == 3
        text, files = pack(film, "edl")
        assert text.count("* FROM CLIP NAME") == 3 and "sound/Wind-sea.m4a" in files, "its sound lies beside it"
    assert all(heard[0.25, kind] == [(0, 6, 18)] and heard[-1.5, kind] == [(36, 0, 12)] for kind in ("otio", "xml"))
    assert heard[5.0, "otio"] == [] == heard[5.0, "xml"], "it begins behind the film's end"
    film.store.folder.joinpath(str(film.project.sound and film.project.sound.file)).unlink()
    with pytest.raises(MediaError, match="is gone from the project's folder"):
        film.exports.make("otio")


def test_an_edl(film: Session) -> None:
    text, files = pack(film, "edl")
    assert text.splitlines()[:2] == ["TITLE: Das Meer / é", "FCM: NON-DROP FRAME"]
    timeline = otio.adapters.read_from_string(text, "cmx_3600", rate=RATE)
    clips = list(timeline.find_clips())
    assert [clip.trimmed_range_in_parent() for clip in clips] == [span(8 * at, 8) for at in range(3)]
    assert [clip.name for clip in clips] == [cut.name for cut in film_cuts(film.project)]
    reels = [clip.metadata["cmx_3600"]["reel"] for clip in clips]
    assert all(reel.isalnum() and reel.isascii() and len(reel) <= REEL for reel in reels) and len(set(reels)) == 3
    assert "* PROMPT: she waves and turns" in text and "* PROMPT: 夜の海 & <rain>" in text and "* SEED: 1" in text
    assert not any(name.startswith("alternates") for name in files), "an EDL names none"


def test_a_final_cut_xml(film: Session) -> None:
    text, files = pack(film, "xml")
    timeline = otio.adapters.read_from_string(text, "fcp_xml")
    clips = list(timeline.find_clips())
    assert [clip.trimmed_range_in_parent() for clip in clips] == [span(8 * at, 8) for at in range(3)]
    assert all(clip.media_reference.target_url in files for clip in clips)
    assert clips[2].markers[0].metadata["fcp_xml"]["comment"] == PROMPTS[2]
    assert "<displayformat>NDF</displayformat>" in text and "<audio/>" not in text.partition("</track>")[0]
    assert "<width>64</width>" in text


@pytest.mark.parametrize(("fps", "edl", "xml"), [(12, False, False), (24, True, True), (30, True, True), (50, False, True)])
def test_rates_that_a_form_cannot_state_are_refused(film: Session, fps: int, edl: bool, xml: bool) -> None:
    film.edit(lambda project: replace(project, clock=replace(project.clock, fps=fps)))
    for kind, fits in (("edl", edl), ("xml", xml), ("otio", True)):
        assert (kind not in film.exports.problems()) == fits
        if fits:
            pack(film, kind)
        else:
            with pytest.raises(EditError, match=rf"{fps}.*OpenTimelineIO holds any rate"):
                film.exports.make(kind)


def test_the_rates_of_final_cut_are_those_with_timecode() -> None:
    assert tuple(fps for fps in range(1, 121) if RationalTime.is_smpte_timecode_rate(fps)) == FINAL_CUT_RATES


def left_of_exports(session: Session) -> list[str]:
    return [path.name for path in (session.store.films / "exports").rglob("*") if path.is_file()]


def test_a_full_disk_leaves_nothing_half_written(film: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = film.exports.kinds
    film.films.film()
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000})())
    for kind in kinds:
        with pytest.raises(MediaError, match="disk is nearly full"):
            film.exports.make(kind)
    monkeypatch.undo()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(image_sequence.zipfile.ZipFile, "write", full)
    for kind in ("otio", "xml", "edl"):
        with pytest.raises(MediaError, match="is full"):
            film.exports.make(kind)
    assert left_of_exports(film) == []


@pytest.mark.parametrize("name", ["مرحبا", "../../etc/passwd", "夜" * 120, "CON"])
def test_films_of_any_name(film: Session, name: str) -> None:
    film.edit(edits.rename, name)
    for kind in ("otio", "xml", "edl", "shots", "storyboard", "frames"):
        exported = film.exports.make(kind)
        assert exported.path.parent.parent == film.store.films / "exports"
        if exported.path.suffix == ".zip":
            with zipfile.ZipFile(exported.path) as archive:
                assert not any(member.startswith(("/", ".")) or ".." in member.split("/") for member in archive.namelist())


def test_very_long_prompts(studio: Studio, tmp_path: Path) -> None:
    long = "a word and another one " * 86
    session = render_all(make_film(studio, long))
    session.set_reference(picture(tmp_path, "red"))
    session.edit(lambda project: replace(project, clock=replace(project.clock, fps=RATE)))
    write_clip(session.store.take_folder(session.project.film()[0].id) / CLIP, np.zeros((4, 48, 64, 3), np.uint8), RATE)
    with zipfile.ZipFile(session.exports.make("edl").path) as archive:
        lines = archive.read("A-film/A-film.edl").decode().splitlines()
    assert max(map(len, lines)) < 140
    with zipfile.ZipFile(session.exports.make("otio").path) as archive:
        timeline = otio.adapters.read_from_string(archive.read("A-film/A-film.otio").decode(), "otio_json")
    assert next(iter(timeline.find_clips())).markers[0].comment == long.strip()
    assert session.exports.make("storyboard").path.stat().st_size > 1000


def test_no_exported_file_names_the_films_id(tmp_path: Path) -> None:
    """On a shared studio the id is the film's address: whoever is given a film must not be able to open and change it."""
    session = render_all(make_film(make_studio(tmp_path), "a", "b"))
    take = session.project.path()[0].id
    film = session.films.export_film()
    made = [film, session.films.sidecar(film)]
    made += [session.films.export_take(take, kind) for kind in ("mp4", "gif", "webp", "poster")]
    made += [session.exports.make(kind).path for kind in ("otio", "sheet", "shots", "prores")]
    for path in made:
        content = path.read_bytes()
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                content = b"".join(archive.read(name) for name in archive.namelist())
        assert session.project.id.encode() not in content, path.name
