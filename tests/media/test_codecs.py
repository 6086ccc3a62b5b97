"""Films are written by a library: what it lacks is said in a sentence, and no program on the path is needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import av
import pytest

from studio.media.codecs import ffmpeg_note, film_problem


def test_nothing_is_wrong_here() -> None:
    assert film_problem() is None


def test_a_library_without_an_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(av, "codecs_available", {"aac", "mpeg4"})
    assert film_problem() is not None and "cannot write H.264 video. Install the one from PyPI" in str(film_problem())
    monkeypatch.setitem(sys.modules, "av", None)
    assert "PyAV, which writes the films, cannot be loaded" in str(film_problem())


def test_a_program_that_is_not_there_keeps_films_from_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FFMPEG_BINARY", "/nope/ffmpeg")
    assert "FFMPEG_BINARY names '/nope/ffmpeg', which is no program here" in str(ffmpeg_note())
    script = f"""
from pathlib import Path
import numpy as np
from studio.media.clip import write_clip
from studio.media.export import compose
folder, sound = Path({str(tmp_path)!r}), Path({str(Path(__file__).parent / "cases" / "tiny20ms.wav")!r})
write_clip(folder / "a.mp4", np.zeros((24, 32, 32, 3), np.uint8), 12)
compose(folder / "a.mp4", folder / "b.mp4", fade=0.5, audio=sound)
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(__file__).parents[2])
    monkeypatch.setenv("FFMPEG_BINARY", sys.executable)
    assert ffmpeg_note() is None
    monkeypatch.delenv("FFMPEG_BINARY")
    assert ffmpeg_note() is None
