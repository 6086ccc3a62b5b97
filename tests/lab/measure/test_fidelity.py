"""SSIM, the grid and sharpness on pictures whose faults are known."""

import pytest
import torch

from studio.lab.measure import fidelity, steadiness
from studio.lab.measure.filming import photographs
from studio.lab.photographs import photograph

CHELSEA = photograph("chelsea", 192, 128)[None]


def test_a_picture_made_of_tiles_shows_its_grid_and_another_does_not() -> None:
    tiles = torch.nn.functional.avg_pool2d(CHELSEA, 16).repeat_interleave(16, 2).repeat_interleave(16, 3)
    assert fidelity.compare(0.7 * CHELSEA + 0.3 * tiles, CHELSEA)["grid 16"] > 1.3
    noisy = CHELSEA + 0.02 * torch.randn(CHELSEA.shape, generator=torch.Generator().manual_seed(0))
    assert fidelity.compare(noisy.clamp(0, 1), CHELSEA)["grid 16"] == pytest.approx(1, abs=0.05)


def test_stills_and_clips_go_through_the_trip() -> None:
    subjects = photographs(("chelsea", "rocket"))
    kept = fidelity.measure(lambda frames: (frames * 255).round() / 255, subjects, 64, 64, clips=1, frames=5)
    assert set(kept["still"]) == {"chelsea", "rocket"}
    assert kept["still mean"]["psnr"] > 50
    assert kept["moving mean"]["ssim"] > 0.99
    assert len(kept["moving"]) == len(fidelity.CLIPS)


def test_a_codec_without_an_autoencoder_for_clips_is_left_out() -> None:
    assert fidelity.round_trip(object()) is None


def test_sharpness_sees_blur_and_not_light() -> None:
    frame = CHELSEA[0]
    blurred = torch.nn.functional.avg_pool2d(CHELSEA, 5, 1, 2)[0]
    assert steadiness.sharpness(frame * 0.4) == pytest.approx(steadiness.sharpness(frame), rel=0.02)
    assert steadiness.sharpness_by_section(torch.stack([frame, frame, blurred]), 2)[0] < 0.7
