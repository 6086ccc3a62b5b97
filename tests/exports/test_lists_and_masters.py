"""The film as lists, boards, masters and pictures: every file is read back by the library that others read it with."""

from __future__ import annotations

import csv
import zipfile
from dataclasses import replace

import pytest
from PIL import Image

from studio.media import masters
from studio.media.clip import probe
from studio.project import edits
from studio.project.model import FIRST_FRAME, Look
from studio.project.store import CLIP
from studio.session import EditError, MediaError, Session, Studio
from studio.session.exports.cut import film_cuts
from studio.session.exports.exports import Options
from tests.exports.conftest import PROMPTS, RATE


def test_the_shot_list(film: Session) -> None:
    film.edit(edits.set_cast, "@home")
    path = film.exports.make("shots").path
    assert path.name == "Das-Meer-é-shots.csv" and path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["prompt"] for row in rows] == ["she waves\nand turns", "'=HYPERLINK(1)", PROMPTS[2]]
    assert [(row["segment"], row["shot"], row["start"], row["end"]) for row in rows] == [
        ("1", "1", "00:00:00:00", "00:00:00:08"), ("2", "1", "00:00:00:08", "00:00:00:16"),
        ("3", "2", "00:00:00:16", "00:00:01:00")]
    assert [(row["frames"], row["seconds"], row["fps"], row["seed"]) for row in rows] == [
        ("8", "0.333", "24", str(seed)) for seed in range(3)]
    assert [(row["star"], row["other takes"]) for row in rows] == [("", "0"), ("", "1"), ("★", "0")]
    assert rows[2]["notes"] == "Begins a new shot." and rows[0]["model"] == "tiny"
    assert [row["take"] for row in rows] == [cut.name for cut in film_cuts(film.project)]


def test_notes_tell_what_is_special(film: Session) -> None:
    second = film.project.film()[1].id
    film.edit(lambda project: replace(project, looks={second: Look(FIRST_FRAME)}, pins=(second,)))
    with film.exports.make("shots").path.open(encoding="utf-8-sig", newline="") as file:
        notes = list(csv.DictReader(file))[1]["notes"]
    assert notes == "Its colours are matched to the first frame of its shot. Pinned in the memory."


def test_a_storyboard_and_a_contact_sheet(film: Session) -> None:
    pypdf = pytest.importorskip("pypdf", reason="reading a storyboard back needs: pip install pypdf")
    board = film.exports.make("storyboard", Options(paper="letter"))
    assert board.path.name == "Das-Meer-é-storyboard.pdf"
    (page,) = pypdf.PdfReader(board.path).pages
    text = " ".join(page.extract_text().split())
    assert "she waves and turns" in text and "3 segments · 00:00:01:00 · 24 frames a second" in text
    assert all(cut.name in text for cut in film_cuts(film.project)) and "Starred take" in text
    with pytest.raises(EditError, match="a4 or letter"):
        film.exports.make("storyboard", Options(paper="a0"))
    with Image.open(film.exports.make("sheet").path) as sheet:
        assert sheet.width > 1200 and sheet.height > 3 * 192


def test_letters_without_a_font_are_named(film: Session) -> None:
    film.edit(edits.rename, "a \U00012000")
    assert "\U00012000" in film.exports.make("storyboard").aside


def test_masters_and_pictures(film: Session) -> None:
    assert film.exports.make("ffv1").path.name == "Das-Meer-é.mkv"
    assert film.exports.make("prores").path.name == "Das-Meer-é.mov"
    with zipfile.ZipFile(film.exports.make("frames", Options(first=101)).path) as archive:
        assert archive.namelist()[::23] == ["Das-Meer-é/Das-Meer-é.0101.png", "Das-Meer-é/Das-Meer-é.0124.png"]
    assert probe(film.exports.make("film", Options(fps=30)).path).frames == 30


def test_a_master_without_its_encoder_is_not_offered(film: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    assert film.exports.problems() == {}
    monkeypatch.setattr(masters.av, "codecs_available", masters.av.codecs_available - {"prores_ks"})
    assert list(film.exports.problems()) == ["prores"]
    with pytest.raises(MediaError, match="ProRes"):
        film.exports.make("prores")


def test_nothing_to_export_yet(studio: Studio) -> None:
    session = studio.create()
    for kind in session.exports.kinds:
        session.edit(lambda project: replace(project, clock=replace(project.clock, fps=RATE)))
        with pytest.raises(EditError, match="no film yet"):
            session.exports.make(kind)
    with pytest.raises(EditError, match=r"no export 'avi'\. Choose one of film, otio"):
        session.exports.make("avi")


def test_a_gap_is_told_and_the_shot_list_goes_on(film: Session) -> None:
    (film.store.take_folder(film.project.film()[1].id) / CLIP).unlink()
    for kind in film.exports.kinds:
        if kind != "shots":
            with pytest.raises(MediaError, match="clip of segment 2 is missing"):
                film.exports.make(kind)
    with film.exports.make("shots").path.open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == 3
