"""The place memory: what of a section is memorized, on the scene's grid, and what a film gets back."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.animatic.autoencoder import LappedAutoencoder
from studio.backbones.animatic.composition import CELL, Source, compose
from studio.backbones.animatic.place_memory import (
    EXTRA_CHANNELS,
    MIRRORED_LEVEL,
    RIM_LEVEL,
    PlaceMemory,
    SceneCells,
    cell_grid,
    cell_range,
)
from studio.backbones.animatic.state import FilmState, join_latents
from studio.lab.train.start_by_place import start_by_place
from studio.memory.recall import Recall, RecallConfig
from studio.memory.scene_positions import encode_positions
from studio.memory.semantic_pack import SemanticPack
from studio.memory.semantic_pack_config import SemanticPackConfig
from tests.bases import of_colours

H, W = 4, 6


@pytest.fixture(scope="module")
def autoencoder() -> LappedAutoencoder:
    return of_colours(4)


@pytest.fixture()
def memory(autoencoder: LappedAutoencoder) -> PlaceMemory:
    """A map, as it is before any training."""
    torch.manual_seed(0)
    pack = SemanticPack(SemanticPackConfig(
        width=96, channels=48 + EXTRA_CHANNELS, text=6, image=8, heads=3, patch=(1, 1, 1), window=(1, 2, 2), keep=(1, 2, 2),
        structure="map", slots=(16, 32)))
    recall = Recall(RecallConfig(96, 48, 3))
    scene = autoencoder.encode_group(ground(0, 0).unsqueeze(2).expand(-1, -1, 4, -1, -1))
    recall.scale.copy_(scene.square().mean(dim=(0, 2, 3)).sqrt())
    start_by_place(pack, recall)
    return PlaceMemory(pack, recall, autoencoder).requires_grad_(False)


def ground(x: float, y: float, h: int = H, w: int = W) -> Tensor:
    """A frame [1, 3, 16 h, 16 w] of an endless smooth scene, its middle at cells (x, y)."""
    ys, xs = torch.meshgrid(torch.arange(CELL * h) - (CELL * h - 1) / 2, torch.arange(CELL * w) - (CELL * w - 1) / 2, indexing="ij")
    xs, ys = xs + CELL * x, ys + CELL * y
    return torch.stack([(0.05 * xs + 0.03 * ys).sin(), (0.06 * ys).sin() * (0.02 * xs).cos(), (0.04 * xs).cos()])[None] * 0.7


def section(autoencoder: LappedAutoencoder, x: float, y: float) -> Tensor:
    """Latents of a section whose last frame is seen at (x, y)."""
    scene = autoencoder.encode_group(ground(x, y).unsqueeze(2).expand(-1, -1, 4, -1, -1))[:, :, None].expand(-1, -1, 3, -1, -1)
    pose = torch.tensor([x, y, 0.0]).expand(1, 3, 3)
    return join_latents(scene, FilmState(pose, torch.zeros(1, 3, 3, H, W), torch.zeros(1, 3, 3), torch.zeros(1, 3)))


def psnr(made: Tensor, true: Tensor) -> float:
    return float(10 * torch.log10(4 / (made - true).square().mean().clamp(min=1e-12)))


@pytest.mark.parametrize("away", [0.0, 0.4, -0.3])
def test_a_cell_is_the_same_wherever_the_camera_stands(autoencoder: LappedAutoencoder, away: float) -> None:
    """The grid is the scene's, not the frame's: a cell seen well from here and from there is memorized alike."""
    sight = SceneCells(autoencoder, 48)
    one = sight.encode(Source(ground(0.5, 0.5), torch.tensor([[0.5, 0.5, 0.0]])))
    other = sight.encode(Source(ground(1.5 + away, 0.5), torch.tensor([[1.5 + away, 0.5, 0.0]])))
    assert one.shape == (1, 48 + EXTRA_CHANNELS, 1, H + 2, W + 2)
    assert torch.equal(one[0, 49:, 0, 0, 0], encode_positions(torch.tensor([-3.0, -2.0, 0.0])))
    both = (one[0, 48, 0, :, 1:] == 1) & (other[0, 48, 0, :, :-1] == 1)
    assert int(both.sum()) >= 4
    assert torch.allclose(one[0, 49:, 0, :, 1:], other[0, 49:, 0, :, :-1], atol=1e-5)
    assert (one[0, :48, 0, :, 1:] - other[0, :48, 0, :, :-1])[:, both].abs().max() < 0.02 + abs(away)


def test_how_well_a_cell_was_seen(autoencoder: LappedAutoencoder) -> None:
    """Well within the frame, half well at its rim, hardly where it is cut or just beyond, not at all farther away."""
    seen = SceneCells(autoencoder, 48).encode(Source(ground(0.7, 0.5), torch.tensor([[0.7, 0.5, 0.0]])))[0, 48, 0]
    assert not seen[:, 0].any()
    assert torch.equal(seen[:, 1], torch.full((H + 2,), MIRRORED_LEVEL))
    assert torch.equal(seen[0, 1:], torch.full((W + 1,), MIRRORED_LEVEL))
    assert torch.equal(seen[1, 2:-1], torch.full((W - 1,), RIM_LEVEL)) and (seen[2:-2, 2:-2] == 1).all()
    near = SceneCells(autoencoder, 48).encode(Source(ground(0.5, 0.5), torch.tensor([[0.5, 0.5, 0.6931]])))[0, 48, 0]
    assert not near[0].any() and (near[2:-2, 3:-3] == RIM_LEVEL).all()      # twice as near: the outer cells are beyond the frame


def test_of_moving_and_still_channels_the_still_ones_are_kept() -> None:
    autoencoder = LappedAutoencoder(6)
    basis = torch.zeros(6, 3, 4, 256)
    for k in range(6):
        basis[k, 0, :, k] = torch.tensor([1.0, -1, 1, -1]) / 2 if k in (0, 3) else 0.5
    autoencoder.set_basis(basis.flatten(1), torch.ones(6), torch.zeros(3072))
    assert SceneCells(autoencoder, 4).stills.tolist() == [1, 2, 4, 5]


def test_the_cells_of_a_section_are_asked_for() -> None:
    pose = torch.tensor([[[0.5, 0.5, 0.0], [3.0, -1.2, 0.0]]])
    low, (rows, columns) = cell_range(pose, H, W)
    assert low.tolist() == [[-3, -4]] and (rows, columns) == (8, 10)
    places = cell_grid(low, rows, columns)
    assert places[0, 0, 0].tolist() == [-3, -4, 0] and places[0, -1, -1].tolist() == [6, 3, 0]
    wide = cell_range(torch.tensor([[[0.0, 0.0, -9.0]]]), H, W)[1]
    assert wide[0] * wide[1] <= 4096


def test_a_map_gives_back_what_a_camera_saw_long_ago(memory: PlaceMemory, autoencoder: LappedAutoencoder) -> None:
    """Seven sections away, and no frame shows it any more: the memory does, and of what it never saw it is silent."""
    psi = memory.pack.squeeze.empty_maps(1)
    psi = memory.update(psi, section(autoencoder, 0.5, 0.5))
    for _ in range(7):
        psi = memory.update(psi, section(autoencoder, 12.5, 2.5))
    newest = Source(ground(12.5, 2.5), torch.tensor([[12.5, 2.5, 0.0]]))
    pose, still = torch.tensor([[[0.5, 0.5, 0.0]]]), torch.zeros(1, 1, 2, H, W)
    frames, known = compose(newest, [], pose, still, lambda: memory.recall_source(psi, pose, H, W))
    alone, before = compose(newest, [], pose, still)
    assert psnr(frames[:, :, 0], ground(0.5, 0.5)) > 35
    assert psnr(alone[:, :, 0], ground(0.5, 0.5)) < 15
    assert known.min() > 0.75 and not before.any()
    never = torch.tensor([[[-12.5, -6.5, 0.0]]])
    frames, known = compose(newest, [], never, still, lambda: memory.recall_source(psi, never, H, W))
    assert known.max() < 0.02
    assert torch.allclose(frames, compose(newest, [], never, still)[0], atol=0.05)


def test_a_camera_between_cells_sees_the_same_place(memory: PlaceMemory, autoencoder: LappedAutoencoder) -> None:
    psi = memory.update(memory.pack.squeeze.empty_maps(1), section(autoencoder, 0.5, 0.5))
    newest = Source(ground(20.5, 0.5), torch.tensor([[20.5, 0.5, 0.0]]))
    pose = torch.tensor([[[0.8, 0.25, 0.0]]])
    frames, _ = compose(newest, [], pose, torch.zeros(1, 1, 2, H, W), lambda: memory.recall_source(psi, pose, H, W))
    inner = (..., slice(CELL, -CELL), slice(CELL, -2 * CELL))
    assert psnr(frames[:, :, 0][inner], ground(0.8, 0.25)[inner]) > 30


def test_what_changed_is_remembered_in_its_newest_form(memory: PlaceMemory, autoencoder: LappedAutoencoder) -> None:
    psi = memory.update(memory.pack.squeeze.empty_maps(1), section(autoencoder, 0.5, 0.5))
    changed = section(autoencoder, 0.5, 0.5)
    changed[:, 0] += 1
    psi = memory.update(psi, changed)
    places = cell_grid(torch.tensor([[-3.0, -2.0]]), H + 2, W + 2).flatten(1, 2)
    wanted = memory.cells.encode(Source(
        autoencoder.decode_group(changed[:, :-10, -1])[:, :, -1], torch.tensor([[0.5, 0.5, 0.0]])))[:, :48, 0]
    found = memory.recall(psi, places).values.transpose(1, 2).unflatten(2, (H + 2, W + 2))
    assert F.mse_loss(found, wanted) < 1e-4


def test_everything_in_the_memory_is_in_its_view(memory: PlaceMemory, autoencoder: LappedAutoencoder) -> None:
    """Two views beside each other: one picture of both, and where in it the camera looks."""
    psi = memory.update(memory.pack.squeeze.empty_maps(1), section(autoencoder, 0.5, 0.5))
    newest = section(autoencoder, 4.5, 1.5)
    psi = memory.update(psi, newest)
    view = memory.view(psi, newest)
    left, top, right, bottom = (round(edge) for edge in view.window)
    assert (right - left, bottom - top) == (W * CELL, H * CELL)
    share = view.known[top:bottom, left:right]
    assert share.shape == (H * CELL, W * CELL) and share.min() > 0.9
    assert psnr(view.frame[None, :, top:bottom, left:right], ground(4.5, 1.5)) > 35
    before = slice(top - CELL, bottom - CELL), slice(left - 4 * CELL, right - 4 * CELL)
    assert psnr(view.frame[None, :, *before][..., : 3 * CELL], ground(0.5, 0.5)[..., : 3 * CELL]) > 30
    # nothing else is shown: five cells up and down, ten across, and what fades beyond
    assert view.known.shape[0] <= 7 * CELL and view.known.shape[1] <= 12 * CELL
    empty = memory.view(memory.pack.squeeze.empty_maps(1), newest)
    assert empty.known.max() < 0.02 and empty.frame.shape[1:] == (H * CELL, W * CELL)
