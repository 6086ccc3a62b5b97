"""New ground beyond a picture's edges and in its holes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from studio.marks import NEWEST_GROUND
from studio.media import MediaError, shift_labels
from studio.media import fill as fills
from studio.media.distinctness import distinctness
from studio.media.fill import extend, fill
from studio.media.ground_methods import METHODS
from studio.media.membrane import membrane
from studio.media.picture import fit, read_picture
from studio.media.roughness import kept_share
from studio.media.shift_map import Scene, features_of, squared_distance

Pixels = NDArray[np.uint8]
EXAMPLES = Path(__file__).parents[2] / "assets" / "examples"
SEA, STREET = EXAMPLES / "sea" / "sea.jpg", EXAMPLES / "street" / "street.jpg"


def waves(height: int = 64, width: int = 96) -> Pixels:
    """Sky above, waves below, and one red square."""
    y, x = np.mgrid[:height, :width]
    sky = np.stack([120 + y, 150 + y, 220 - 0 * y], 2)
    sea = np.stack([40 + 0 * x, 90 + 25 * np.sin(x / 3 + y), 140 + 25 * np.sin(x / 3 + y)], 2)
    picture = np.where((y < height // 2)[..., None], sky, sea)
    picture[20:36, 60:72] = (220, 30, 20)
    return picture.clip(0, 255).astype(np.uint8)


def test_the_picture_stays_and_the_ground_is_the_same_again() -> None:
    picture = waves(48, 64)
    whole = extend(picture, 20, 0, 0, 8)
    assert whole.shape == (56, 84, 3) and whole.dtype == np.uint8
    assert (whole[:48, 20:] == picture).all()
    assert (whole == extend(picture, 20, 0, 0, 8)).all()


def test_sky_goes_on_as_sky_and_nothing_distinct_occurs_twice() -> None:
    picture = waves()
    whole = extend(picture, 24, 0, 24, 0).astype(int)
    red = (whole[..., 0] > 180) & (whole[..., 1] < 90)
    assert red[:, 24:-24].any() and not red[:, :24].any() and not red[:, -24:].any()
    for ground in (whole[:, :24], whole[:, -24:]):
        assert abs(ground[4:28].mean((0, 1)) - picture[4:28, :20].mean((0, 1))).max() < 12
        assert abs(ground[38:60].mean((0, 1)) - picture[38:60, :20].mean((0, 1))).max() < 12
        assert ground[38:60, :, 2].std() > 10, "waves, not a smear"


@pytest.mark.parametrize("bird", [np.s_[12:14, 160:169], np.s_[10:13, 60:66]])
def test_small_things_are_not_repeated(bird: tuple[slice, slice]) -> None:
    y, x = np.mgrid[:192, :320]
    wind = 12 * np.sin(x / 9 + y / 5)
    picture = np.stack([130 + y / 4 + wind, 160 + y / 4 + wind, 210 + wind], 2).clip(0, 255).astype(np.uint8)
    picture[bird] = (220, 30, 20)
    whole = extend(picture, 80, 48, 80, 48).astype(int)
    red = whole[..., 0] - whole[..., 1] > 60
    assert red[48:-48, 80:-80].sum() == 18 and red.sum() == 18


def test_more_ground_than_picture() -> None:
    picture = waves(32, 40)
    whole = extend(picture, 0, 0, 70, 0)
    assert whole.shape == (32, 110, 3) and (whole[:, :40] == picture).all()
    assert whole[20:, 80:, 2].std() > 8 and (whole.max(2) > 0).all()


def test_no_ground_is_the_picture() -> None:
    picture = waves()
    assert (extend(picture, 0, 0, 0, 0) == picture).all()
    with pytest.raises(ValueError, match="not by less"):
        extend(picture, -1, 0, 0, 0)


def test_a_hole_is_filled_from_around_it() -> None:
    picture = waves()
    mask = np.zeros(picture.shape[:2], bool)
    mask[18:38, 58:74] = True
    filled = fill(picture, mask)
    assert (filled[~mask] == picture[~mask]).all() and (filled == fill(picture, mask)).all()
    red = (filled[..., 0].astype(int) > 180) & (filled[..., 1] < 90)
    assert not red.any(), "the square is gone"
    picture[18:38, 58:74] = 0
    assert (filled == fill(picture, mask)).all(), "what lies under the mask does not matter"


def test_holes_that_cannot_be_filled() -> None:
    picture = waves()
    with pytest.raises(ValueError, match="does not fit"):
        fill(picture, np.zeros((3, 3), bool))
    with pytest.raises(ValueError, match="nothing left"):
        fill(picture, np.ones(picture.shape[:2], bool))
    assert (fill(picture, np.zeros(picture.shape[:2], bool)) == picture).all()


def test_a_membrane_takes_the_steps_that_are_asked_for() -> None:
    y, x = np.mgrid[:60, :90]
    hole = np.ones((60, 90), bool)
    hole[20:40, 30:60] = False
    distance = np.maximum(np.maximum(30 - x, x - 59), np.maximum(20 - y, y - 39)).clip(0)
    wanted = (0.01 * distance)[..., None].astype(np.float32)
    right, down = np.zeros_like(wanted), np.zeros_like(wanted)
    right[:, :-1], down[:-1] = np.diff(wanted, axis=1), np.diff(wanted, axis=0)
    found = membrane(right, down, hole, 0.0)
    assert (found[~hole] == 0).all() and abs(found - wanted).max() < 0.03


def test_what_occurs_once_is_distinct() -> None:
    picture = waves(96, 144).astype(np.float32) / 255
    found = distinctness(picture, np.ones((96, 144), bool))
    assert found[24:32, 62:70].min() > 0.8 and np.median(found) < 0.2


def test_a_sky_that_darkens_upwards_does_not_darken_on_and_on() -> None:
    y, x = np.mgrid[:40, :56]
    colours = np.stack([30 + 2 * y + 6 * np.sin(x / 2 + y), 40 + 2.5 * y, 70 + 3 * y + 6 * np.sin(x / 3)], 2)
    picture = colours.clip(0, 255).astype(np.uint8)
    whole = extend(picture, 0, 60, 20, 0).astype(float)
    rows = picture.astype(float).mean((1, 2))[:10]
    for corner in (whole[:16, :20], whole[:16, -20:]):
        assert rows.min() - 4 <= corner.mean() <= rows.max() + 4


def fur_beside_mist(seed: int = 0) -> Pixels:
    """Fine rough texture on the left, smooth mist on the right."""
    rng, (y, x) = np.random.default_rng(seed), np.mgrid[:64, :96]
    rough = np.where(x < 48, 30.0, 1.0)
    return (120 + rough * rng.standard_normal((64, 96)) + y / 4).clip(0, 255)[..., None].repeat(3, 2).astype(np.uint8)


def test_the_first_step_of_rough_ground_is_between_it_and_the_smooth_picture() -> None:
    colours, y = fur_beside_mist().astype(np.float32) / 255, np.arange(64)
    source = np.ones((64, 97), bool)
    source[:, 96] = False
    colours = np.pad(colours, ((0, 0), (0, 1), (0, 0)))
    x = np.full(64, 95)
    rough, smooth = (np.full((64, 3), step, np.float32) for step in (0.1, 0.001))
    kept = kept_share(colours, source, rough, y, x, 1)
    beside = np.abs(np.diff(colours[:, 70:96], axis=1)).mean()
    assert abs(0.1 * kept.mean() / np.sqrt(0.1 * beside) - 1) < 0.2
    assert (kept_share(colours, source, smooth, y, x, 1) == 1).all(), "smooth ground stays so"
    assert (kept_share(colours, source, rough, y, x - 40, 1) == 1).all(), "and so do steps elsewhere"


def test_older_methods_make_the_ground_that_they_made() -> None:
    picture = waves(32, 40)
    first, second = (extend(picture, 0, 0, 0, 10, method=method)[36, ::3, 2].astype(int) for method in (1, 2))
    known = [153, 124, 108, 123, 154, 174, 161, 127, 105, 117, 154, 176, 158, 125]
    known_second = [150, 150, 140, 132, 131, 140, 147, 146, 141, 135, 133, 135, 140, 142]
    assert abs(first - known).mean() < 1, "films that began with this method are made again with it"
    assert abs(second - known_second).mean() < 1 < abs(first - known_second).mean()
    third, fourth = (extend(waves(40, 96), 0, 0, 0, 18, method=method)[-8, ::8, 2].astype(int) for method in (3, 4))
    known_third = [154, 139, 130, 163, 113, 156, 120, 124, 128, 98, 156, 110]
    known_fourth = [152, 138, 131, 157, 113, 151, 148, 111, 125, 117, 117, 152]
    assert abs(third - known_third).mean() < 1 < abs(fourth - known_third).mean()
    assert abs(fourth - known_fourth).mean() < 1
    sea = np.asarray(fit(read_picture(SEA).convert("RGB"), (160, 96)))
    fifth, sixth = (extend(sea, 0, 0, 0, 24, method=method)[-8, ::16, 2].astype(int) for method in (5, 6))
    known_fifth = [172, 191, 148, 184, 180, 175, 173, 181, 157, 166]
    known_sixth = [163, 156, 151, 199, 161, 169, 175, 166, 153, 170]
    assert abs(fifth - known_fifth).mean() < 1 < abs(sixth - known_fifth).mean()
    assert abs(sixth - known_sixth).mean() < 0.05, "the one after it differs little here, and more where more is made"
    street = np.asarray(fit(read_picture(STREET).convert("RGB"), (160, 96)))
    seventh, eighth = (extend(street, 0, 0, 0, 24, method=method)[-8, ::16, 2].astype(int) for method in (7, 8))
    known_seventh = [120, 127, 112, 124, 139, 124, 112, 115, 115, 119]
    assert abs(seventh - known_seventh).mean() < 1 < abs(eighth - known_seventh).mean()
    with pytest.raises(MediaError, match="newer studio"):
        extend(picture, 1, 1, 1, 1, method=99)


def sand(height: int, width: int, seed: int = 0) -> Pixels:
    """Rough ground with waves in it, of which there is enough to copy."""
    rng, (y, x) = np.random.default_rng(seed), np.mgrid[:height, :width]
    values = 130 + 20 * np.sin(x / 7 + y / 4) + 12 * rng.standard_normal((height, width))
    return np.stack([values + 20, values, values - 30], 2).clip(0, 255).astype(np.uint8)


def green(picture: Pixels) -> int:
    return int((picture[..., 1].astype(int) - picture[..., 0] > 40).sum())


@pytest.mark.parametrize(("size", "x"), [(8, 64), (12, 42)])
def test_a_unique_thing_near_an_edge_is_not_copied_beyond_it(monkeypatch: pytest.MonkeyPatch, size: int, x: int) -> None:
    picture = sand(96, 128)
    picture[72:72 + size, x:x + size] = (20, 160, 40)
    assert green(extend(picture, 32, 0, 0, 24)) == size ** 2
    monkeypatch.setattr(fills, "distinctness", lambda colours, known, high=0.0: np.zeros(known.shape, np.float32))
    monkeypatch.setattr(fills, "find_things", lambda colours, *how: np.zeros(colours.shape[:2], bool))
    assert green(extend(picture, 32, 0, 0, 24)) > size ** 2, "if nothing counted as distinct, it would be"


def test_what_stands_out_is_not_copied_either(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = sand(96, 128) // 2 + 60
    picture[72:80, 64:72] = (20, 160, 40)
    monkeypatch.setattr(fills, "distinctness", lambda colours, known, high=0.0: np.zeros(known.shape, np.float32))
    fourth, newest = (green(extend(picture, 32, 0, 0, 24, method=method)) for method in (4, NEWEST_GROUND))
    assert newest == 64 < fourth


def test_a_small_thing_costs_as_much_as_a_larger_one() -> None:
    sixth, newest = METHODS[6], METHODS[NEWEST_GROUND]
    things = np.zeros((40, 60), bool)
    things[4:6, 4:8] = things[20:32, 20:36] = True                       # 2 and 48 coarse pixels, after one halving
    prices = fills._prices(things, newest, 1)
    assert prices[things].min() == 1 and prices[20:32, 20:36].max() == 1 and not prices[~things].any()
    assert prices[4:6, 4:8].sum() / 4 == pytest.approx(fills.SMALL_THING)
    assert np.array_equal(fills._prices(things, sixth, 1), things)


def test_ground_that_was_made_is_copied_less_gladly_than_the_picture() -> None:
    picture, made = sand(96, 128), np.zeros((96, 128), bool)
    made[:, 64:] = True
    levels = fills._pyramid(picture, np.zeros_like(made), 0.2)
    sixth, newest = (fills._distinct(levels[-2:], made, METHODS[method]) for method in (6, NEWEST_GROUND))
    assert newest[:, -1].min() == 1 > fills.ONCE > sixth[:, -1].max() and np.array_equal(newest[:, 0], sixth[:, 0])


def test_squared_distances_are_numpys_sums() -> None:
    draw = np.random.default_rng(0)
    one, other = draw.random((40, 1, 5), np.float32), draw.random((40, 60, 5), np.float32)
    assert np.array_equal(squared_distance(one, other), ((one - other) ** 2).sum(-1)), "bit for bit"


def test_the_size_of_new_ground_does_not_decide_what_is_distinct() -> None:
    picture = sand(96, 128)
    picture[72:80, 64:72] = (20, 160, 40)
    newest = METHODS[NEWEST_GROUND]
    found = fills._looked_once(picture, newest)
    wide = fills._largest(np.pad(found, ((0, 0), (0, 300))), 3)
    assert found.shape == (96, 128) and found[74:78, 66:70].min() == newest.avoided and np.median(found) < fills.ONCE
    assert wide.shape == (12, 54) and wide[9, 8] == newest.avoided, "also on a canvas that is halved three times"


def test_ground_is_not_what_lies_mirrored_across_the_edge() -> None:
    picture = sand(160, 240)
    whole = extend(picture, 0, 0, 60, 0).astype(float)
    ground, mirror = whole[:, 240:].mean(2), picture[:, :-61:-1].astype(float).mean(2)
    for first in range(0, 160, 20):
        ours, turned = (part[first:first + 20] - part[first:first + 20].mean() for part in (ground, mirror))
        assert (ours * turned).sum() < 0.6 * np.sqrt((ours ** 2).sum() * (turned ** 2).sum()), first


def test_every_layer_of_deep_ground_chooses_offsets_for_itself() -> None:
    """Above 12 rows of sky 24 rows are missing: some must come from less far than their depth, or windows stand in the sky."""
    rng, (y, x) = np.random.default_rng(0), np.mgrid[:48, :160]
    colours = 0.6 + 0.02 * rng.standard_normal((48, 160, 3)).astype(np.float32)
    colours[(y >= 36) & (y % 4 < 2) & (x % 6 < 4)] = (0.8, 0.2, 0.1)
    scene = Scene(features_of(colours), y >= 24, y < 24)
    between = {layers: np.unique(shift_labels.choose(
        scene, np.zeros((48, 160), np.float32), shift_labels.beyond("top", 0.5), 0, layers)[0][:, 0]) for layers in (1, 3)}
    assert ((between[3] > 12) & (between[3] < 24)).any()
    assert not ((between[1] > 12) & (between[1] < 24)).any(), "with one layer they do not"


@pytest.mark.parametrize(("height", "width", "looked"), [(640, 640, 320), (428, 640, 320), (160, 240, 240)])
def test_things_are_looked_for_where_their_sides_are_seen(height: int, width: int, looked: int) -> None:
    """A square picture was halved once more, to 160 pixels, where the side of a tower block is lost in noise."""
    picture = np.zeros((height, width, 3), np.uint8)
    levels = fills._pyramid(picture, np.zeros((height, width), bool), 0.2)
    eighth, seventh = (levels[fills._level_of_things(levels, METHODS[method])][0].shape[1] for method in (8, 7))
    assert eighth == looked and seventh == (160 if height == width else looked)
