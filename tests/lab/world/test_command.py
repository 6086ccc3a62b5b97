"""The world's command: script files become films, and what is wrong in them is said clearly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.lab.__main__ import main
from studio.lab.world import FPS, FRAMES, ScriptError, Section
from studio.lab.world.scripts import read_script
from studio.media.clip import probe

SCRIPT = """
[[sections]]
camera = "left"
speed = "slow"
eased = true

[[sections]]
light = "night"
weather = "snow"
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.toml"
    path.write_text(SCRIPT)
    return path


def test_a_script_is_read(script: Path) -> None:
    assert read_script(script) == [Section("left", "slow", eased=True), Section(light="night", weather="snow")]


def test_a_script_is_filmed(script: Path, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    assert main(["world", "film", str(script), "-o", str(film), "--size", "96x64", "--seed", "4"]) == 0
    told = probe(film)
    assert (told.frames, told.fps, told.width, told.height) == (1 + 2 * FRAMES, FPS, 96, 64)


def test_a_still_of_a_photograph(script: Path, tmp_path: Path) -> None:
    photograph, still = tmp_path / "photo.png", tmp_path / "still.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (50, 70, 3), dtype=np.uint8)).save(photograph)
    assert main(["world", "still", str(script), "-o", str(still), "--size", "96x64", "--picture", str(photograph)]) == 0
    with Image.open(still) as image:
        assert image.size == (96, 64)


@pytest.mark.parametrize(("text", "said"), [
    ("[[sections]]\nzoom = 1", "there is no key 'zoom'. Known are camera"),
    ("[[sections]]\ncamera = 'sideways'", "section 1: camera must be one of hold, left"),
    ("[[sections]]\n[[sections]]\neased = 'yes'", "section 2: eased must be true or false"),
    ("[[sections]]\nlight = 3", "light must be text in quotes, not 3"),
    ("title = 'x'\n[[sections]]", "has title, but"),
    ("", "no sections"),
    ("sections = []", "no sections"),
    ("sections = [1]", "not a table"),
    ("[[sections]", "is not valid TOML"),
])
def test_what_is_wrong_in_a_script(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "script.toml"
    path.write_text(text)
    with pytest.raises(ScriptError) as error:
        read_script(path)
    assert said in str(error.value)


def test_the_command_says_what_is_wrong(script: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "film.mp4")
    assert main(["world", "film", str(script), "-o", out, "--picture", str(script)]) == 2
    assert "cannot be read as a picture" in capsys.readouterr().err
    none = str(tmp_path / "none.toml")
    for wrong, message in (([none], f"there is no file {none}"), ([str(script), "--picture", none], f"there is no file {none}"),
                           ([str(script), "--size", "100x64"], "multiples of 16"),
                           ([str(script), "--seed", "x"], "'x' is not a whole number")):
        with pytest.raises(SystemExit) as ended:
            main(["world", "film", "-o", out, *wrong])
        assert ended.value.code == 2 and message in capsys.readouterr().err
    with pytest.raises(ScriptError, match=r"none\.toml cannot be read"):
        read_script(tmp_path / "none.toml")
    assert not Path(out).exists()
