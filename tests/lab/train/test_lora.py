"""LoRA: a new one changes nothing, a saved one comes back to the bit, a merged one is the same up to rounding."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from studio.backbones.framepack.backbone import FramePackBackbone
from studio.catalogue.loras import LoraError
from studio.diffusion.backbone import Conditioning
from studio.diffusion.lora_branches import ActiveLoras, LoraBranches, merge_loras
from studio.diffusion.lora_files import read_lora
from studio.lab import tiny
from studio.lab.train.lora import LowRank, adaptable_layers, add_lora, save_lora
from studio.memory.context_sizes import RECENT
from studio.memory.framepack import pack_context


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def spoken(backbone: FramePackBackbone) -> Tensor:
    packed = pack_context(randn(1, 4, 1, 4, 4), randn(1, 4, RECENT, 4, 4), 3)
    said = Conditioning(randn(1, 5, 16), torch.ones(1, 5), randn(1, 8), randn(1, 4, 32))
    with torch.no_grad():
        return backbone(randn(1, 4, 3, 4, 4), torch.tensor([500.0]), packed, said, torch.tensor([4500.0]))


def trained(backbone: FramePackBackbone, rank: int = 2) -> dict[str, LowRank]:
    """An adapter that does something."""
    made = add_lora(backbone.transformer, rank)
    for k, low in enumerate(made.values()):
        low.up.weight.data.copy_(0.3 * randn(*low.up.weight.shape, seed=k))
    return made


def test_a_new_one_changes_nothing_and_is_beside_the_blocks_layers_only() -> None:
    backbone = FramePackBackbone(tiny.transformer())
    before = spoken(backbone)
    names = set(adaptable_layers(backbone.transformer))
    made = add_lora(backbone.transformer, 2)
    assert torch.equal(spoken(backbone), before)
    assert set(made) == names
    assert "transformer_blocks.0.attn.to_q" in names and "single_transformer_blocks.0.proj_mlp" in names
    assert not any("norm" in name or name.startswith(("context", "proj_out", "x_emb")) for name in names)
    assert adaptable_layers(backbone.transformer).keys() == {f"{name}.inner" for name in names}


def test_a_saved_one_comes_back_to_the_bit(tmp_path: Path) -> None:
    backbone = FramePackBackbone(tiny.transformer())
    before = spoken(backbone)
    made = trained(backbone)
    save_lora(made, tmp_path / "lora.safetensors")
    changed = spoken(backbone)
    assert not torch.allclose(changed, before, atol=1e-3)
    other = FramePackBackbone(tiny.transformer())
    loaded = read_lora(tmp_path / "lora.safetensors", other.lora_layers, "Tiny")
    assert loaded.keys() == made.keys()
    for name, low in loaded.items():
        assert torch.equal(low.down, made[name].down.weight) and torch.equal(low.up, made[name].up.weight) and low.scale == 1
    loras = ActiveLoras(layers={name: [low] for name, low in loaded.items()})
    beside = LoraBranches(other.transformer, loras, torch.device("cpu"), torch.float32)
    assert torch.allclose(spoken(other), changed, atol=1e-6)     # products on a CPU depend on where in memory a matrix lies
    beside.remove()
    assert torch.equal(spoken(other), before)
    merge_loras(other.transformer, loras)
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
    with pytest.raises(LoraError, match=r"lora\.safetensors does not fit Tiny: .* is 20 to 20 wide there, and 40 to 40 in"):
        read_lora(path, backbone.lora_layers, "Tiny")
    tensors = {"transformer.transformer_blocks.7.attn.to_q.lora_A.weight": torch.zeros(1, 20)}
    save_file(tensors, path)
    with pytest.raises(LoraError, match=r"it names the layer .*blocks\.7\.attn\.to_q.*has 1 double"):
        read_lora(path, backbone.lora_layers, "Tiny")
    save_file({"transformer.transformer_blocks.0.attn.to_q.lora_A.weight": torch.zeros(1, 20)}, path)
    with pytest.raises(LoraError, match=r"matrices of .* is missing"):
        read_lora(path, backbone.lora_layers, "Tiny")
    name = "transformer.transformer_blocks.0.attn.to_q.lora_"
    save_file({f"{name}A.weight": torch.full((1, 20), torch.nan), f"{name}B.weight": torch.zeros(20, 1)}, path)
    with pytest.raises(LoraError, match="not numbers"):
        read_lora(path, backbone.lora_layers, "Tiny")
    save_file({"weight": torch.zeros(1)}, path)
    with pytest.raises(LoraError, match="no LoRA: it is a safetensors file of something else"):
        read_lora(path, backbone.lora_layers, "Tiny")
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(LoraError, match="cut short"):
        read_lora(path, backbone.lora_layers, "Tiny")
    with pytest.raises(LoraError, match="is not there"):
        read_lora(tmp_path / "none", backbone.lora_layers, "Tiny")
    assert torch.equal(spoken(backbone), before)


def test_only_plain_layers_once_and_with_a_rank() -> None:
    backbone = FramePackBackbone(tiny.transformer())
    with pytest.raises(ValueError, match="rank of at least 1"):
        add_lora(backbone.transformer, 0)
    with pytest.raises(ValueError, match="not quantized"):
        add_lora(torch.nn.Identity(), 1)
    add_lora(backbone.transformer, 1)
    with pytest.raises(ValueError, match="already"):
        add_lora(backbone.transformer, 1)
