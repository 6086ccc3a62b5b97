"""Somebody's own videos: every kind of file is read, cut at its cuts, put in shape, or skipped with a reason."""

from __future__ import annotations

import json
import logging
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from studio.lab.train import footage as module
from studio.lab.train.caption_files import FootageError
from studio.lab.train.footage import Footage
from studio.lab.train.shots import CutDetector, Shots, find_shots, read_frames
from studio.media.clip import write_clip
from tests.lab.train.filmed import Images, captioned, encode, scene, sound


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "films").mkdir()
    return tmp_path / "films"


def near(one: Images, other: Images) -> float:
    return float(np.abs(one.astype(float) - other).mean())


@pytest.mark.parametrize(("name", "codec"), [
    ("a.mp4", "libx264"), ("a.mkv", "libx264"), ("a.webm", "libvpx-vp9"), ("a.avi", "mjpeg"), ("a.ts", "mpeg2video"),
])
def test_any_kind_of_file_anywhere_in_it(tmp_path: Path, name: str, codec: str) -> None:
    if codec not in av.codecs_available:
        pytest.skip(f"this FFmpeg has no {codec}")
    images = scene(1, 100, step=1)
    encode(tmp_path / name, images, 24, codec)
    shots = find_shots(tmp_path / name)
    assert shots.frames == 50 and shots.begins == (0,) and min(shots.changes) > 5
    for begin in (0, 5, 30):
        for count, image in enumerate(read_frames(tmp_path / name, begin, 3, shots.start, 96, 64), start=begin):
            apart = [near(image, original) for original in images]         # some of these codecs lose a lot
            assert np.argmin(apart) == 2 * count and min(apart) < 18


def test_a_frame_is_what_was_on_screen_at_its_time(tmp_path: Path) -> None:
    """Variable rate: pauses are kept, quick frames are passed over, and a later beginning sees the same."""
    images = scene(2, 30, step=2)
    times = sorted([*range(0, 1000, 50), 1400, 2500, *range(2600, 2920, 40)])
    encode(tmp_path / "a.mkv", images, 30, "libx264", times)
    shots = find_shots(tmp_path / "a.mkv")
    shown = [max(n for n, time in enumerate(times) if time <= k * 1000 / 12 + 1) for k in range(shots.frames)]
    assert shots.frames == int(times[-1] * 12 / 1000) + 1
    for begin in (0, 14, 20):
        assert near(read_frames(tmp_path / "a.mkv", begin, shots.frames - begin, shots.start, 96, 64), images[shown[begin:]]) < 3


@pytest.mark.parametrize("size", [(64, 64), (96, 32), (32, 96), (160, 96)])
def test_the_middle_is_kept_at_any_size(tmp_path: Path, size: tuple[int, int]) -> None:
    """A disc in the middle of an odd-sized frame stays a disc in the middle."""
    y, x = np.mgrid[:75, :117]
    disc = ((x - 58) ** 2 + (y - 37) ** 2 < 144)[..., None] * np.full(3, 255)
    encode(tmp_path / "a.mp4", np.repeat(disc[None], 3, 0).astype(np.uint8), 12, "libx264")
    image = read_frames(tmp_path / "a.mp4", 0, 1, 0.0, *size)[0]
    assert image.shape == (size[1], size[0], 3)
    rows, columns = np.nonzero(image[..., 1] > 128)
    assert abs(rows.mean() + 0.5 - size[1] / 2) < 1 and abs(columns.mean() + 0.5 - size[0] / 2) < 1
    scale = max(size[0] / 117, size[1] / 75)
    if 24 * scale < min(size):
        assert np.ptp(rows) == pytest.approx(np.ptp(columns), abs=2) == pytest.approx(23 * scale, abs=2.5)


