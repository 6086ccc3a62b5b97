"""Cross-attention to psi behind FramePack's blocks: nothing where it is absent or not trained, and exact files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from studio.backbones.framepack.backbone import FramePackBackbone, add_psi_input
from studio.backbones.framepack.psi_layers import PsiLayers
from studio.backbones.framepack.sizes import published_sizes
from studio.diffusion.step_cache import first_block_cache
from studio.lab import tiny
from studio.memory.adapter import AdapterError, load_frame_preservation, save_adapter
from studio.memory.frame_preservation import FramePreservation
from studio.memory.frame_preservation_config import FRAMEPACK_F1
from studio.memory.psi_attention import PsiAttention
from tests.backbones.framepack.test_history_input import CONFIG, randn, velocity

CROSS = replace(CONFIG, cross=8, blocks=5)
WINDOW = 3


def backbone() -> FramePackBackbone:
    """Two double blocks and three single ones."""
    return FramePackBackbone(tiny.transformer(num_layers=2, num_single_layers=3))


def encoder(of: FramePackBackbone, trained: bool = False, **changes: int) -> FramePreservation:
    torch.manual_seed(5)
    made = FramePreservation(replace(CROSS, **changes), of.patchify).requires_grad_(False)  # type: ignore[arg-type]
    if trained:
        torch.manual_seed(6)
        for layer in made.psi_layers:
            assert isinstance(layer, PsiAttention)
            layer.out.weight.normal_()
    return made


def reading(trained: bool, **changes: int) -> tuple[FramePackBackbone, FramePreservation]:
    made = backbone()
    memory = encoder(made, trained, **changes)
    made.read_history(memory, WINDOW)
    return made, memory


@torch.no_grad()
def test_absent_and_not_trained_layers_change_no_bit() -> None:
    (without, plain), (new, memory) = reading(False, cross=0, blocks=0), reading(False)
    psi = 3 * randn(1, 24, 20)
    assert plain.psi_layers == () and len(memory.psi_layers) == 5 == new.blocks
    assert torch.equal(velocity(without, psi), velocity(new, psi))
    x = randn(1, 4, 3, 4, 4)
    assert torch.equal(memory(x), plain(x)), "the encoder begins with the same weights"
    trained, _ = reading(True)
    assert torch.equal(velocity(backbone(), None), velocity(trained, None))
    assert torch.equal(velocity(backbone(), None), velocity(trained, psi[:, :0])), "a film without sections has no psi"
    assert not torch.equal(velocity(trained, psi), velocity(new, psi))
    assert torch.equal(velocity(trained, None), velocity(backbone(), None)), "psi of the call before is not read"


def test_every_block_has_its_own_layer() -> None:
    psi = 3 * randn(1, 12, 20)
    plain = velocity(reading(False)[0], psi)
    found = []
    for at in range(5):
        made, memory = reading(False)
        memory.cross[at].out.weight.normal_(generator=torch.Generator().manual_seed(3))  # type: ignore[operator, union-attr]
        found.append(velocity(made, psi))
    assert all(not torch.equal(one, other) for n, one in enumerate(found) for other in (plain, *found[:n]))


def test_films_of_a_batch_attend_to_their_own_psi() -> None:
    made, _ = reading(True)
    psi = 3 * randn(2, 12, 20)
    changed = torch.cat([psi[:1], 3 * randn(1, 12, 20, seed=9)])
    one, other = velocity(made, psi, batch=2), velocity(made, changed, batch=2)
    torch.testing.assert_close(one[0], other[0])
    assert (one[1] - other[1]).abs().max() > 1e-3


def test_the_layers_follow_a_transformer_that_is_loaded_anew_and_another_memory() -> None:
    made, _ = reading(True)
    psi = 3 * randn(1, 12, 20)
    before = velocity(made, psi)
    made.transformer = add_psi_input(tiny.transformer(num_layers=2, num_single_layers=3))
    assert torch.equal(velocity(made, psi), before)
    made.read_history(encoder(made, cross=0, blocks=0), WINDOW)
    assert torch.equal(velocity(made, psi), velocity(reading(False)[0], psi)), "the layers of the memory before are gone"


def test_a_step_cache_keeps_what_the_layers_add() -> None:
    made, _ = reading(True)
    psi = 3 * randn(1, 12, 20)
    before = velocity(made, psi)
    with first_block_cache(made.transformer, 0.5) as cache:
        full, skipped = velocity(made, psi), velocity(made, psi)
    assert cache.skip_count == 1 and torch.equal(full, before)
    torch.testing.assert_close(skipped, before)
    cached, _ = reading(True)
    with first_block_cache(cached.transformer, 0.5):       # the layers are put behind the blocks within the cache
        assert torch.equal(velocity(cached, psi), before)


def test_checkpointed_blocks_have_the_same_gradient() -> None:
    def gradients(checkpointing: bool) -> list[Tensor]:
        made, memory = reading(True)
        memory.requires_grad_(True)
        if checkpointing:
            made.transformer.enable_gradient_checkpointing()
        psi = memory(randn(1, 4, 3, 4, 4))
        with torch.enable_grad():
            made_of = made.run_transformer(*_arguments(), psi)
            made_of.square().mean().backward()
        return [p.grad for p in memory.parameters() if p.grad is not None]

    plain, checkpointed = gradients(False), gradients(True)
    assert len(plain) == len(checkpointed) > 5 * 7
    for one, other in zip(plain, checkpointed, strict=True):
        torch.testing.assert_close(one, other)


def _arguments() -> tuple[object, ...]:
    from studio.diffusion.backbone import Conditioning
    from studio.memory.framepack import pack_context

    text = Conditioning(randn(1, 12, 16), torch.ones(1, 12), randn(1, 8), randn(1, 25, 32))
    packed = pack_context(randn(1, 4, 1, 4, 4), randn(1, 4, 19, 4, 4, seed=1), WINDOW)
    return randn(1, 4, 3, 4, 4, seed=2), torch.full((1,), 500.0), packed, text, torch.ones(1)


# Configs and files

@pytest.mark.parametrize(("changes", "words"), [
    ({"cross": 8, "blocks": 0}, "cross needs the backbone's blocks"), ({"cross": 0, "blocks": 5}, "cross needs"),
    ({"cross": 9}, "9 wide cannot be shared by 2 heads"), ({"cross": -8}, "cross needs"),
])
def test_what_does_not_go_together(changes: dict[str, int], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replace(CROSS, **changes)  # type: ignore[arg-type]


@torch.no_grad()
def test_a_file_holds_the_layers(tmp_path: Path) -> None:
    made, memory = reading(True)
    psi, path = 3 * randn(1, 12, 20), tmp_path / "memory.safetensors"
    save_adapter(memory, path)
    other = backbone()
    back = load_frame_preservation(path, other.patchify, 20, 4, 2, other.blocks)
    other.read_history(back, WINDOW)
    assert back.config == CROSS and torch.equal(velocity(other, psi), velocity(made, psi))
    with pytest.raises(AdapterError, match="made for number of blocks 5, and the backbone has 2"):
        load_frame_preservation(path, other.patchify, 20, 4, 2, 2)
    save_adapter(encoder(other, cross=0, blocks=0), path)
    assert load_frame_preservation(path, other.patchify, 20, 4, 2, 2).psi_layers == (), "without layers their number does not count"
    with pytest.raises(ValueError, match="zip"):
        PsiLayers(memory.psi_layers[:3]).show(other.transformer, psi)


def test_the_shape_of_framepack_f1() -> None:
    blocks = published_sizes().transformer.blocks
    with torch.device("meta"):
        memory = FramePreservation(replace(FRAMEPACK_F1, cross=128, blocks=blocks), lambda x: x)
        layer = memory.psi_layers[0]
        assert layer(torch.empty(1, 9000, 3072, dtype=torch.bfloat16), torch.empty(1, 455, 3072)).dtype == torch.bfloat16
    assert len(memory.psi_layers) == blocks == 60
    assert sum(p.numel() for part in memory.psi_layers for p in part.parameters()) == 60 * (4 * 128 * 3072 + 2 * 3072 + 2 * 16)
