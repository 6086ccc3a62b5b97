"""PSNR: decibels of an error that is known, clamping, and the highest value."""

import pytest
import torch

from studio.lab.psnr import psnr

PICTURE = torch.rand(3, 32, 48, generator=torch.Generator().manual_seed(0))


def test_psnr_is_what_the_error_says() -> None:
    assert psnr(PICTURE * 0 + 0.5, PICTURE * 0 + 0.6) == pytest.approx(20.0, abs=1e-3)
    assert psnr(PICTURE, PICTURE) == psnr(PICTURE, PICTURE + 1e-6) == 100
    assert psnr(PICTURE, PICTURE, highest=99.0) == 99


def test_values_outside_the_range_count_as_its_ends() -> None:
    assert psnr(PICTURE * 0 + 1.5, PICTURE * 0 + 1) == 100
    assert psnr(PICTURE * 0 - 1, PICTURE * 0 + 0.1) == pytest.approx(20.0, abs=1e-3)
