"""Exports: what an artist takes away opens elsewhere, is as long as the film, and tells how it was made."""

from __future__ import annotations

import math
import shutil
import struct
import wave
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest
from PIL import Image

from studio.media import MediaError
from studio.media.clip import probe, read_clip
from studio.media.export import compose, gif, lineage, longest_fade, read_lineage, still, webp

RECORD = {"model": "memorypack-mini", "takes": [{"prompt": "snow falls – “çà”", "seed": 7}]}


@pytest.fixture
def made(clip: Callable[..., Path]) -> Path:
    return clip("film.mp4", frames=30, width=128, height=80, metadata=lineage(RECORD, "The lighthouse"))


@pytest.fixture
def music(tmp_path: Path) -> Callable[[float], Path]:
    def write(seconds: float) -> Path:
        path = tmp_path / "music.wav"
        with wave.open(str(path), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(22050)
            tone = (int(9000 * math.sin(i / 10)) for i in range(int(22050 * seconds)))
            sound.writeframes(b"".join(struct.pack("<h", value) for value in tone))
        return path

    return write


def test_lineage_comes_back_from_every_kind_of_file(tmp_path: Path, made: Path) -> None:
    gif(made, tmp_path / "film.gif")
    webp(made, tmp_path / "film.webp")
    compose(made, tmp_path / "titled.mp4", title="A film", fade=0.2)
    for name in ("film.mp4", "film.gif", "film.webp", "titled.mp4"):
        assert read_lineage(tmp_path / name) == RECORD, name
    assert probe(made).metadata["title"] == "The lighthouse"
    assert probe(tmp_path / "titled.mp4").metadata["title"] == "A film"


def test_files_that_do_not_say_how_they_were_made(tmp_path: Path, clip: Callable[..., Path]) -> None:
    silent = clip("silent.mp4")
    gif(silent, tmp_path / "silent.gif")
    webp(silent, tmp_path / "silent.webp")
    odd = [clip("odd.mp4", metadata={"lineage": "no JSON"}), clip("list.mp4", metadata={"lineage": "[1]"})]
    for path in (silent, tmp_path / "silent.gif", tmp_path / "silent.webp", *odd):
        assert read_lineage(path) is None
    tags = Image.Exif()
    tags[0x010E] = 7
    Image.new("RGB", (20, 20)).save(tmp_path / "number.webp", exif=tags)
    assert read_lineage(tmp_path / "number.webp") is None
    (tmp_path / "torn.gif").write_bytes(b"GIF89a")
    with pytest.raises(MediaError, match=r"torn\.gif"):
        read_lineage(tmp_path / "torn.gif")


@pytest.mark.parametrize("kind", [gif, webp])
def test_moving_pictures(tmp_path: Path, made: Path, kind: Callable[..., None]) -> None:
    out = tmp_path / f"film.{kind.__name__}"
    kind(made, out, width=96)
    frames = read_clip(made)
    with Image.open(out) as moving:
        assert (moving.size, moving.n_frames, moving.info["loop"]) == ((96, 60), 30, 0)
        lasted = 0
        for i in range(30):
            moving.seek(i)
            moving.load()
            lasted += moving.info["duration"]
            expected = np.asarray(Image.fromarray(frames[i]).resize((96, 60), Image.Resampling.LANCZOS), float)
            assert np.abs(np.asarray(moving.convert("RGB"), float) - expected).mean() < 14
        assert lasted == pytest.approx(2500, abs=40)


def test_a_still(tmp_path: Path, made: Path) -> None:
    still(made, tmp_path / "poster.webp")
    with Image.open(tmp_path / "poster.webp") as poster:
        assert np.abs(np.asarray(poster.convert("RGB"), float) - read_clip(made)[0]).mean() < 4


def test_without_wishes_a_film_is_only_copied(tmp_path: Path, made: Path) -> None:
    compose(made, tmp_path / "copy.mp4", title="  ")
    with av.open(str(made)) as a, av.open(str(tmp_path / "copy.mp4")) as b:
        assert [bytes(p) for p in a.demux(video=0)] == [bytes(p) for p in b.demux(video=0)]


def test_a_title_card_clears_up_into_the_film(tmp_path: Path, made: Path) -> None:
    compose(made, tmp_path / "titled.mp4", title="The lighthouse")
    before, after = read_clip(made), read_clip(tmp_path / "titled.mp4")
    assert len(after) == 30 + len(before), "2.5 seconds of card at 12 frames a second"
    assert np.abs(after[30:].astype(float) - before).mean() < 3, "then the film, frame by frame"
    assert after[5].mean() < 0.6 * before[0].mean() and after[5].max() > 200, "dimmed, with light letters"
    assert np.abs(after[29].astype(float) - before[0]).mean() < 6


def test_fades_begin_and_end_in_black(tmp_path: Path, made: Path) -> None:
    compose(made, tmp_path / "faded.mp4", fade=0.5)
    before, after = read_clip(made), read_clip(tmp_path / "faded.mp4")
    assert len(after) == len(before)
    assert after[0].mean() < 0.2 * before[0].mean() and after[-1].mean() < 0.2 * before[-1].mean()
    assert np.abs(after[15].astype(float) - before[15]).mean() < 3
    for wrong in (-1, math.nan, math.inf):
        with pytest.raises(MediaError, match="fade cannot last"):
            compose(made, tmp_path / "faded.mp4", fade=wrong)


@pytest.mark.parametrize(("frames", "fade"), [(30, 1.25), (30, 10.0), (30, 1e9), (1, 5.0), (2, 0.5), (31, 60.0)])
def test_fades_never_cover_more_than_the_film(tmp_path: Path, clip: Callable[..., Path], frames: int, fade: float) -> None:
    film = clip("film.mp4", frames=frames, width=64, height=64)
    compose(film, tmp_path / "faded.mp4", fade=fade)
    light = read_clip(tmp_path / "faded.mp4").mean((1, 2, 3)) / read_clip(film).mean((1, 2, 3))
    most = min(fade, longest_fade(film)) * 12
    wanted = [min(1, (i + 0.5) / most, (frames - i - 0.5) / most) for i in range(frames)]
    assert np.abs(light - wanted).max() < 0.03
    assert light.max() > (0.9 if frames > 20 else 0.45), "its middle is as bright as it was"


def test_the_longest_fade_is_half_of_the_film_with_its_title(clip: Callable[..., Path]) -> None:
    film = clip("film.mp4", frames=30)
    assert longest_fade(film) == longest_fade(film, " ") == 1.25 and longest_fade(film, "Sea") == 2.5


@pytest.mark.parametrize(("seconds", "title"), [(1.0, None), (9.0, None), (9.0, "With a card")])
def test_music_lies_beside_the_pictures(
    tmp_path: Path, made: Path, music: Callable[[float], Path], seconds: float, title: str | None
) -> None:
    out = tmp_path / "scored.mp4"
    compose(made, out, title=title, audio=music(seconds))
    film = 5.0 if title else 2.5
    with av.open(str(out)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert audio.codec_context.name == "aac" and video.start_time == 0
        assert float(audio.duration * audio.time_base) == pytest.approx(min(seconds, film), abs=0.1)
        packets = [p for p in container.demux(video) if p.size]
        assert [p.pts * p.time_base * 12 for p in packets] == list(range(len(packets)))
        container.seek(0)
        loud = np.concatenate([f.to_ndarray().mean(0) for f in container.decode(audio)])
        assert np.abs(loud[10_000:20_000]).max() > 0.1
        if seconds > film:
            assert np.abs(loud[-4000:]).max() < 0.05, "music that is longer ends softly"
    raw = out.read_bytes()
    assert raw.index(b"moov") < raw.index(b"mdat")
    if not title:
        assert np.array_equal(read_clip(out), read_clip(made)), "the pictures are not encoded again"
    assert read_lineage(out) == RECORD


def test_no_room_for_music_is_not_blamed_on_the_music(
    tmp_path: Path, made: Path, music: Callable[[float], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    tune = music(1.0)
    before = sorted(p.name for p in tmp_path.iterdir())
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=16 * 2**20 + 1000))
    with pytest.raises(MediaError, match="nearly full"):
        compose(made, tmp_path / "out.mp4", audio=tune)
    assert sorted(p.name for p in tmp_path.iterdir()) == before, "no half film and no parts of it"
