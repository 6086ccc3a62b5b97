"""The invisible mark: what it does to frames, that fast sums are the slow ones, what it survives, and what is not taken for it."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from studio.lab.measure.mark_films import Change, changed, pan, patterns, picture
from studio.media import MediaError
from studio.media.clip import Frame, Frames, read_clip, write_clip
from studio.media.difference import psnr
from studio.media.export import compose
from studio.media.invisible_mark import (
    CELLS,
    HIGHEST,
    LOWEST,
    NUMBERS,
    SMALLEST,
    STEP,
    TILES,
    InvisibleMark,
    film_number,
    luma,
    pattern,
    phase_table,
    shift,
    tile_waves,
)
from studio.media.mark_reader import (
    FALSE_ALARMS,
    SCALES,
    THRESHOLD,
    Reading,
    agreement,
    detail,
    evidence,
    find_mark,
    lumas,
    measure_waves,
    phase_powers,
    read_mark,
    reduce,
    score_waves,
)

SIZE = WIDTH, HEIGHT = 320, 192
NUMBER = 613


def marked(name: str = "hills", number: int = NUMBER, size: tuple[int, int] = SIZE) -> tuple[Frame, Frame]:
    """A frame, and the same with a mark."""
    frame = picture(name, *size)
    return frame, InvisibleMark(number, *size).put(frame)


def read(*frames: Frame) -> Reading:
    return find_mark(evidence((luma(frame), False) for frame in frames)[0])


def test_the_tiles_are_the_same_for_ever() -> None:
    """Films are read that were marked years ago: no library's generator of random numbers may change them."""
    one, other = tile_waves(0), tile_waves(1)
    there = one != 0
    down, across = np.nonzero(there)
    radius = np.hypot(down, across - HIGHEST)
    assert radius.min() >= LOWEST and radius.max() <= HIGHEST and there.sum() == 532
    assert np.allclose(np.abs(one[there]), 1, atol=1e-6)
    assert np.angle(one[3, HIGHEST + 8 : HIGHEST + 11]) == pytest.approx([2.718, 0.860, 0.656], abs=1e-3)
    assert abs((one * other.conj()).sum()) < 4 * math.sqrt(there.sum()), "independent of each other"


