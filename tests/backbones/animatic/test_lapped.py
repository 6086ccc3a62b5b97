"""Filters across patch borders: orthogonal, inverted by their transpose, and without the grid that patches alone show."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.animatic import lapped
from studio.backbones.animatic.lapped import border_rotation, filter_borders
from tests.bases import cosines

SIZE = 16


@pytest.mark.parametrize("size", [2, 4, 8, 16])
def test_the_rotation_is_orthogonal(size: int) -> None:
    turn = border_rotation(size)
    assert torch.allclose(turn @ turn.T, torch.eye(size), atol=1e-6)
    assert size == 2 or not torch.allclose(turn, torch.eye(size), atol=0.1)


@pytest.mark.parametrize(("height", "width"), [(16, 16), (16, 48), (64, 32)])
def test_undone_it_gives_the_picture_back(height: int, width: int) -> None:
    picture = torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(0)) * 2 - 1
    turn = border_rotation(SIZE)
    turned = filter_borders(picture, turn)
    assert torch.allclose(filter_borders(turned, turn.T), picture, atol=1e-5)
    assert turned.norm() == pytest.approx(picture.norm().item(), rel=1e-5)
    assert torch.equal(turned, picture) == (height == width == SIZE)  # one patch has no border


def test_in_parts_or_at_once_it_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures, turn = torch.rand(3, 5, 48, 80, generator=torch.Generator().manual_seed(0)), border_rotation(SIZE)
    whole = filter_borders(pictures, turn)
    for most in (1, 4 * 48 * 80):
        monkeypatch.setattr(lapped, "AT_ONCE", most)
        assert torch.allclose(filter_borders(pictures, turn), whole, atol=1e-6)
    rows = filter_borders(pictures.transpose(-1, -2), turn)     # rows and columns do not mind which are filtered first
    assert torch.allclose(rows.transpose(-1, -2), whole, atol=1e-6)
    across = [part[..., SIZE // 2:-SIZE // 2].unflatten(-1, (-1, SIZE)) for part in (pictures, lapped._filter_rows(pictures, turn))]
    assert torch.allclose(across[0] @ turn.T, across[1], atol=1e-6)


def test_what_is_constant_stays_constant() -> None:
    flat = torch.full((1, 3, 48, 32), 0.37)
    assert torch.allclose(filter_borders(flat, border_rotation(SIZE)), flat, atol=1e-6)


def test_only_the_neighbours_of_a_border_are_touched() -> None:
    """What happens in one patch reaches half a patch into the next ones, and no further."""
    spot = torch.zeros(1, 80, 80)
    spot[:, 32:48, 32:48] = torch.rand(16, 16)
    far = filter_borders(spot, border_rotation(SIZE))
    far[:, 24:56, 24:56] = 0
    assert not far.any()


@pytest.mark.parametrize("count", [1, 2])
def test_a_ramp_through_few_components_shows_no_grid_at_the_borders(count: int) -> None:
    """Of a ramp only `count` x `count` cosines a patch are kept. Plain patches step at their borders, lapped ones do not."""
    line = torch.linspace(-1, 1, 8 * SIZE)
    ramp = (0.6 * line[:, None] + 0.4 * line[None]).unsqueeze(0)
    plain, lapped = _grid(_few(ramp, torch.eye(SIZE), count)), _grid(_few(ramp, border_rotation(SIZE), count))
    assert plain > 2.5
    assert lapped < 1.4


@pytest.mark.parametrize("count", [1, 2, 4, 8])
def test_few_components_keep_more_than_of_plain_patches(count: int) -> None:
    """Lines of pixels correlated as in pictures (0.95 from one to the next): what the best `count` components of 16 miss."""
    place = torch.arange(7 * SIZE).double()
    covariance = 0.95 ** (place[:, None] - place[None]).abs()
    plain, lapped = (_missed(covariance, turn.double(), count) for turn in (torch.eye(SIZE), border_rotation(SIZE)))
    assert lapped < 0.98 * plain


def _missed(covariance: Tensor, turn: Tensor, count: int) -> float:
    """Share of the middle patch's variance that its first `count` principal components do not hold."""
    half, middle = SIZE // 2, slice(3 * SIZE, 4 * SIZE)
    filters = torch.block_diag(torch.eye(half), *[turn] * 6, torch.eye(half)).double()
    values = torch.linalg.eigvalsh((filters @ covariance @ filters.T)[middle, middle])
    return float(values[: SIZE - count].sum() / values.sum())


def _few(picture: Tensor, turn: Tensor, count: int) -> Tensor:
    """A picture [1, H, W] of which `count` x `count` cosines of each filtered patch are kept."""
    waves = cosines(SIZE)[:count]
    planes = torch.einsum("iy,jx->ijyx", waves, waves).reshape(count * count, SIZE * SIZE)
    patches = F.pixel_unshuffle(filter_borders(picture, turn).unsqueeze(0), SIZE)
    kept = torch.einsum("kp,kq,bqhw->bphw", planes, planes, patches)
    return filter_borders(F.pixel_shuffle(kept, SIZE)[0], turn.T)


def _grid(picture: Tensor) -> float:
    """Mean step across inner borders against the mean step elsewhere, along rows; the outermost patches are left out."""
    steps = picture[0, SIZE:-SIZE, SIZE:-SIZE].diff(dim=1).abs().mean(dim=0)
    border = torch.arange(1, len(steps) + 1) % SIZE == 0
    return float(steps[border].mean() / steps[~border].mean().clamp(min=1e-9))
