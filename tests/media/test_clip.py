"""Clips: what is written is what is read, to the frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from studio.media import MediaError
from studio.media.clip import ENCODER, SAME_BYTES, ClipWriter, Frames, probe, read_clip, write_clip


def psnr(a: Frames, b: Frames) -> float:
    return float(10 * np.log10(255**2 / np.mean((a.astype(float) - b) ** 2)))


@pytest.mark.parametrize("frames", [1, 2, 36, 61])
def test_every_frame_comes_back(tmp_path: Path, film: Callable[..., Frames], frames: int) -> None:
    shot = film(frames)
    write_clip(tmp_path / "a.mp4", shot, 12)
    back = read_clip(tmp_path / "a.mp4")
    assert back.shape == shot.shape and back.dtype == np.uint8
    assert psnr(back, shot) > 40
    assert probe(tmp_path / "a.mp4").frames == frames


def test_colours_do_not_drift(tmp_path: Path) -> None:
    for level in (0, 17, 128, 240, 255):
        write_clip(tmp_path / "flat.mp4", np.full((3, 32, 32, 3), level, np.uint8), 12)
        assert np.abs(read_clip(tmp_path / "flat.mp4").astype(int) - level).max() <= 1
    red = np.zeros((3, 32, 32, 3), np.uint8)
    red[..., 0] = 220
    write_clip(tmp_path / "red.mp4", red, 12)
    assert np.abs(read_clip(tmp_path / "red.mp4").astype(int) - red).max() <= 4


@pytest.mark.parametrize("fps", [1, 7.5, 12, Fraction(24000, 1001), 25 / 3, 29.97, 60])
def test_odd_frame_rates(tmp_path: Path, film: Callable[..., Frames], fps: float) -> None:
    write_clip(tmp_path / "a.mp4", film(5), fps)
    facts = probe(tmp_path / "a.mp4")
    assert facts.frames == 5 and facts.fps == pytest.approx(float(fps), rel=1e-6)
    assert facts.seconds == pytest.approx(5 / float(fps), rel=1e-6)


def test_metadata_survives(clip: Callable[..., Path]) -> None:
    notes = {"lineage": '{"prompt": "snow falls – “çà”", "seed": 7}', "title": "The lighthouse", "long": "x" * 50_000}
    assert probe(clip(metadata=notes)).metadata == notes
    assert probe(clip("bare.mp4")).metadata == {}


def test_a_browser_can_play_it(clip: Callable[..., Path]) -> None:
    path = clip(frames=50)
    raw = path.read_bytes()
    assert 0 < raw.index(b"moov") < raw.index(b"mdat"), "the index must lie in front"
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        coding = stream.codec_context
        assert (coding.name, coding.profile, coding.pix_fmt) == ("h264", "High", "yuv420p")
        packets = [p for p in container.demux(stream) if p.size]
        assert [p.pts for p in packets] == [p.dts for p in packets], "no frame waits for a later one"
        assert packets[0].pts == 0 and packets[0].is_keyframe and packets[24].is_keyframe


def test_frames_as_they_come_make_the_same_clip(tmp_path: Path, film: Callable[..., Frames]) -> None:
    shot = film(20)
    write_clip(tmp_path / "whole.mp4", shot, 12)
    with ClipWriter(tmp_path / "parts.mp4", 12) as writer:
        for start in range(0, 20, 7):
            writer.write(shot[start : start + 7])
        assert writer.frames == 20 and not (tmp_path / "parts.mp4").exists()
    assert np.array_equal(read_clip(tmp_path / "parts.mp4"), read_clip(tmp_path / "whole.mp4"))


def test_the_bytes_are_those_that_avx512_writes_most_of_the_time(
    tmp_path: Path, film: Callable[..., Frames], monkeypatch: pytest.MonkeyPatch
) -> None:
    if not SAME_BYTES:
        return                                 # x264 writes the same bytes by itself
    write_clip(tmp_path / "same.mp4", film(12), 12)
    monkeypatch.setitem(ENCODER, "x264-params", ENCODER["x264-params"].removesuffix(SAME_BYTES))
    files = Counter[bytes]()
    for _ in range(5):
        write_clip(tmp_path / "fast.mp4", film(12), 12)
        files[(tmp_path / "fast.mp4").read_bytes()] += 1
    assert files.most_common(1)[0][0] == (tmp_path / "same.mp4").read_bytes()


def test_an_error_while_writing_leaves_the_old_clip(
    tmp_path: Path, film: Callable[..., Frames], clip: Callable[..., Path], names: Callable[[Path], list[str]]
) -> None:
    path = clip(frames=3)
    with pytest.raises(RuntimeError), ClipWriter(path, 12) as writer:
        writer.write(film(8))
        raise RuntimeError("the engine stopped")
    assert probe(path).frames == 3 and names(tmp_path) == ["clip.mp4"]


@pytest.mark.parametrize(
    ("frames", "says"),
    [
        (np.zeros((0, 32, 32, 3), np.uint8), "at least one frame"),
        (np.zeros((2, 31, 32, 3), np.uint8), "even width and height"),
    ],
)
def test_frames_that_make_no_clip(
    tmp_path: Path, frames: Frames, says: str, names: Callable[[Path], list[str]]
) -> None:
    with pytest.raises(MediaError, match=says):
        write_clip(tmp_path / "a.mp4", frames, 12)
    assert names(tmp_path) == []


def test_frames_of_two_sizes(tmp_path: Path, film: Callable[..., Frames]) -> None:
    with pytest.raises(MediaError, match="48×64"), ClipWriter(tmp_path / "a.mp4", 12) as writer:
        writer.write(film(2))
        writer.write(film(2, width=48))


def test_files_that_are_no_clips(tmp_path: Path, clip: Callable[..., Path]) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("not a film")
    with pytest.raises(MediaError, match=r"text\.mp4"):
        probe(text)
    with pytest.raises(MediaError, match="not there any more"):
        read_clip(tmp_path / "gone.mp4")
    cut = clip("cut.mp4", frames=30)
    cut.write_bytes(cut.read_bytes()[:200])
    with pytest.raises(MediaError, match=r"cut\.mp4"):
        read_clip(cut)


def test_films_of_others(tmp_path: Path, clip: Callable[..., Path]) -> None:
    """Their texts may have any encoding, and their coding may be unknown; a list of other files is no film."""
    raw = clip("film.mp4", metadata={"title": "XXXX"}).read_bytes()
    (tmp_path / "latin.mp4").write_bytes(raw.replace(b"XXXX", b"Caf\xe9"))
    assert probe(tmp_path / "latin.mp4").frames == 12
    (tmp_path / "odd.mp4").write_bytes(raw.replace(b"avc1", b"zzzz"))
    with pytest.raises(MediaError, match=r"The video in odd\.mp4 is coded in a way that cannot be read"):
        probe(tmp_path / "odd.mp4")
    (tmp_path / "list.mp4").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfilm.mp4\n#EXT-X-ENDLIST\n")
    with pytest.raises(MediaError, match=r"list\.mp4 is not a video"):
        probe(tmp_path / "list.mp4")


def test_names_that_look_like_addresses(tmp_path: Path, film: Callable[..., Frames], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("films:2026/a.mp4", "file:a.mp4", "data:,a.mp4", "caf\udce9.mp4"):
        write_clip(Path(name), film(2), 12)
        assert probe(Path(name)).frames == 2, name
