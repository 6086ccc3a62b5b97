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
from PIL import Image, ImageFont

from studio.media import MediaError
from studio.media.clip import probe, read_clip
from studio.media.export import compose, gif, lineage, read_lineage, still, webp
from studio.media.title import balance_lines, draw_title

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


@pytest.mark.parametrize("title", ["A", "Ünïcödé – “quoted”", "word " * 60, "W" * 30])
def test_titles_of_all_lengths_stay_on_the_card(title: str) -> None:
    card = draw_title(np.full((192, 320, 3), 120, np.uint8), title).astype(int)
    letters = (card > 150).any(-1)
    rows, columns = np.flatnonzero(letters.any(1)), np.flatnonzero(letters.any(0))
    assert letters.any() and rows[0] > 20 and rows[-1] < 172 and columns[0] > 8 and columns[-1] < 312
    assert abs((rows[0] + rows[-1]) / 2 - 96) < 12 and abs((columns[0] + columns[-1]) / 2 - 160) < 12


def test_a_title_on_two_lines_has_no_lonely_word() -> None:
    font = ImageFont.load_default(24)
    parts = balance_lines("The lighthouse at dusk", font, font.getlength("The lighthouse at ") + 1)
    assert parts == ["The lighthouse", "at dusk"]
    assert balance_lines("Dusk", font, 500) == ["Dusk"] and balance_lines("", font, 500) == []


def test_fades_begin_and_end_in_black(tmp_path: Path, made: Path) -> None:
    compose(made, tmp_path / "faded.mp4", fade=0.5)
    before, after = read_clip(made), read_clip(tmp_path / "faded.mp4")
    assert len(after) == len(before)
    assert after[0].mean() < 0.2 * before[0].mean() and after[-1].mean() < 0.2 * before[-1].mean()
    assert np.abs(after[15].astype(float) - before[15]).mean() < 3
    with pytest.raises(MediaError, match="fade cannot last"):
        compose(made, tmp_path / "faded.mp4", fade=-1)


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
