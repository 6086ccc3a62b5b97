"""A film is known by its coded frames in whatever file they lie, and by no others."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from studio.media.clip import read_clip, write_clip
from studio.media.packets import packet_sum


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    frames = np.random.default_rng(0).integers(0, 255, (30, 32, 64, 3), np.uint8)
    write_clip(path, frames, 12, {"lineage": "{}"})
    return path


def remux(source: Path, out: Path) -> Path:
    """The same coded frames in another file, as any program writes them without encoding: no tags of ours are kept."""
    with av.open(str(source)) as old, av.open(str(out), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(old.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)
    return out


@pytest.mark.parametrize("ending", ["mp4", "mov", "mkv", "ts"])
def test_a_film_is_known_in_another_file(film: Path, tmp_path: Path, ending: str) -> None:
    other = remux(film, tmp_path / f"other.{ending}")
    assert packet_sum(other) == packet_sum(film) and (read_clip(other) == read_clip(film)).all()


def test_frames_that_are_coded_anew_are_another_film(film: Path, tmp_path: Path) -> None:
    write_clip(tmp_path / "again.mp4", read_clip(film), 12)
    assert packet_sum(tmp_path / "again.mp4") not in (packet_sum(film), None)
    write_clip(tmp_path / "cut.mp4", read_clip(film)[:12], 12)
    assert packet_sum(tmp_path / "cut.mp4") != packet_sum(film)


def test_what_is_no_film_has_no_sum(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_text("no film")
    assert packet_sum(tmp_path / "film.mp4") is packet_sum(tmp_path / "nowhere.mp4") is None
