"""Films are written by a library: what it lacks is said in a sentence, and no program on the path is needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from studio.media import MediaError
from studio.media.clip import write_clip
from studio.media.codecs import film_problem


def test_nothing_is_wrong_here() -> None:
    assert film_problem() == ""


def test_a_library_without_an_encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(av, "codecs_available", {"aac", "mpeg4"})
    assert film_problem().startswith("The PyAV of this machine cannot write H.264 video. Install the one from PyPI")
    with pytest.raises(MediaError, match=r"cannot write H\.264 video"):
        write_clip(tmp_path / "a.mp4", np.zeros((2, 32, 32, 3), np.uint8), 12)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setitem(sys.modules, "av", None)
    assert "PyAV, which writes the films, cannot be loaded" in film_problem()


def test_a_program_that_is_not_there_keeps_films_from_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FFMPEG_BINARY", "/nope/ffmpeg")
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
