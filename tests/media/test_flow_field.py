"""The field of velocities that strokes give a picture."""

from __future__ import annotations

import numpy as np
import pytest

from studio.media.flow_field import flow_field

ACROSS = ((0.2, 0.5), (0.8, 0.5))


def test_the_middle_of_a_stroke_has_its_speed_and_direction() -> None:
    field = flow_field([(ACROSS, 0.2, 0.15)], 640, 384, 16, 24)
    assert field.shape == (24, 40, 2) and field.dtype == np.float32
    assert field[12, 20, 0] == pytest.approx(0.15 * 640 / 24, rel=0.01) and abs(field[12, 20, 1]) < 1e-3
    back = flow_field([(ACROSS[::-1], 0.2, 0.15)], 640, 384, 16, 24)
    assert np.allclose(back, -field, atol=1e-4)


def test_nothing_flows_outside_the_brush_and_it_fades_to_zero_at_its_edge() -> None:
    field = flow_field([(ACROSS, 0.2, 0.15)], 640, 384, 8, 24)
    speed = np.hypot(field[..., 0], field[..., 1])
    y, x = (np.mgrid[:48, :80] + 0.5) * 8
    away = np.hypot(x - x.clip(0.2 * 640, 0.8 * 640), y - 192)
    assert (speed[away > 64] == 0).all() and (speed[away < 30] > 0.95 * speed.max()).all()
    column = speed[:, 40]
    assert abs(np.diff(column)).max() < 0.45 * column.max() and speed.max() < 1.01 * 0.15 * 640 / 24


@pytest.mark.parametrize("cell", [4, 16])
def test_a_curve_is_followed_along_its_tangent(cell: int) -> None:
    angle = np.linspace(0, np.pi, 40)
    way = np.stack([0.5 - 0.3 * np.cos(angle), 0.7 - 0.3 * np.sin(angle) * 640 / 384], 1)
    trembling = way + np.random.default_rng(0).normal(0, 0.002, way.shape)
    field = flow_field([([(float(x), float(y)) for x, y in trembling], 0.12, 0.1)], 640, 384, cell, 12)
    for at in (8, 20, 32):
        row, column = int(way[at, 1] * 384 / cell), int(way[at, 0] * 640 / cell)
        middle = np.array([column + 0.5, row + 0.5]) * cell - (320, 0.7 * 384)
        tangent = np.array([-middle[1], middle[0]]) / np.hypot(*middle)
        found = field[row, column]
        assert found @ tangent / np.hypot(*found) > 0.98
        assert np.hypot(*found) == pytest.approx(0.1 * 640 / 12, rel=0.05)


def test_strokes_that_overlap_blend() -> None:
    down = ((0.5, 0.1), (0.5, 0.9))
    one, other = (flow_field([(way, 0.2, 0.1)], 320, 320, 8, 10) for way in (ACROSS, down))
    both = flow_field([(ACROSS, 0.2, 0.1), (down, 0.2, 0.1)], 320, 320, 8, 10)
    assert np.allclose(both[20, 20], (one[20, 20] + other[20, 20]) / 2, atol=0.02)
    assert np.allclose(both[20, 8], one[20, 8]) and np.allclose(both[6, 20], other[6, 20])
    against = flow_field([(ACROSS, 0.2, 0.1), (ACROSS[::-1], 0.2, 0.1)], 320, 320, 8, 10)
    assert abs(against).max() < 1e-3


def test_a_stroke_over_itself_never_flows_faster_nor_aside() -> None:
    there_and_back = ((0.2, 0.5), (0.8, 0.5), (0.2, 0.5))
    loop = ((0.2, 0.4), (0.8, 0.4), (0.8, 0.8), (0.5, 0.8), (0.5, 0.1))
    for way in (there_and_back, loop):
        speed = np.hypot(*np.moveaxis(flow_field([(way, 0.15, 0.1)], 320, 320, 8, 10), 2, 0))
        assert speed.max() < 1.01 * 0.1 * 320 / 10 and np.isfinite(speed).all()


def test_clicks_and_nothing_give_no_flow() -> None:
    assert not flow_field([], 100, 50, 16, 24).any()
    assert flow_field([], 100, 50, 16, 24).shape == (4, 7, 2)
    assert not flow_field([(((0.5, 0.5),), 0.2, 1.0), (((0.5, 0.5), (0.5, 0.5)), 0.2, 1.0)], 100, 50, 16, 24).any()


def test_a_thin_brush_is_not_lost_between_cells() -> None:
    field = flow_field([(((0.1, 0.5), (0.9, 0.5)), 0.005, 0.1)], 640, 384, 16, 24)
    assert np.hypot(field[..., 0], field[..., 1]).max() == pytest.approx(0.1 * 640 / 24, rel=0.05)


def test_sizes_that_are_none() -> None:
    for sizes in ((0, 10, 8, 24.0), (10, 0, 8, 24.0), (10, 10, 0, 24.0), (10, 10, 8, 0.0)):
        with pytest.raises(ValueError, match="above 0"):
            flow_field([], *sizes)
