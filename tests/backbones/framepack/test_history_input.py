"""psi beside FramePack's history: phases as diffusers computes them for its own, and a way in that changes nothing else."""

from __future__ import annotations

import pytest
import torch
from diffusers.models.transformers.transformer_hunyuan_video_framepack import _center_down_sample_3d
from torch import Tensor

from studio.backbones.framepack.backbone import FramePackBackbone
from studio.backbones.large_phases import cell_phases
from studio.diffusion.backbone import Conditioning
from studio.lab import tiny
from studio.memory.frame_preservation import FramePreservation
from studio.memory.frame_preservation_config import FramePreservationConfig, PsiPositions
from studio.memory.framepack import pack_context

CONFIG = FramePreservationConfig(width=20, channels=4, rate=(1, 1, 1), stages=(6, 8, 8), heads=2, trained_index=40)
ROPE = ((2, 4, 4), 256.0)


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def velocity(backbone: FramePackBackbone, psi: Tensor | None, batch: int = 1) -> Tensor:
    text = Conditioning(randn(batch, 12, 16), torch.ones(batch, 12), randn(batch, 8), randn(batch, 25, 32))
    packed = pack_context(randn(batch, 4, 1, 4, 4), randn(batch, 4, 19, 4, 4, seed=1), 3)
    with torch.no_grad():
        return backbone(randn(batch, 4, 3, 4, 4, seed=2), torch.full((batch,), 500.0), packed, text, torch.ones(batch), psi)


def reading() -> FramePackBackbone:
    backbone = FramePackBackbone(tiny.transformer())
    backbone.psi_positions = PsiPositions(CONFIG, window=3)
    return backbone


def grid(times: Tensor, rows: int, columns: int) -> Tensor:
    """Bounds [M, 3, 2] of single patches, by frame, row and column."""
    axes = torch.meshgrid(times, torch.arange(rows), torch.arange(columns), indexing="ij")
    first = torch.stack(axes, dim=3).flatten(0, 2)
    return torch.stack([first, first + 1], dim=2)


def test_phases_of_patches_are_the_transformers_own() -> None:
    times = torch.tensor([0, 20, 21])
    own = tiny.transformer().rope(times, 6, 8, torch.device("cpu"))
    for ours, theirs in zip(cell_phases(grid(times, 3, 4), *ROPE), own, strict=True):
        assert torch.equal(ours, theirs)


def test_phases_of_cells_are_means_as_of_packed_frames() -> None:
    times = torch.arange(20, 24)
    own = tiny.transformer().rope(times, 8, 12, torch.device("cpu"))
    bounds = 2 * grid(torch.arange(2), 2, 3) + torch.tensor([20, 0, 0])[:, None]
    for ours, full in zip(cell_phases(bounds, *ROPE), own, strict=True):
        volume = full.T[None].unflatten(2, (4, 4, 6))
        torch.testing.assert_close(ours, _center_down_sample_3d(volume, (2, 2, 2)).flatten(2)[0].T)


def test_a_cell_of_fewer_frames_is_their_mean() -> None:
    cells = torch.tensor([[[20, 24], [0, 1], [0, 1]], [[24, 25], [0, 1], [0, 1]]])
    for together, alone in zip(cell_phases(cells, *ROPE), cell_phases(cells[1:], *ROPE), strict=True):
        assert torch.equal(together[1:], alone)


def test_without_tokens_it_is_framepack_bit_for_bit() -> None:
    plain, backbone = FramePackBackbone(tiny.transformer()), reading()
    velocity(backbone, randn(1, 12, 20))                                   # psi was in this backbone before
    assert torch.equal(velocity(plain, None), velocity(backbone, None))
    assert torch.equal(velocity(plain, None), velocity(backbone, randn(1, 0, 20)))


def test_psi_joins_the_history_and_not_the_context() -> None:
    backbone, lengths = reading(), list[tuple[int, int]]()
    block = backbone.transformer.transformer_blocks[0]
    block.register_forward_pre_hook(lambda _, args: lengths.append((args[0].shape[1], args[1].shape[1])))
    velocity(backbone, None)
    velocity(backbone, randn(1, 24, 20))
    assert lengths[1] == (lengths[0][0] + 24, lengths[0][1]) and lengths[0][1] == 25 + 12
    assert velocity(backbone, randn(1, 24, 20)).shape == (1, 4, 3, 4, 4)


def test_where_a_token_lies_matters() -> None:
    """Two sections whose tokens change places are another past; in the context stream they are the same one."""
    backbone, psi = reading(), 3 * randn(1, 24, 20)
    swapped = psi.roll(12, 1)
    assert (velocity(backbone, psi) - velocity(backbone, swapped)).abs().max() > 1e-4
    backbone.psi_positions = None
    torch.testing.assert_close(velocity(backbone, psi), velocity(backbone, swapped))


def test_films_of_a_batch_have_their_own_psi() -> None:
    backbone, psi = reading(), 3 * randn(2, 12, 20)
    both = velocity(backbone, psi, batch=2)
    changed = torch.cat([psi[:1], 3 * randn(1, 12, 20, seed=9)])
    again = velocity(backbone, changed, batch=2)
    torch.testing.assert_close(both[0], again[0])
    assert (both[1] - again[1]).abs().max() > 1e-4


def test_tokens_of_other_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="13 tokens are no whole segments"):
        velocity(reading(), randn(1, 13, 20))


@torch.no_grad()
def test_the_first_projection_is_the_transformers_own() -> None:
    backbone, x = reading(), randn(1, 4, 3, 4, 4)
    assert torch.equal(backbone.patchify(x), backbone.transformer.x_embedder(x))
    encode = FramePreservation(CONFIG, backbone.patchify)
    assert encode(x).shape == (1, 12, 20) and not any("x_embedder" in name for name in encode.state_dict())
