"""Full disks and folders that refuse: a clear message, and no half file."""

from __future__ import annotations

import errno
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from studio.media import MediaError, picture
from studio.media.clip import Frames, write_clip
from studio.media.disk import atomic_write, check_writable
from studio.media.join import join

WRITERS: dict[str, Callable[[Path], None]] = {
    "clip.mp4": lambda path: write_clip(path, np.zeros((5, 32, 32, 3), np.uint8), 12),
    "picture.png": lambda path: picture.save_png(Image.new("RGB", (32, 32)), path),
    "poster.webp": lambda path: picture.save_poster(np.zeros((32, 32, 3), np.uint8), path),
}


@pytest.mark.parametrize("name", WRITERS)
def test_too_little_room_is_noticed_before_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: Callable[[Path], list[str]], name: str
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=3 * 2**20))
    with pytest.raises(MediaError, match=r"nearly full: 3 MB are free.*Free some space.*nothing was lost"):
        WRITERS[name](tmp_path / name)
    assert names(tmp_path) == []


def test_a_film_needs_room_for_itself(
    tmp_path: Path, clip: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = clip(frames=30)
    free = 16 * 2**20 + path.stat().st_size
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=free))
    with pytest.raises(MediaError, match="nearly full"):
        join([path], tmp_path / "film.mp4")


def test_a_disk_that_fills_while_writing(tmp_path: Path, names: Callable[[Path], list[str]]) -> None:
    (tmp_path / "take.txt").write_text("the old one")
    says = r"take\.txt could not be saved: the disk.*is full.*nothing was lost"
    with pytest.raises(MediaError, match=says), atomic_write(tmp_path / "take.txt") as temporary:
        temporary.write_text("half of")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert names(tmp_path) == ["take.txt"] and (tmp_path / "take.txt").read_text() == "the old one"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file sizes")
@pytest.mark.parametrize(
    "verb",
    [
        "write_clip(folder / 'b.mp4', noise, 12)",
        "join([folder / 'a.mp4'] * 3, folder / 'b.mp4')",
        "export.gif(folder / 'a.mp4', folder / 'b.gif')",
        "export.webp(folder / 'a.mp4', folder / 'b.webp')",
        "export.compose(folder / 'a.mp4', folder / 'b.mp4', title='Sea', fade=0.2)",
    ],
)
def test_the_video_library_meets_a_real_limit(tmp_path: Path, names: Callable[[Path], list[str]], verb: str) -> None:
    """The system refuses bytes while the video library writes: still a message and a clean folder."""
    script = f"""
import resource
import numpy as np
from pathlib import Path
from studio.media import MediaError, export
from studio.media.clip import write_clip
from studio.media.join import join
folder = Path({str(tmp_path)!r})
noise = np.random.default_rng(0).integers(0, 256, (48, 128, 128, 3), dtype=np.uint8)
write_clip(folder / "a.mp4", noise, 12)
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
try:
    {verb}
except MediaError as error:
    assert "b." in error.message and "is full" in error.message, error.message
else:
    raise AssertionError("the limit was not met")
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(__file__).parents[2])
    assert names(tmp_path) == ["a.mp4"]


def test_a_place_is_looked_at_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_writable(tmp_path / "new" / "film.mp4")
    assert [p.name for p in tmp_path.rglob("*")] == ["new"], "nothing but the folder is made"
    with pytest.raises(MediaError, match=r"new is a folder\. Name a file in it"):
        check_writable(tmp_path / "new")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(MediaError, match="could not be saved"):
        check_writable(tmp_path / "file" / "film.mp4")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=3 * 2**20))
    with pytest.raises(MediaError, match="nearly full"):
        check_writable(tmp_path / "film.mp4")


@pytest.mark.parametrize("name", WRITERS)
def test_a_folder_that_cannot_be(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(MediaError, match="could not be saved"):
        WRITERS[name](tmp_path / "file" / name)
    assert (tmp_path / "file").read_text() == "in the way"


def test_permission_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, film: Callable[..., Frames]) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(MediaError, match=r"cannot be written to\. Change its permissions or choose another folder"):
        write_clip(tmp_path / "clip.mp4", film(3), 12)
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []
