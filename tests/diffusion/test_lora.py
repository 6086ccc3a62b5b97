"""LoRA: a new one changes nothing, a saved one comes back to the bit, a merged one is the same up to rounding."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from studio.diffusion.backbone import Conditioning
from studio.diffusion.framepack import FramePackBackbone
from studio.diffusion.lora import Adapted, LoraError, LowRank, attach, layers, load_lora, merge, save_lora
from studio.evaluation import tiny
from studio.memory.framepack import RECENT, pack


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def spoken(backbone: FramePackBackbone) -> Tensor:
    packed = pack(randn(1, 4, 1, 4, 4), randn(1, 4, RECENT, 4, 4), 3)
    said = Conditioning(randn(1, 5, 16), torch.ones(1, 5), randn(1, 8), randn(1, 4, 32))
    with torch.no_grad():
        return backbone(randn(1, 4, 3, 4, 4), torch.tensor([500.0]), packed, said, torch.tensor([4500.0]))


def trained(backbone: FramePackBackbone, rank: int = 2) -> dict[str, LowRank]:
    """An adapter that does something."""
    made = attach(backbone.transformer, rank)
    for k, low in enumerate(made.values()):
        low.up.weight.data.copy_(0.3 * randn(*low.up.weight.shape, seed=k))
    return made


def test_a_new_one_changes_nothing_and_is_beside_the_blocks_layers_only() -> None:
    backbone = FramePackBackbone(tiny.transformer())
    before = spoken(backbone)
    names = set(layers(backbone.transformer))
    made = attach(backbone.transformer, 2)
    assert torch.equal(spoken(backbone), before)
    assert set(made) == names
    assert "transformer_blocks.0.attn.to_q" in names and "single_transformer_blocks.0.proj_mlp" in names
    assert not any("norm" in name or name.startswith(("context", "proj_out", "x_emb")) for name in names)
    assert layers(backbone.transformer).keys() == {f"{name}.inner" for name in names}


def test_a_saved_one_comes_back_to_the_bit(tmp_path: Path) -> None:
    backbone = FramePackBackbone(tiny.transformer())
    before = spoken(backbone)
    made = trained(backbone)
    save_lora(made, tmp_path / "lora.safetensors")
    changed = spoken(backbone)
    assert not torch.allclose(changed, before, atol=1e-3)
    other = FramePackBackbone(tiny.transformer())
    loaded = load_lora(other.transformer, tmp_path / "lora.safetensors")
    assert loaded.keys() == made.keys()
    for name, low in loaded.items():
        assert torch.equal(low.down.weight, made[name].down.weight) and torch.equal(low.up.weight, made[name].up.weight)
    assert torch.allclose(spoken(other), changed, atol=1e-6)     # products on a CPU depend on where in memory a matrix lies
    assert not any(parameter.requires_grad for low in loaded.values() for parameter in low.parameters())
    merge(other.transformer)
    assert not any(isinstance(module, Adapted) for module in other.transformer.modules())
    assert torch.allclose(spoken(other), changed, atol=1e-4)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lora.safetensors"]


def test_the_file_has_the_names_that_others_read(tmp_path: Path) -> None:
    save_lora(trained(FramePackBackbone(tiny.transformer()), rank=3), tmp_path / "lora.safetensors")
    kept = load_file(tmp_path / "lora.safetensors")
    down = kept["transformer.transformer_blocks.0.attn.to_q.lora_A.weight"]
    up = kept["transformer.transformer_blocks.0.attn.to_q.lora_B.weight"]
    assert down.shape == (3, 20) and up.shape == (20, 3) and down.dtype == torch.float32


def test_low_precision_weights_are_adapted_at_full_precision() -> None:
    backbone = FramePackBackbone(tiny.transformer().bfloat16())
    made = trained(backbone)
    assert {low.up.weight.dtype for low in made.values()} == {torch.float32}
    assert spoken(backbone).dtype == torch.bfloat16


def test_what_does_not_fit_is_said_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "lora.safetensors"
    save_lora(trained(FramePackBackbone(tiny.transformer(num_attention_heads=4))), path)
    backbone = FramePackBackbone(tiny.transformer())
    before = spoken(backbone)
    with pytest.raises(LoraError, match=r"lora\.safetensors does not fit: .* wide.* the model it was trained on"):
        load_lora(backbone.transformer, path)
    tensors = {"transformer.transformer_blocks.7.attn.to_q.lora_A.weight": torch.zeros(1, 20)}
    save_file(tensors, path)
    with pytest.raises(LoraError, match="no such layer"):
        load_lora(backbone.transformer, path)
    save_file({"transformer.transformer_blocks.0.attn.to_q.lora_A.weight": torch.zeros(1, 20)}, path)
    with pytest.raises(LoraError, match="matrices is missing"):
        load_lora(backbone.transformer, path)
    save_file({"transformer.transformer_blocks.0.attn.to_q.lora_A.weight": torch.full((1, 20), torch.nan)}, path)
    with pytest.raises(LoraError, match="not numbers"):
        load_lora(backbone.transformer, path)
    save_file({"weight": torch.zeros(1)}, path)
    with pytest.raises(LoraError, match="no LoRA of a transformer"):
        load_lora(backbone.transformer, path)
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(LoraError, match="cannot be read"):
        load_lora(backbone.transformer, path)
    with pytest.raises(LoraError, match="is missing"):
        load_lora(backbone.transformer, tmp_path / "none")
    assert torch.equal(spoken(backbone), before)


def test_only_plain_layers_once_and_with_a_rank() -> None:
    backbone = FramePackBackbone(tiny.transformer())
    with pytest.raises(ValueError, match="rank of at least 1"):
        attach(backbone.transformer, 0)
    with pytest.raises(ValueError, match="not quantized"):
        attach(torch.nn.Identity(), 1)
    attach(backbone.transformer, 1)
    with pytest.raises(ValueError, match="already"):
        attach(backbone.transformer, 1)
