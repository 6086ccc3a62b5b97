"""Drift, palettes, motion and consistency on films whose answer is known."""

import json
from pathlib import Path

import pytest
import torch

from studio.lab import tiny
from studio.lab.measure import activity, consistency, drift
from studio.lab.photographs import photograph
from tests.lab.measure import recollections
from tests.lab.measure.recollections import HEIGHT, WIDTH

PICTURE = photograph("coffee", WIDTH, HEIGHT)


def test_drift_is_equation_eight() -> None:
    assert drift.drift([10.0] * 3 + [7.0] * 14 + [4.0] * 3) == 6
    assert drift.drift([1.0, 5.0]) == 4
    assert drift.drift([2.0] * 40) == 0
    with pytest.raises(ValueError, match="needs a course"):
        drift.drift([])


def test_palettes_see_colour_and_not_place() -> None:
    assert drift.palette_distance(PICTURE.flip(2), PICTURE) == 0
    assert drift.palette_distance(torch.zeros(3, 8, 8), torch.ones(3, 8, 8)) == 1
    assert drift.palette_distance((PICTURE * 0.5), PICTURE) > 0.3


def test_a_film_that_blurs_drifts_in_sharpness() -> None:
    blurred = torch.nn.functional.avg_pool2d(PICTURE[None], 7, 1, 3)[0]
    true = PICTURE.expand(41, -1, -1, -1)
    made = torch.stack([torch.lerp(PICTURE, blurred, n / 40) for n in range(41)])
    found = drift.courses(made, true)
    assert drift.drift(found["sharpness"]) > 0.1 and drift.drift(found["sharpness of truth"]) == 0
    assert found["psnr"] == sorted(found["psnr"], reverse=True)


def test_a_film_of_one_mind_shows_the_same_place_again() -> None:
    shown = torch.rand(81, 3, 48, 64, generator=torch.Generator().manual_seed(0))
    shown[60 + 12] = shown[12]
    assert drift.revisit_psnrs(shown, 12) == [100]
    shown[60 + 12] = torch.rand(3, 48, 64, generator=torch.Generator().manual_seed(1))
    assert drift.revisit_psnrs(shown, 12)[0] < 15


def test_long_films_are_measured() -> None:
    model = recollections.model("a", listens=False)
    found = drift.measure(model, ["coffee"], WIDTH, HEIGHT, 3, {"mean": lambda frames: float(frames.mean())})
    assert len(found["hold"]["coffee"]["course"]["psnr"]) == 9
    assert found["hold"]["coffee"]["drift"]["psnr"] < 0.5
    assert found["tour"]["coffee"]["motion"]["motion energy over truth"] < 0.05        # it never moves: it must not win
    assert 0 < found["hold"]["coffee"]["consistency"]["mean"] < 1
    with pytest.raises(ValueError, match="only hold and tour"):
        drift.long_script("walk", 1)


def test_motion_is_compared_with_the_truth() -> None:
    wide = photograph("coffee", WIDTH + 80, HEIGHT)
    pan = torch.stack([wide[:, :, 4 * n : 4 * n + WIDTH] for n in range(20)])
    found = activity.compare(pan[::2], pan[:10])
    assert found["motion energy over truth"] > 1.2 and found["dynamic"] == 1
    assert activity.compare(pan, pan)["motion energy over truth"] == 1
    jumping = pan.clone()
    jumping[1::2] = pan[0]
    assert activity.jerk(jumping) > activity.jerk(pan)
    assert not activity.is_dynamic(pan[:1].expand(20, -1, -1, -1))
    assert "motion energy over truth" not in activity.compare(pan, pan[:1].expand(20, -1, -1, -1))


def test_consistency_is_one_for_a_still_and_less_for_a_change() -> None:
    still = PICTURE.expand(6, -1, -1, -1)

    def corners(frames: torch.Tensor) -> torch.Tensor:
        return frames[:, :, ::16, ::16].flatten(1) - 0.5

    assert consistency.consistency(still, corners) == pytest.approx(1)
    assert consistency.consistency(torch.cat([still, 1 - still]), corners) < 0.95
    with pytest.raises(ValueError, match="at least two"):
        consistency.consistency(still[:1], corners)


def test_an_encoder_of_ones_own_is_read_from_its_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no image encoder"):
        consistency.load_encoder(tmp_path)
    tiny.siglip().save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="image_mean"):
        consistency.load_encoder(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({"image_mean": [0.5] * 3, "image_std": [0.5] * 3}))
    known = consistency.load_encoder(tmp_path)
    assert known.measures == consistency.BACKGROUND
    assert consistency.consistency(PICTURE.expand(3, -1, -1, -1), known.features) == pytest.approx(1, abs=1e-4)