@pytest.mark.parametrize("degrees", [90, 180, -90])
def test_a_turned_recording_is_upright(tmp_path: Path, degrees: int) -> None:
    """As a telephone writes it: the sensor's picture, and by how much a player has to turn it (counter-clockwise)."""
    upright = scene(3, 4, 64, 96) if degrees != 180 else scene(3, 4)
    encode(tmp_path / "a.mp4", np.rot90(upright, -degrees // 90, (1, 2)), 12, "libx264", turned=degrees)
    assert near(read_frames(tmp_path / "a.mp4", 0, 4, 0.0, upright.shape[2], upright.shape[1]), upright) < 8


def test_films_end_at_cuts(folder: Path, tmp_path: Path) -> None:
    images = np.concatenate([scene(4, 40), scene(5, 80), scene(6, 20), scene(7, 130)])
    write_clip(captioned(folder / "cut.mp4"), images, 12)
    found = Footage(folder, tmp_path / "run" / "index.json", sections=2)
    assert found.shots["cut.mp4"].begins == (0, 40, 120, 140)
    assert [(piece.begin, piece.slack, piece.sections) for piece in found.pieces] == [
        (0, 3, 1), (40, 7, 2), (140, 21, 2), (212, 21, 1),
    ]
    for number in range(12):
        frames, sections = found.frames(number, 96, 64)
        begin = found.piece(number).begin
        assert near(frames.movedim(1, 3).numpy(), images[begin : begin + len(frames)]) < 9  # beside 14 for the next frame
        assert {section.caption for section in sections} == {"the camera pans right"}
        assert len(frames) == 1 + 36 * len(sections)


def test_flashes_pans_and_night_are_no_cuts() -> None:
    thumbs = scene(8, 60, 48, 32, step=1).astype(np.float32)
    thumbs[20] = 255
    thumbs[40:42] = np.minimum(thumbs[40:42] * 2 + 90, 255)
    thumbs *= np.linspace(1, 0.15, 60)[:, None, None, None]
    cuts = CutDetector()
    assert [cut for thumb in thumbs if (cut := cuts.add(thumb)) is not None] + cuts.finish() == []
    cuts = CutDetector()
    both = np.concatenate([thumbs, scene(9, 2, 48, 32).astype(np.float32)])
    assert [cut for thumb in both if (cut := cuts.add(thumb)) is not None] + cuts.finish() == [60]


def test_what_cannot_be_used_is_named_and_counted(folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_clip(captioned(folder / "good.mp4"), scene(10, 40), 12)
    write_clip(folder / "mute.mp4", scene(10, 40), 12)
    write_clip(captioned(folder / "empty.mp4", "  "), scene(10, 40), 12)
    write_clip(captioned(folder / "short.mp4"), scene(10, 20), 12)
    write_clip(captioned(folder / "still.mp4"), np.repeat(scene(10, 1), 60, 0), 12)
    captioned(folder / "broken.mp4").write_bytes((folder / "good.mp4").read_bytes()[:3000])
    captioned(folder / "words.mov").write_text("not a video at all")
    sound(captioned(folder / "sound.mp4"))
    (folder / "picture.jpg").write_bytes(b"passed over")
    (folder / ".hidden.mp4").write_bytes(b"passed over")
    with caplog.at_level(logging.INFO):
        found = Footage(folder, tmp_path / "index.json")
    assert [piece.file for piece in found.pieces] == ["good.mp4"]
    reasons = {message.split(".")[0]: message for message in found.skipped}
    for name, reason in (("mute", "no caption; write one into mute.txt"), ("empty", "no caption"), ("short", "1.7 seconds"),
                         ("still", "nothing moves"), ("broken", "broken.mp4 is not a video"), ("words", "not a video"),
                         ("sound", "holds no video")):
        assert reason in reasons.pop(name)
    assert reasons == {}
    assert "1 films of 1 files; 7 skipped" in caplog.text and "skipped short.mp4" in caplog.text


def test_an_empty_folder_says_what_it_must_hold(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FootageError, match=r"nothing to train on.*3\.1 seconds.*name\.txt.*captions\.toml"):
        Footage(folder, tmp_path / "index.json")
    write_clip(captioned(folder / "short.mp4"), scene(10, 20), 12)
    with pytest.raises(FootageError, match=r"1 were skipped\.\n  short\.mp4: it has 1\.7 seconds"):
        Footage(folder, tmp_path / "index.json")
    with pytest.raises(FootageError, match="not a folder"):
        Footage(folder / "none", tmp_path / "index.json")


TOML = """
"a.mp4" = "all of it"
[["sub/b.mp4"]]
to = 4.0
caption = "first"
[["sub/b.mp4"]]
from = 4.0
to = 6.5
caption = "second"
"""
LINES = [{"file": "a.mp4", "caption": "all of it"}, {"file": "sub/b.mp4", "to": 4, "caption": "first"},
         {"file": "sub/b.mp4", "from": 4.0, "to": 6.5, "caption": "second"}, {"file": "gone.mp4", "caption": "x"}]


@pytest.mark.parametrize("table", ["captions.toml", "captions.jsonl"])
def test_captions_for_parts_of_a_file(folder: Path, tmp_path: Path, table: str) -> None:
    (folder / "sub").mkdir()
    write_clip(folder / "a.mp4", scene(11, 40), 12)
    write_clip(folder / "sub" / "b.mp4", scene(12, 130, step=1), 12)
    text = TOML + '[["gone.mp4"]]\ncaption = "x"\n' if table.endswith("toml") else "\n".join(map(json.dumps, LINES))
    (folder / table).write_text(text)
    found = Footage(folder, tmp_path / "index.json")
    assert [(piece.file, piece.begin, piece.slack, piece.sections) for piece in found.pieces] == [("a.mp4", 0, 3, 1),
                                                                                              ("sub/b.mp4", 0, 5, 2)]
    said = {found.piece(n).file: [section.caption for section in found.frames(n, 32, 32)[1]] for n in range(2)}
    assert said == {"a.mp4": ["all of it"], "sub/b.mp4": ["first", "second"]}
    assert found.skipped == (f"gone.mp4: {table} names it, but it is not there.",)


@pytest.mark.parametrize(("table", "text", "message"), [
    ("captions.toml", "walk.mp4 = ", "not TOML"), ("captions.toml", '"a.mp4" = 3', 'a.mp4": needs a caption'),
    ("captions.toml", '[["a.mp4"]]\nfrom = 3\nto = 2\ncaption = "x"', "from before to, not 3 and 2"),
    ("captions.toml", '[["a.mp4"]]\nform = 3\ncaption = "x"', "unknown key 'form'"),
    ("captions.jsonl", '{"file": "a.mp4", "caption": "x"}\n{oh', "line 2: not JSON"),
    ("captions.jsonl", '{"caption": "x"}', 'line 1: needs a "file"'),
    ("captions.jsonl", '{"file": "a.mp4", "caption": "x", "from": "soon"}', "are seconds"),
])
def test_wrong_captions_say_where(folder: Path, tmp_path: Path, table: str, text: str, message: str) -> None:
    (folder / table).write_text(text)
    with pytest.raises(FootageError, match=message) as caught:
        Footage(folder, tmp_path / "index.json")
    assert table in str(caught.value)


def test_two_tables_are_one_too_many(folder: Path, tmp_path: Path) -> None:
    for name in ("captions.toml", "captions.jsonl"):
        (folder / name).write_text("")
    with pytest.raises(FootageError, match="Keep one"):
        Footage(folder, tmp_path / "index.json")


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were looked through."""
    names: list[str] = []
    whole: Callable[[Path], Shots] = module.find_shots

    def noted(path: Path) -> Shots:
        names.append(path.name)
        return whole(path)

    monkeypatch.setattr(module, "find_shots", noted)
    return names


def test_only_new_and_changed_files_are_looked_through(folder: Path, tmp_path: Path, looked: list[str]) -> None:
    for seed, name in enumerate(("a.mp4", "b.mp4")):
        write_clip(captioned(folder / name), scene(seed, 40), 12)
    captioned(folder / "c.mp4").write_text("broken")
    before = sorted(folder.iterdir())
    first = Footage(folder, tmp_path / "run" / "index.json")
    assert looked == ["a.mp4", "b.mp4", "c.mp4"] and sorted(folder.iterdir()) == before
    again = Footage(folder, tmp_path / "run" / "index.json")
    assert len(looked) == 3 and again.pieces == first.pieces and again.skipped == first.skipped
    write_clip(folder / "b.mp4", scene(5, 90), 12)
    changed = Footage(folder, tmp_path / "run" / "index.json")
    assert looked[3:] == ["b.mp4"] and [piece.sections for piece in changed.pieces] == [1, 2]
    (tmp_path / "run" / "index.json").write_text("{ half")
    assert Footage(folder, tmp_path / "run" / "index.json").pieces == changed.pieces and len(looked) == 7
    shutil.move(folder, tmp_path / "moved")
    Footage(tmp_path / "moved", tmp_path / "run" / "index.json")
    assert len(looked) == 10


def test_a_number_is_a_film_for_ever(folder: Path, tmp_path: Path) -> None:
    for seed, name in enumerate(("a.mp4", "b.mp4", "c.mp4")):
        write_clip(captioned(folder / name, name), scene(seed, 100, 64, 32), 12)
    found = Footage(folder, tmp_path / "index.json", seed=3, sections=1)
    assert len(found) == 6
    pieces = [found.piece(number) for number in range(60)]
    for epoch in range(10):
        assert sorted((p.file, p.begin // 36) for p in pieces[6 * epoch : 6 * epoch + 6]) == [
            (name, part) for name in ("a.mp4", "b.mp4", "c.mp4") for part in (0, 1)
        ]
    assert len({piece.begin for piece in pieces}) > 20
    other = pickle.loads(pickle.dumps(Footage(folder, tmp_path / "index.json", seed=3, sections=1)))
    assert [other.piece(number) for number in reversed(range(60))] == pieces[::-1]
    assert torch.equal(other.frames(41, 32, 32)[0], found.frames(41, 32, 32)[0])
    assert [Footage(folder, tmp_path / "index.json", seed=4, sections=1).piece(n) for n in range(60)] != pieces
    (folder / "a.mp4").unlink()
    with pytest.raises(FootageError, match=r"a\.mp4 changed while it was used"):
        found.frames(next(n for n, piece in enumerate(pieces) if piece.file == "a.mp4"), 32, 32)
    with pytest.raises(ValueError, match="multiples of 16"):
        found.frames(0, 40, 32)


def test_a_film_has_the_world_s_truth(folder: Path, tmp_path: Path) -> None:
    images = scene(13, 73, 128, 96, step=3) * np.linspace(1, 0.6, 73)[:, None, None, None]
    write_clip(captioned(folder / "a.mp4"), images.astype(np.uint8), 12)
    clip = Footage(folder, tmp_path / "index.json").film(0, 128, 96)
    film = clip.film
    assert clip.trusted == (True, True)
    assert film.scene.shape == (73, 3, 96, 128) and torch.equal(film.frames(), film.scene)
    assert (film.pose[-1] - film.pose[0] - torch.tensor([216.0, 0, 0])).abs().max() < 1
    assert (film.flow[72, 0] - 108).abs().max() < 1 and film.flow[72, 1].abs().max() < 1
    assert film.known.shape == (73, 6, 8) and film.known[40].float().mean() > 0.7
    assert film.light.shape == (73, 3, 6, 8)
    assert film.light[72].mean().item() == pytest.approx(np.log(0.6 / 0.8), abs=0.04)
    assert film.light[0].abs().max() == 0 and film.weather.shape == (73, 3) and film.figure.isnan().all()