def test_the_pattern_is_the_sum_of_its_waves() -> None:
    width, height, number = 61, 40, 3 * (CELLS // STEP) + 5
    slow = np.zeros((height, width))
    rows, columns = (np.arange(height) + 0.5) * TILES / height, (np.arange(width) + 0.5) * TILES / height
    for which, (down, across) in enumerate([(0, 0), (3 * STEP / CELLS, 5 * STEP / CELLS)]):
        for (y, x), wave in np.ndenumerate(tile_waves(which)):
            turns = y * (rows[:, None] - down) + (x - HIGHEST) * (columns[None] - across)
            slow += abs(wave) * np.cos(2 * np.pi * turns + np.angle(wave))
    assert np.allclose(pattern(width, height, number), (slow / slow.std()).clip(-2, 2), atol=1e-3)
    assert np.allclose(shift(shift(tile_waves(0), 3, 5), -3, -5), tile_waves(0), atol=1e-5)


def test_waves_are_those_of_the_folded_frame() -> None:
    """At a scale whose period is whole pixels: all tiles laid on one another, and a Fourier transform of that."""
    seen = np.random.default_rng(0).standard_normal((150, 230)).astype(np.float32)
    period = 50
    folded, centred = np.zeros((period, period)), seen - seen.mean()
    for top in range(0, 150, period):
        for left in range(0, 230, period):
            part = centred[top : top + period, left : left + period]
            folded[: part.shape[0], : part.shape[1]] += part
    spectrum = np.fft.fft2(folded)
    down, across = np.mgrid[: HIGHEST + 1, -HIGHEST : HIGHEST + 1]
    slow = spectrum[down, across] * np.exp(-1j * np.pi * (down + across) / period)         # of pixels' middles
    assert np.allclose(measure_waves(seen, 3.0), slow, atol=0.05)
    for pixels, size in ((150, 50.0), (961, 137.31)):
        assert np.abs(phase_powers(pixels, size) - phase_table(pixels, size, -np.arange(HIGHEST + 1))).max() < 1e-6


def test_agreement_and_scores_are_the_slow_sums() -> None:
    draw = np.random.default_rng(1)
    phases = np.exp(1j * draw.uniform(0, 2 * np.pi, tile_waves(0).shape)).astype(np.complex64)
    first, second = agreement(phases, 0), agreement(phases, 1)
    waves = tile_waves(1)
    y, x = np.mgrid[: HIGHEST + 1, -HIGHEST : HIGHEST + 1]
    for down, across in [(0, 0), (5, 90), (127, 64)]:
        moved = shift(waves, down, across)
        terms = np.cos(np.angle(phases) - np.angle(waves) + 2 * np.pi * (y * down + x * across) / CELLS)[waves != 0]
        assert second[down, across] == pytest.approx(terms.sum() / math.sqrt(terms.size / 2), abs=1e-3)
        assert np.abs(moved[waves != 0]) == pytest.approx(1, abs=1e-4)
    steps = CELLS // STEP
    slow = [float((first + np.roll(second, (-STEP * (n // steps), -STEP * (n % steps)), (0, 1))).max()) for n in range(NUMBERS)]
    score, number = score_waves(phases)
    assert (score, number) == (pytest.approx(max(slow) / math.sqrt(2), abs=1e-4), int(np.argmax(slow)))


def test_the_threshold_is_what_the_bound_says() -> None:
    scores = len(SCALES) * CELLS**2 * NUMBERS
    assert 2 * scores * math.exp(-(THRESHOLD**2) / 2) == pytest.approx(FALSE_ALARMS)
    assert SCALES[0] > TILES * 1.04 and SCALES[-1] < TILES / 2
    draw = np.random.default_rng(2)
    phases = np.exp(1j * draw.uniform(0, 2 * np.pi, tile_waves(0).shape)).astype(np.complex64)
    one = agreement(phases, 0)
    assert one.std() == pytest.approx(1, abs=0.05) and (one > 2).mean() < math.exp(-2), "deviations, and their tail below the bound"


@pytest.mark.parametrize("name", ["desert", "sea", "street"])
def test_it_changes_frames_little_and_their_colours_not(name: str) -> None:
    frame, with_mark = marked(name, size=(640, 384))
    difference = with_mark.astype(int) - frame
    assert (psnr(frame[None], with_mark[None]) or 0) >= 42 and 0 < np.abs(difference).max() <= 7
    inside = ((frame > 8) & (frame < 247)).all(axis=2)
    assert (difference[inside].min(axis=1) == difference[inside].max(axis=1)).all(), "the same in red, green and blue"


@pytest.mark.parametrize(("crop", "size"), [
    ((0, 192, 0, 320), (320, 192)), ((0, 192, 0, 320), (213, 127)), ((0, 192, 0, 320), (961, 577)), ((9, 171, 23, 300), (277, 162)),
    ((30, 180, 11, 251), (360, 225)), ((0, 192, 100, 228), (128, 192)),
])  # fmt: skip
def test_it_is_read_at_every_scale_and_crop_also_of_odd_sizes(crop: tuple[int, int, int, int], size: tuple[int, int]) -> None:
    _, frame = marked()
    top, bottom, left, right = crop
    changed_frame = cv2.resize(np.ascontiguousarray(frame[top:bottom, left:right]), size, interpolation=cv2.INTER_AREA)
    reading = read(changed_frame)
    assert reading.found and reading.number == NUMBER
    assert reading.tiles == pytest.approx(TILES * min(bottom - top, right - left) / HEIGHT, rel=0.01)


def test_numbers_are_told_apart() -> None:
    frame = picture("forest", *SIZE)
    numbers = [0, 1, 31, 32, NUMBERS - 1]
    assert [read(InvisibleMark(number, *SIZE).put(frame)).number for number in numbers] == numbers
    assert film_number("a") == film_number("a") < NUMBERS and len({film_number(str(n)) for n in range(100)}) > 90


def test_what_is_not_marked_is_not_taken_for_it() -> None:
    frames = [picture("desert", *SIZE), picture("street", *SIZE), *(frame for _, frame in patterns(*SIZE))]
    assert max(read(frame).score for frame in frames) < THRESHOLD
    assert not read(np.zeros((HEIGHT, WIDTH, 3), np.uint8)).found, "black"
    assert not read(picture("sea", 24, 17)).found, "smaller than a tile"


def test_detail_does_not_grow_with_contrast() -> None:
    light = luma(picture("hills", *SIZE))
    assert np.abs(detail(light)).max() <= 2 and np.abs(detail(np.full((90, 160), 7.0, np.float32))).max() < 1e-3
    assert reduce(luma(picture("hills", 1280, 768))).shape == (480, 800) and reduce(light) is light


def test_black_borders_are_cut_off(tmp_path: Path) -> None:
    frame = np.pad(marked()[1], ((80, 80), (0, 0), (0, 0)))
    write_clip(tmp_path / "boxed.mp4", np.stack([frame] * 3), 24)
    reading = read_mark(tmp_path / "boxed.mp4")
    assert reading.found and reading.number == NUMBER and reading.tiles == pytest.approx(TILES, rel=0.01)
    assert evidence([(np.zeros((20, 30), np.float32), True)])[0].shape == (20, 30), "all black"


@pytest.mark.parametrize("size", [(SMALLEST - 1, 400), (400, 64), (16, 16)])
def test_small_frames_are_refused_with_a_sentence(size: tuple[int, int]) -> None:
    with pytest.raises(MediaError, match=f"{size[0]}×{size[1]} pixels are too small"):
        InvisibleMark(1, *size)


def test_an_export_bears_it_and_without_it_is_copied(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    write_clip(film, pan("hills", 6, SIZE), 12)
    compose(film, tmp_path / "plain.mp4")
    assert (read_clip(tmp_path / "plain.mp4") == read_clip(film)).all()
    compose(film, tmp_path / "out.mp4", title="Sea", label="Made with AI", mark=NUMBER)
    reading = read_mark(tmp_path / "out.mp4")
    assert reading.found and reading.number == NUMBER and not read_mark(film).found
    with pytest.raises(MediaError, match="too small"):
        write_clip(tmp_path / "small.mp4", pan("hills", 2, (64, 48)), 12)
        compose(tmp_path / "small.mp4", tmp_path / "no.mp4", mark=NUMBER)
    assert not (tmp_path / "no.mp4").exists()


def test_bad_files_and_short_and_long_films(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "no.mp4").write_text("no film")
    with pytest.raises(MediaError, match="is not a video"):
        read_mark(tmp_path / "no.mp4")
    write_clip(tmp_path / "one.mp4", marked()[1][None], 24)
    assert read_mark(tmp_path / "one.mp4").number == NUMBER, "a single frame"
    write_clip(tmp_path / "many.mp4", np.stack([marked()[1][:64, :64]] * 150), 24)
    assert len(list(lumas(tmp_path / "many.mp4"))) == 150
    monkeypatch.setattr("studio.media.mark_reader.LONG", 100)
    assert len(list(lumas(tmp_path / "many.mp4"))) == 7, "key frames, each once"


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> tuple[Frames, Frames]:
    """The frames of a film, and those of its export with the mark."""
    folder = tmp_path_factory.mktemp("films")
    write_clip(folder / "film.mp4", pan("hills", 48, (640, 384)), 24)
    compose(folder / "film.mp4", folder / "marked.mp4", mark=NUMBER)
    return read_clip(folder / "film.mp4"), read_clip(folder / "marked.mp4")


@pytest.mark.slow
@pytest.mark.parametrize("change", [
    Change("crf 28", 28), Change("half", scale=0.5), Change("all", 26, 0.25, 0.75), Change("rate", fps=30)], ids=lambda c: c.title)
def test_it_stays_in_a_film_that_was_coded_again(change: Change, films: tuple[Frames, Frames], tmp_path: Path) -> None:
    reading = read_mark(changed(films[1], change, tmp_path / "changed.mp4"))
    assert reading.found and reading.number == NUMBER


@pytest.mark.slow
def test_a_film_without_it_that_was_coded_again(films: tuple[Frames, Frames], tmp_path: Path) -> None:
    assert not read_mark(changed(films[0], Change("all", 26, 0.25, 0.75), tmp_path / "changed.mp4")).found
