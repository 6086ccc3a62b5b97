"""Things are told from textures: by how far their colour is from what lies around, where that is unusual."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from studio.media.picture import fit, read_picture
from studio.media.things import Floats, _closed, _parts, find_things

EXAMPLES = Path(__file__).parents[2] / "assets" / "examples"


def sand(height: int, width: int, rough: float) -> Floats:
    """Ground with waves and grain."""
    rng, (y, x) = np.random.default_rng(0), np.mgrid[:height, :width]
    values = 0.5 + rough * (np.sin(x / 7 + y / 4) + 0.6 * rng.standard_normal((height, width)))
    return np.stack([values + 0.08, values, values - 0.12], 2).astype(np.float32)


@pytest.mark.parametrize("rough", [0.0, 0.02, 0.05])
def test_a_thing_is_found_and_what_lies_around_is_not(rough: float) -> None:
    picture = sand(120, 160, rough)
    for x in (20, 70, 120):                                    # three alike: each of them is a thing
        picture[60:70, x:x + 12] = (0.1, 0.6, 0.15)
        picture[20:60, x + 5:x + 7] = (0.05, 0.05, 0.1)        # a slender one: a pole
    found = find_things(picture)
    for x in (20, 70, 120):
        assert found[60:70, x:x + 12].all() and found[20:60, x + 5:x + 7].all()
        found[18:72, x - 2:x + 14] = False
    assert found.mean() < 0.002


def test_birds_before_clouds_are_small_things() -> None:
    """Clouds are as far from the median around them as a bird is; close to the bird nothing else is."""
    image = fit(read_picture(EXAMPLES / "lighthouse" / "lighthouse.jpg").convert("RGB"), (320, 192))
    picture = np.asarray(image).astype(np.float32) / 255
    birds = np.s_[34:40, 194:204]
    assert find_things(picture, small=True)[birds].mean() > 0.3 and not find_things(picture)[birds].any()
    assert find_things(picture, small=True)[:30, :180].mean() < 0.01, "clouds alone"


def test_of_long_lines_textures_are_made() -> None:
    y, x = np.mgrid[:192, :320]
    picture = np.repeat((0.5 + 0.25 * np.sin(y / 16) * np.sin(x / 16))[..., None], 3, 2).astype(np.float32)
    picture[96:98, 30:290] -= 0.15
    picture[40:42, 150:158] -= 0.15
    found = find_things(picture, small=True)
    assert found[40:42, 150:158].all() and not found[90:104].any() and not find_things(picture).any()


def test_a_texture_of_many_small_spots_is_no_thing() -> None:
    picture = sand(120, 160, 0.0)
    y, x = np.mgrid[:120, :160]
    picture[(y % 6 < 3) & (x % 5 < 3)] -= 0.2
    assert find_things(picture).mean() < 0.01 and find_things(picture, whole=True).mean() < 0.01


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 3), (2000, 1200)])
def test_any_size_will_do(size: tuple[int, int]) -> None:
    assert not find_things(np.full((*size, 3), 0.4, np.float32)).any()


def test_a_lattice_is_found_whole_also_where_it_is_faint() -> None:
    y, x = np.mgrid[:192, :256]
    picture = np.repeat((0.35 + 0.25 * y / 192)[..., None], 3, 2) * np.array([0.6, 0.8, 1.2])
    picture += 0.006 * np.random.default_rng(0).standard_normal((192, 256, 1))
    mast, across = (x >= 150) & (x < 165) & (y >= 40), x - 150
    bars = mast & ((across < 2) | (across >= 13) | ((across + y) % 14 < 2) | ((across - y) % 14 < 2))
    picture -= np.where(bars, np.where(y < 100, 0.35, 0.07), 0)[..., None]
    colours = picture.clip(0, 1).astype(np.float32)
    pieces, whole = find_things(colours, small=True), find_things(colours, small=True, whole=True)
    assert pieces[mast].mean() < 0.5 and whole[mast].mean() > 0.99 and whole[~mast].mean() < 0.01


def test_gaps_and_holes_are_closed_and_the_picture_s_edge_is_none() -> None:
    found = np.zeros((120, 160), bool)
    found[20:40, 20:30] = found[20:40, 34:44] = True               # a gap of 4 pixels
    found[60:90, 60:90] = True
    found[70:78, 70:78] = False                                    # a hole
    found[100:120, 0:10] = found[0:10, 100:120] = True
    closed = _closed(found)
    assert closed[22:38, 30:34].all() and closed[60:90, 60:90].all()
    closed[20:40, 30:34] = closed[70:78, 70:78] = False
    assert np.array_equal(closed, found)


def test_what_stands_out_less_belongs_to_a_thing_if_most_of_it_stands_out_more() -> None:
    less, found = np.zeros((40, 80), bool), np.zeros((40, 80), bool)
    less[5:15, 5:15] = less[5:15, 40:70] = True
    found[5:10, 5:15] = found[5:15, 40:45] = True                  # one half, and a sixth
    kept = _parts(less, found)
    assert kept[5:15, 5:15].all() and kept.sum() == 100
