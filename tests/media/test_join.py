"""Joined films: exactly the frames of their clips, without encoding them again."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from studio.media import MediaError
from studio.media.clip import Frames, probe, read_clip, write_clip
from studio.media.join import join


def test_a_film_is_its_clips_to_the_bit(tmp_path: Path, clip: Callable[..., Path]) -> None:
    lengths = (36, 1, 25, 24, 7)
    clips = [clip(f"{n}.mp4", frames=n, phase=i) for i, n in enumerate(lengths)]
    join(clips, tmp_path / "film.mp4")
    assert np.array_equal(read_clip(tmp_path / "film.mp4"), np.concatenate([read_clip(c) for c in clips]))
    facts = probe(tmp_path / "film.mp4")
    assert (facts.frames, facts.fps, facts.seconds) == (93, 12, 93 / 12)


@pytest.mark.parametrize("fps", [12, 7.5, 24000 / 1001])
def test_timestamps_rise_evenly_and_joins_are_key_frames(tmp_path: Path, clip: Callable[..., Path], fps: float) -> None:
    clips = [clip(f"{i}.mp4", frames=30, phase=i, fps=fps) for i in range(3)]
    join(clips, tmp_path / "film.mp4")
    with av.open(str(tmp_path / "film.mp4")) as container:
        stream = container.streams.video[0]
        packets = [p for p in container.demux(stream) if p.size]
        step = packets[1].pts
        assert [p.pts for p in packets] == [p.dts for p in packets] == [i * step for i in range(90)]
        assert step * stream.time_base == 1 / stream.average_rate and {p.duration for p in packets} == {step}
        assert [i for i, p in enumerate(packets) if p.is_keyframe] == [0, 24, 30, 54, 60, 84]
        assert stream.start_time == 0
    raw = (tmp_path / "film.mp4").read_bytes()
    assert raw.index(b"moov") < raw.index(b"mdat")


def test_a_player_can_jump_to_a_join(tmp_path: Path, clip: Callable[..., Path]) -> None:
    clips = [clip(f"{i}.mp4", frames=30, phase=i) for i in range(3)]
    join(clips, tmp_path / "film.mp4")
    with av.open(str(tmp_path / "film.mp4")) as container:
        container.seek(int(5.0 * av.time_base))
        frame = next(container.decode(video=0))
        assert frame.time == 5.0
        assert np.array_equal(frame.to_ndarray(format="rgb24"), first_frame(clips[2]))


def first_frame(path: Path) -> Frames:
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24")


def test_films_can_be_joined_again(tmp_path: Path, clip: Callable[..., Path]) -> None:
    a, b = clip("a.mp4", frames=10), clip("b.mp4", frames=10, phase=1)
    join([a, b], tmp_path / "ab.mp4")
    join([tmp_path / "ab.mp4", a], tmp_path / "aba.mp4")
    assert np.array_equal(read_clip(tmp_path / "aba.mp4"), np.concatenate([read_clip(c) for c in (a, b, a)]))


def test_metadata_of_a_film(tmp_path: Path, clip: Callable[..., Path]) -> None:
    clips = [clip("a.mp4", metadata={"lineage": "first"}), clip("b.mp4", metadata={"lineage": "second"})]
    join(clips, tmp_path / "kept.mp4")
    join(clips, tmp_path / "given.mp4", {"lineage": "both", "title": "A film"})
    assert probe(tmp_path / "kept.mp4").metadata == {"lineage": "first"}
    assert probe(tmp_path / "given.mp4").metadata == {"lineage": "both", "title": "A film"}


@pytest.mark.parametrize(
    ("other", "says"),
    [({"width": 128}, "size differs .96×64 and 128×64"), ({"fps": 24}, "frame rate differs .12 and 24")],
)
def test_clips_that_do_not_match_are_refused(
    tmp_path: Path, clip: Callable[..., Path], names: Callable[[Path], list[str]], other: dict[str, int], says: str
) -> None:
    clips = [clip("a.mp4"), clip("b.mp4", **other)]
    with pytest.raises(MediaError, match=says):
        join(clips, tmp_path / "film.mp4")
    assert names(tmp_path) == ["a.mp4", "b.mp4"]


def test_a_clip_coded_otherwise_is_refused(tmp_path: Path, clip: Callable[..., Path]) -> None:
    with av.open(str(tmp_path / "b.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=12, options={"profile": "baseline"})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for pixels in np.zeros((3, 64, 96, 3), np.uint8):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels)))
        container.mux(stream.encode(None))
    with pytest.raises(MediaError, match="encoder set-up differs"):
        join([clip("a.mp4"), tmp_path / "b.mp4"], tmp_path / "film.mp4")


def test_missing_and_no_clips(tmp_path: Path, clip: Callable[..., Path], names: Callable[[Path], list[str]]) -> None:
    with pytest.raises(MediaError, match="nothing to join"):
        join([], tmp_path / "film.mp4")
    with pytest.raises(MediaError, match=r"gone\.mp4 is not there any more"):
        join([clip("a.mp4"), tmp_path / "gone.mp4"], tmp_path / "film.mp4")
    assert names(tmp_path) == ["a.mp4"]


def test_a_minute_is_joined_in_well_under_a_second(tmp_path: Path, film: Callable[..., Frames]) -> None:
    write_clip(tmp_path / "a.mp4", film(36, width=320, height=192), 12)
    began = time.perf_counter()
    join([tmp_path / "a.mp4"] * 20, tmp_path / "film.mp4")
    taken = time.perf_counter() - began
    assert probe(tmp_path / "film.mp4").seconds == 60
    assert taken < 1.0
