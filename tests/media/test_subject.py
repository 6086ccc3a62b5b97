"""A subject lifted from its picture, and the ground behind it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from studio.media.subject import ground_behind, subject_alpha

Pixels = NDArray[np.uint8]
Bools = NDArray[np.bool_]


def ball(height: int = 120, width: int = 180, x: float = 0.4) -> tuple[Pixels, Bools]:
    """A red ball, lighter on one side, over grass-like noise; and where it is."""
    rng = np.random.default_rng(3)
    v, u = np.mgrid[:height, :width].astype(np.float32)
    noise = rng.normal(0, 14, (height, width, 1))
    picture = np.array([70, 130, 60]) + noise + 40 * (v / height)[..., None]
    away = np.hypot(u - x * width, v - 0.5 * height) / (0.26 * height)
    light = (1.2 - 0.5 * np.hypot(u - x * width + 8, v - 0.5 * height + 8) / (0.26 * height))[..., None]
    picture = np.where((away < 1)[..., None], np.array([210, 40, 40]) * light + noise / 2, picture)
    return picture.clip(0, 255).astype(np.uint8), away < 1


def overlap(alpha: NDArray[np.float32], mask: Bools) -> float:
    found = alpha > 0.5
    return float((found & mask).sum() / (found | mask).sum())


@pytest.mark.parametrize("stroke", [((0.36, 0.42), (0.44, 0.58)), ((0.4, 0.5),)])
def test_a_stroke_or_a_click_lifts_the_ball(stroke: tuple[tuple[float, float], ...]) -> None:
    picture, mask = ball()
    alpha = subject_alpha(picture, [stroke])
    assert alpha.shape == mask.shape and alpha.dtype == np.float32 and 0 <= alpha.min() <= alpha.max() <= 1
    assert overlap(alpha, mask) > 0.93
    assert (alpha == subject_alpha(picture, [stroke])).all()


def test_the_edge_is_soft_and_narrow() -> None:
    picture, mask = ball(480, 720)
    alpha = subject_alpha(picture, [((0.36, 0.42), (0.44, 0.58))])
    assert overlap(alpha, mask) > 0.95
    soft = (alpha > 0.05) & (alpha < 0.95)
    around = 2 * np.pi * 0.26 * 480
    assert 0.3 * around < soft.sum() < 5 * around, soft.sum() / around


def test_what_no_stroke_touches_stays_ground() -> None:
    picture, mask = ball()
    other, second = ball(x=0.8)
    picture[:, 110:] = other[:, 110:]
    alpha = subject_alpha(picture, [((0.36, 0.42), (0.44, 0.58))])
    assert overlap(alpha, mask) > 0.9 and (alpha[second] > 0.5).mean() < 0.02
    both = subject_alpha(picture, [((0.36, 0.42), (0.44, 0.58)), ((0.78, 0.5), (0.82, 0.5))])
    assert overlap(both, mask | second) > 0.9


def test_a_ground_stroke_takes_away() -> None:
    picture, mask = ball()
    picture[50:70, 60:84] = (30, 30, 200)
    through = ((0.32, 0.5), (0.36, 0.62), (0.48, 0.6), (0.5, 0.46), (0.4, 0.34))
    alpha = subject_alpha(picture, [through], [((0.36, 0.5), (0.44, 0.5))])
    assert (alpha[54:66, 66:78] < 0.5).all() and (alpha > 0.5)[mask].mean() > 0.6
    whole = subject_alpha(picture, [through, ((0.36, 0.5), (0.44, 0.5))])
    assert (whole[54:66, 66:78] > 0.5).all()


@pytest.mark.timeout(30)
def test_a_picture_of_one_colour_takes_no_minutes() -> None:
    flat = np.full((360, 480, 3), (0, 128, 128), np.uint8)
    assert subject_alpha(flat, [[(0.4, 0.5), (0.6, 0.5)]], [[(0.1, 0.1)]]).shape == (360, 480)


def test_a_subject_without_strokes() -> None:
    picture, _ = ball()
    with pytest.raises(ValueError, match="at least one stroke"):
        subject_alpha(picture, [])


def test_the_ground_behind_has_no_trace_of_the_subject() -> None:
    picture, _ = ball(60, 90)
    alpha = subject_alpha(picture, [((0.36, 0.42), (0.44, 0.58))])
    ground = ground_behind(picture, alpha)
    assert ground.shape == picture.shape and ground.dtype == np.uint8
    red = ground[..., 0].astype(int) - ground[..., 1]
    assert (red < 30).all() and (ground[alpha == 0] == picture[alpha == 0]).mean() > 0.9
    assert (ground == ground_behind(picture, alpha)).all()
    assert (ground_behind(picture, np.zeros_like(alpha)) == picture).all()
