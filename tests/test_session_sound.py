"""The sound of a film in a session: copied, drawn, exported with the film, packed with the project, and missed when it is gone."""

from __future__ import annotations

import base64
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.media import MediaError
from studio.media.sound import RATE, read_sound
from studio.project import edits, history, undo_log
from studio.project.sound_edits import place_sound, set_sound
from studio.session import Session, Studio
from studio.session.project_zip import unpack
from studio.ui.api import PageApi
from studio.ui.views import board
from tests.media.sounds import saved, tone
from tests.shelves import make_film, make_studio, render_all


def song(folder: Path, seconds: float = 2.0, name: str = "Song.mp3") -> Path:
    return saved(folder / name, "libmp3lame", tone(seconds))


def with_sound(tmp_path: Path) -> Session:
    session = render_all(make_film(make_studio(tmp_path), "a", "b", sections=2))
    assert session.sounds.use(song(tmp_path)) == ""
    return session


def heard(film: Path) -> np.ndarray:
    return np.abs(np.concatenate(list(read_sound(film)), axis=1)[0])


def test_a_sound_is_copied_and_exported_with_the_film(tmp_path: Path) -> None:
    session = with_sound(tmp_path)
    sound = session.project.sound
    assert sound and sound.name == "Song.mp3" and sound.seconds == pytest.approx(2.0, abs=0.1)
    assert session.sounds.file() == session.folder / sound.file
    seconds = sum(session.project.clock.seconds(take.frames) for take in session.project.film())
    session.edit(place_sound, seconds / 2, 0)
    loud = heard(session.films.export_film())
    half = len(loud) // 2
    assert loud[: half - RATE // 10].max() < 0.01 and loud[half + RATE // 10 :].max() > 0.3
    other = heard(session.films.export_film(audio=song(tmp_path, 0.5, "Other.mp3")))
    assert other[: RATE // 4].max() > 0.3, "a file that is named for one export is taken instead"
    session.undo()
    session.undo()
    assert session.project.sound is None and board(session, (), ())["sound"]["url"] is None


def test_the_waveform_is_the_sounds(tmp_path: Path) -> None:
    session = with_sound(tmp_path)
    found = session.sounds.waveform()
    assert len(found) == pytest.approx(2 * 40, abs=6) and found[8:70].min() > 100
    assert session.sounds.waveform() is found, "read once"


def test_a_sound_that_is_gone_is_said(tmp_path: Path) -> None:
    session = with_sound(tmp_path)
    file = session.sounds.file()
    assert file
    file.unlink()
    view = board(session, (), ())["sound"]
    assert view["missing"] and view["url"] is None and view["name"] == "Song.mp3"
    for act in (session.films.export_film, session.sounds.waveform):
        with pytest.raises(MediaError, match="gone from the project's folder"):
            act()


def test_what_is_no_sound_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    session = with_sound(tmp_path)
    before, files = session.project, sorted(session.store.media.iterdir())
    text = tmp_path / "notes.txt"
    text.write_text("no sound")
    with pytest.raises(MediaError, match=r"notes\.txt is a text, not sound"):
        session.sounds.use(text)
    assert session.project == before and sorted(session.store.media.iterdir()) == files


def test_a_long_sound_is_kept_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.session.sounds.LONGEST", 1.2)
    session = make_film(make_studio(tmp_path), "a")
    assert session.sounds.use(song(tmp_path)) == "The first 0.02 minutes of Song.mp3 are kept."
    assert session.project.sound and session.project.sound.seconds == 1.2


def test_the_sound_travels_with_the_project(tmp_path: Path) -> None:
    session = with_sound(tmp_path)
    sound = session.project.sound
    parcel = session.films.export_project()
    with zipfile.ZipFile(parcel) as archive:
        assert any(sound and name.endswith(sound.file) for name in archive.namelist())
    home = tmp_path / "elsewhere"
    came = Studio(home, session._engine, ()).open(unpack(parcel, home))
    assert came.project.sound == sound and came.sounds.file()


def files_of_sounds(session: Session) -> set[str]:
    return {f"media/{path.name}" for path in session.store.media.glob("*.m4a")}


def reopened(session: Session, tmp_path: Path) -> Session:
    """The same project in another studio, as after a restart."""
    session.store.close()
    return make_studio(tmp_path).open(session.id)


def test_a_sound_that_was_replaced_stays_while_undo_leads_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (history, undo_log):
        monkeypatch.setattr(module, "DEPTH", 5)
    session = make_film(make_studio(tmp_path), "a")
    sounds = []
    for number in (1, 2, 3):
        session.sounds.use(song(tmp_path, number / 2))
        assert session.project.sound
        sounds.append(session.project.sound.file)
    session.undo()
    session = reopened(session, tmp_path)
    assert files_of_sounds(session) == set(sounds), "undo leads to the first, redo to the third"
    session.redo()
    session.undo()
    for number in range(3):
        session.edit(edits.rename, f"Film {number}")
    session = reopened(session, tmp_path)
    assert files_of_sounds(session) == set(sounds[:2]), "the third cannot be redone any more"
    for _ in range(4):
        session.undo()
    assert session.project.sound and session.project.sound.file == sounds[0] and session.sounds.waveform().any()
    session.redo()
    for number in range(6):
        session.edit(edits.rename, f"Long film {number}")
    session = reopened(session, tmp_path)
    assert session.project.sound and files_of_sounds(session) == {session.project.sound.file} == {sounds[1]}


@pytest.mark.parametrize("trouble", ["damage", "undo", "newer"])
def test_no_sound_is_removed_from_a_project_in_trouble(tmp_path: Path, trouble: str) -> None:
    session = make_film(make_studio(tmp_path), "a")
    session.sounds.use(song(tmp_path))
    unused = session.store.media / f"{'0' * 16}.m4a"
    unused.write_bytes(b"sound")
    files = files_of_sounds(session)
    session.store.close()
    document = session.folder / "project.json"
    if trouble == "newer":
        document.write_text(json.dumps(json.loads(document.read_text()) | {"format": 999}))
        assert make_studio(tmp_path).open(session.id).store.read_only and files_of_sounds(session) == files
        return
    (session.folder / {"damage": "project.json", "undo": "undo.log"}[trouble]).write_text("{")
    session = make_studio(tmp_path).open(session.id)
    assert session.findings and files_of_sounds(session) == files
    session.dismiss(session.findings[0])
    assert files_of_sounds(reopened(session, tmp_path)) == files - {f"media/{unused.name}"}


def test_a_sound_of_the_document_before_stays(tmp_path: Path) -> None:
    session = make_film(make_studio(tmp_path), "a")
    session.sounds.use(song(tmp_path))
    session.edit(set_sound, None)
    (session.folder / "undo.log").unlink()
    again = reopened(session, tmp_path)
    assert not again.findings and len(files_of_sounds(again)) == 1, "it is what a damaged document is replaced by"
    again.edit(edits.rename, "Sea")
    (session.folder / "undo.log").unlink()
    assert not files_of_sounds(reopened(again, tmp_path))


def test_the_verbs_of_the_page(tmp_path: Path) -> None:
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    api = PageApi(make_studio(tmp_path), (), uploads)
    session = make_film(api.studio, "a", "b")

    def ask(verb: str, **fields: Any) -> dict[str, Any]:
        return api.answer({"verb": verb, "project": session.id, **fields})

    def does(verb: str, **fields: Any) -> Any:
        reply = ask(verb, **fields)
        assert reply["ok"], reply
        return reply["answer"]

    does("use_sound", path=str(song(uploads)))
    does("place_sound", offset=-1e12)
    assert session.project.sound and session.project.sound.offset == -1200, "moved to the nearer bound"
    does("place_sound", offset=0.5)
    does("place_sound", gain=-6)
    assert (session.project.sound.offset, session.project.sound.gain) == (0.5, -6)
    answer = does("waveform")
    assert base64.b64decode(answer["peaks"]) == session.sounds.waveform().tobytes() and answer["rate"] == 40
    length = session.project.clock.seconds(session.project.clock.section_frames)
    does("add_marker", at=2 * length + 0.1)
    assert "within 0.1 seconds" in does("fit_to_markers")["note"]
    assert session.project.current().segments[0].frames == 2 * session.project.clock.section_frames
    does("remove_marker", at=2 * length + 0.1)
    assert "press M" in ask("fit_to_markers")["notice"]["message"]
    does("remove_sound")
    assert session.project.sound is None
    for wrong in ({"at": "1"}, {"at": None}, {}):
        assert not ask("add_marker", **wrong)["ok"]
