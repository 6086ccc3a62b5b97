"""Masters and numbered pictures, read back: what is lossless is, and the others are close."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from studio.media import MediaError, image_sequence, masters
from studio.media.clip import pixels, read_clip
from studio.media.image_sequence import write_sequence
from studio.media.masters import write_master


def test_ffv1_is_lossless(clip: Callable[..., Path], tmp_path: Path) -> None:
    write_master(clip(fps=24, frames=6), tmp_path / "out.mkv", "ffv1")
    with av.open(str(tmp_path / "out.mkv")) as made, av.open(str(tmp_path / "clip.mp4")) as source:
        assert (made.streams.video[0].codec_context.name, made.streams.video[0].average_rate) == ("ffv1", 24)
        pairs = list(zip(made.decode(video=0), source.decode(video=0), strict=True))
        assert len(pairs) == 6 and all((a.to_ndarray() == b.to_ndarray()).all() for a, b in pairs), "as they were decoded, in YUV"


def test_prores_is_422_hq(clip: Callable[..., Path], tmp_path: Path) -> None:
    write_master(clip(fps=24, frames=6, metadata={"lineage": "{}"}), tmp_path / "out.mov", "prores")
    original = read_clip(tmp_path / "clip.mp4").astype(int)
    with av.open(str(tmp_path / "out.mov")) as made:
        stream = made.streams.video[0]
        context = stream.codec_context
        assert (context.name, context.profile, context.pix_fmt) == ("prores", "HQ", "yuv422p10le")
        assert (stream.average_rate, stream.frames, made.metadata["lineage"]) == (24, 6, "{}")
        assert (context.color_primaries, context.colorspace, context.color_trc) == (1, 1, 1), "BT.709"
        assert np.abs(np.stack([pixels(frame) for frame in made.decode(video=0)]) - original).mean() < 2


def test_without_the_encoder_it_says_so(clip: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masters.av, "codecs_available", masters.av.codecs_available - {"prores_ks"})
    with pytest.raises(MediaError, match=r"cannot write ProRes 422 HQ.*from PyPI"):
        write_master(clip(), tmp_path / "out.mov", "prores")
    assert not (tmp_path / "out.mov").exists()


@pytest.mark.parametrize(("first", "names"), [(1, ("0001", "0003")), (0, ("0000", "0002")), (9999, ("09999", "10001"))])
def test_numbered_pictures(clip: Callable[..., Path], tmp_path: Path, first: int, names: tuple[str, str]) -> None:
    write_sequence(clip(frames=3), tmp_path / "out.zip", "海", first)
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        found = archive.namelist()
        assert (found[0], found[-1]) == tuple(f"海/海.{name}.png" for name in names)
        frames = np.stack([np.asarray(Image.open(io.BytesIO(archive.read(name)))) for name in found])
    assert (frames == read_clip(tmp_path / "clip.mp4")).all()


def test_a_disk_that_fills_up_leaves_nothing(clip: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film = clip(frames=3)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(image_sequence.zipfile.ZipFile, "writestr", full)
    with pytest.raises(MediaError, match="full"):
        write_sequence(film, tmp_path / "out.zip", "a")
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]
