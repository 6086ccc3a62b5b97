"""Films at another frame rate: as long as before, with the right frames."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from studio.media.clip import Frames, probe, read_clip
from studio.media.export import compose
from studio.media.frame_rate import Rate, at_rate, frames_at


def shown(count: int, rate: int, wanted: int, blend: bool = False) -> list[int]:
    """The brightness of the frames at another rate, of a film whose frame i has the brightness 10 * i."""
    frames = (np.full((2, 2, 3), 10 * number, np.uint8) for number in range(count))
    return [int(frame[0, 0, 0]) for frame in at_rate(frames, count, Fraction(rate), Fraction(wanted), blend)]


def test_frames_are_repeated_or_left_out() -> None:
    assert shown(4, 12, 24) == [0, 0, 10, 10, 20, 20, 30, 30]
    assert shown(8, 24, 30) == [0, 10, 20, 20, 30, 40, 50, 60, 60, 70]
    assert shown(10, 30, 24) == [0, 10, 30, 40, 50, 60, 80, 90]
    assert shown(5, 24, 24) == [0, 10, 20, 30, 40]


def test_neighbours_are_mixed_by_how_long_they_are_shown() -> None:
    assert shown(4, 24, 12, blend=True) == [5, 25]
    assert shown(4, 24, 30, blend=True) == [0, 8, 15, 22, 30]
    assert shown(3, 24, 24, blend=True) == [0, 10, 20]


@pytest.mark.parametrize("rate", [12, 24, 30])
@pytest.mark.parametrize("wanted", [24, 25, 30])
@pytest.mark.parametrize("count", [1, 7, 97])
def test_the_film_lasts_as_long_as_before(count: int, rate: int, wanted: int) -> None:
    for blend in (False, True):
        made = len(shown(min(count, 25), rate, wanted, blend))
        assert made == frames_at(min(count, 25), Fraction(rate), Fraction(wanted))
    assert abs(frames_at(count, Fraction(rate), Fraction(wanted)) / wanted - count / rate) <= 0.5 / wanted + 1e-9 or count == 1


def test_a_film_of_fewer_frames_than_it_says_ends_with_its_last() -> None:
    frames = [np.full((2, 2, 3), value, np.uint8) for value in (0, 50)]
    for blend in (False, True):
        made = [int(frame[0, 0, 0]) for frame in at_rate(frames, 6, Fraction(24), Fraction(30), blend)]
        assert len(made) == 8 and made[0] == 0 and made[-1] == 50


@pytest.mark.parametrize(("wanted", "blend"), [(24, False), (25, True), (30, False)])
def test_an_mp4_at_another_rate(
    clip: Callable[..., Path], film: Callable[..., Frames], tmp_path: Path, wanted: int, blend: bool
) -> None:
    source = clip(fps=12, frames=12, metadata={"lineage": "{}"})
    compose(source, tmp_path / "out.mp4", title="Sea", rate=Rate(wanted, blend))
    facts = probe(tmp_path / "out.mp4")
    opening = round(2.5 * wanted)
    assert (facts.fps, facts.frames, facts.metadata["lineage"]) == (wanted, opening + wanted, "{}")
    frames, original = read_clip(tmp_path / "out.mp4").astype(int), film(frames=12).astype(int)
    assert np.abs(frames[-1] - original[-1]).mean() < 4 and np.abs(frames[opening] - original[0]).mean() < 4


def test_the_films_own_rate_changes_nothing(clip: Callable[..., Path], tmp_path: Path) -> None:
    compose(clip(fps=12), tmp_path / "out.mp4", rate=Rate(12))
    assert (read_clip(tmp_path / "out.mp4") == read_clip(tmp_path / "clip.mp4")).all(), "joined, not encoded again"
