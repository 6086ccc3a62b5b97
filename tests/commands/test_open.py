"""`python app.py open`: where an exported film leads, without the page."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import app
from studio.project.folder_care import DOCUMENT
from tests.media.test_packets import remux
from tests.shelves import make_film, make_studio, render_all

Captured = pytest.CaptureFixture[str]


def test_a_film_leads_back_and_elsewhere_it_is_a_new_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    session = render_all(make_film(make_studio(tmp_path), "one", "two"))
    session.store.close()
    film = tmp_path / "film.mp4"
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path / "projects"))
    assert app.main(["export", "A film", "-o", str(film), "--sidecar"]) == 0 and Path(f"{film}.json").is_file()
    for path in (film, Path(f"{film}.json"), remux(film, tmp_path / "other.mkv")):
        capsys.readouterr()
        assert app.main(["open", str(path), "--only"]) == 0
        told = capsys.readouterr().err
        assert f"A film, segment 2, take {session.project.head}: {session.folder}" in told
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path / "elsewhere"))
    assert app.main(["open", str(film), "--only"]) == 0
    assert "Resume makes it again" in capsys.readouterr().err
    (made,) = (tmp_path / "elsewhere").glob(f"*/{DOCUMENT}")
    assert (made.parent / "job.json").is_file() and list((made.parent / "media").glob("*.png")), "with the sidecar's picture"


def test_what_leads_nowhere_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path / "projects"))
    session = render_all(make_film(make_studio(tmp_path), "one"))
    clip = session.store.take_folder(str(session.project.head)) / "clip.mp4"
    shutil.copy(clip, tmp_path / "a.mp4")
    (tmp_path / "b.mp4").write_text("no film")
    for name, words in (("a.mp4", "no film of this studio"), ("b.mp4", "no film of this studio"), ("c.mp4", "There is no file")):
        assert app.main(["open", str(tmp_path / name), "--only"]) == 1
        assert words in capsys.readouterr().err
