"""Clips that differ: the figures by hand, and the picture."""

from __future__ import annotations

import numpy as np
import pytest

from studio.media.difference import EDGE, GAIN, draw_difference, psnr, visible_difference

ONE = np.full((3, 8, 8, 3), 100, np.uint8)


def changed(at: int, by: int) -> np.ndarray:
    """The clip with the left half of a frame brighter."""
    other = ONE.copy()
    other[at, :, :4] += by
    return other


def test_psnr_by_hand() -> None:
    assert psnr(ONE, ONE) is None
    other = changed(1, 10)
    assert psnr(ONE, other) == pytest.approx(10 * np.log10(255**2 / (100 / 6)))
    part = np.zeros((3, 8, 8), bool)
    part[1, :, :4] = True
    assert psnr(ONE, other, part) == pytest.approx(10 * np.log10(255**2 / 100))
    assert psnr(ONE, other, ~part) is None
    assert psnr(other, ONE) == psnr(ONE, other), "unsigned numbers do not wrap"


def test_what_is_visible() -> None:
    assert visible_difference(ONE, changed(2, 7)).sum() == 0
    assert visible_difference(ONE, changed(2, 8)).sum() == 32


def test_the_picture_shows_the_frame_that_differs_most() -> None:
    other = changed(1, 5)
    other[2, :, :4] += 20
    picture = draw_difference(ONE, other)
    assert (picture[:, :4] == 20 * GAIN).all() and not picture[:, 4:].any()
    part = np.zeros((3, 8, 8), bool)
    part[1, 1:7, 1:7] = True
    picture = draw_difference(ONE, other, part)
    assert (picture[1, 1:7] == EDGE).all() and (picture[3, 3] == 5 * GAIN).all(), "within the part, frame 1 differs most"
