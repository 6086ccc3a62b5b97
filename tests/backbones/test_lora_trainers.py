"""LoRA files as the trainers of HunyuanVideo and FramePack write them: whatever they call a layer, it gets the same change."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor

from studio.engine.lora_weights import LoraWeights
from tests.backbones.test_lora_weights import LAYERS, asked, changes, fused
from tests.catalogue.loras.files import kohya, pairs, peft, written

Pairs = Mapping[str, tuple[Tensor, Tensor]]
NATIVE = (
    (r"^single_transformer_blocks\.(\d+)\.attn\.to_q", r"single_blocks.\1.linear1.0"),
    (r"^single_transformer_blocks\.(\d+)\.attn\.to_k", r"single_blocks.\1.linear1.1"),
    (r"^single_transformer_blocks\.(\d+)\.attn\.to_v", r"single_blocks.\1.linear1.2"),
    (r"^single_transformer_blocks\.(\d+)\.proj_mlp", r"single_blocks.\1.linear1.3"),
    (r"^single_transformer_blocks\.(\d+)\.proj_out", r"single_blocks.\1.linear2"),
    (r"^single_transformer_blocks\.(\d+)\.norm\.linear", r"single_blocks.\1.modulation.linear"),
    (r"^transformer_blocks\.(\d+)\.attn\.to_q", r"double_blocks.\1.img_attn_qkv.0"),
    (r"^transformer_blocks\.(\d+)\.attn\.to_k", r"double_blocks.\1.img_attn_qkv.1"),
    (r"^transformer_blocks\.(\d+)\.attn\.to_v", r"double_blocks.\1.img_attn_qkv.2"),
    (r"^transformer_blocks\.(\d+)\.attn\.add_q_proj", r"double_blocks.\1.txt_attn_qkv.0"),
    (r"^transformer_blocks\.(\d+)\.attn\.add_k_proj", r"double_blocks.\1.txt_attn_qkv.1"),
    (r"^transformer_blocks\.(\d+)\.attn\.add_v_proj", r"double_blocks.\1.txt_attn_qkv.2"),
    (r"^transformer_blocks\.(\d+)\.attn\.to_out\.0", r"double_blocks.\1.img_attn_proj"),
    (r"^transformer_blocks\.(\d+)\.attn\.to_add_out", r"double_blocks.\1.txt_attn_proj"),
    (r"^transformer_blocks\.(\d+)\.ff\.net\.0\.proj", r"double_blocks.\1.img_mlp.fc0"),
    (r"^transformer_blocks\.(\d+)\.ff\.net\.2", r"double_blocks.\1.img_mlp.fc2"),
    (r"^transformer_blocks\.(\d+)\.ff_context\.net\.0\.proj", r"double_blocks.\1.txt_mlp.fc0"),
    (r"^transformer_blocks\.(\d+)\.ff_context\.net\.2", r"double_blocks.\1.txt_mlp.fc2"),
    (r"^transformer_blocks\.(\d+)\.norm1\.linear", r"double_blocks.\1.img_mod.linear"),
    (r"^transformer_blocks\.(\d+)\.norm1_context\.linear", r"double_blocks.\1.txt_mod.linear"),
    (r"^context_embedder\.token_refiner\.refiner_blocks", "txt_in.individual_token_refiner.blocks"),
    (r"^(txt_in.*)\.attn\.to_q", r"\1.self_attn_qkv.0"), (r"^(txt_in.*)\.attn\.to_k", r"\1.self_attn_qkv.1"),
    (r"^(txt_in.*)\.attn\.to_v", r"\1.self_attn_qkv.2"), (r"^(txt_in.*)\.attn\.to_out\.0", r"\1.self_attn_proj"),
    (r"^(txt_in.*)\.ff\.net\.0\.proj", r"\1.mlp.fc0"), (r"^(txt_in.*)\.ff\.net\.2", r"\1.mlp.fc2"),
    (r"^(txt_in.*)\.norm_out\.linear", r"\1.adaLN_modulation.1"),
    (r"^context_embedder\.proj_in", "txt_in.input_embedder"),
    (r"^context_embedder\.time_text_embed\.text_embedder", "txt_in.c_embedder"),
    (r"^context_embedder\.time_text_embed\.timestep_embedder", "txt_in.t_embedder"),
    (r"^time_text_embed\.timestep_embedder\.linear_1", "time_in.mlp.0"),
    (r"^time_text_embed\.timestep_embedder\.linear_2", "time_in.mlp.2"),
    (r"^time_text_embed\.guidance_embedder\.linear_1", "guidance_in.mlp.0"),
    (r"^time_text_embed\.guidance_embedder\.linear_2", "guidance_in.mlp.2"),
    (r"^time_text_embed\.text_embedder\.linear_1", "vector_in.in_layer"),
    (r"^time_text_embed\.text_embedder\.linear_2", "vector_in.out_layer"),
    (r"^norm_out\.linear", "final_layer.adaLN_modulation.1"), (r"^proj_out", "final_layer.linear"),
)
"""OneTrainer's names of HunyuanVideo's layers (the standard that it calls OMI), for diffusers'."""
OLDER = (
    ("_attn_qkv.", "_attn.qkv."), ("_attn_proj", "_attn.proj"), (".mlp.fc", ".mlp."), ("_mlp.fc", "_mlp."),
    ("_mod.linear", "_mod.lin"), ("modulation.linear", "modulation.lin"), ("time_in.mlp.0", "time_in.in_layer"),
    ("time_in.mlp.2", "time_in.out_layer"), ("c_embedder.linear_1", "c_embedder.in_layer"),
    ("c_embedder.linear_2", "c_embedder.out_layer"),
)
"""How an older OneTrainer wrote parts of these names."""


def native(name: str) -> str:
    for pattern, theirs in NATIVE:
        name = re.sub(pattern, theirs, name)
    return name


def older(name: str) -> str:
    name = native(name)
    for new, old in OLDER:
        name = name.replace(new, old)
    return name


def onetrainer(made: Pairs, rename: Callable[[str], str], joint: str = ".") -> dict[str, Tensor]:
    """OneTrainer's suffixes, with an alpha in each layer. The last layer's halves are the other way around in native names."""
    tensors = {}
    for name, (down, up) in made.items():
        stem = rename(name)
        if stem.startswith("final_layer.adaLN"):
            up = torch.cat(up.chunk(2)[::-1])
        prefix = "transformer." if rename in (native, older) else f"lora_transformer{joint}"
        stem = prefix + (stem if joint == "." else stem.replace(".", "_"))
        tensors |= {f"{stem}.lora_down.weight": down, f"{stem}.lora_up.weight": up, f"{stem}.alpha": torch.tensor(2.0)}
    return tensors


def renamed(tensors: Mapping[str, Tensor], *pairs: tuple[str, str]) -> dict[str, Tensor]:
    for pattern, replacement in pairs:
        tensors = {re.sub(pattern, replacement, name): tensor for name, tensor in tensors.items()}
    return dict(tensors)


def without_picture(made: Pairs) -> Pairs:
    """What HunyuanVideo has too."""
    return {name: both for name, both in made.items() if "image_projection" not in name}


def same(name: str) -> str:
    return name


MADE = pairs(LAYERS)
TRAINERS = {
    "OneTrainer, legacy": onetrainer(MADE, same, "_"), "OneTrainer, diffusers": onetrainer(MADE, same),
    "OneTrainer, OMI": onetrainer(without_picture(MADE), native), "OneTrainer, older OMI": onetrainer(without_picture(MADE), older),
    "OneTrainer, for ComfyUI": renamed(kohya(fused(MADE, 0)), (r"^lora_unet_", "transformer.")),
    "musubi-tuner": kohya(MADE, 2.0), "musubi-tuner, compiled": renamed(kohya(MADE), ("^lora_unet_", "lora_unet__orig_mod_")),
    "musubi-tuner, blocks compiled": renamed(kohya(MADE), (r"(transformer_blocks_\d+)_", r"\1__orig_mod_")),
    "diffusion-pipe": peft(MADE, "diffusion_model."), "finetrainers, ai-toolkit": peft(MADE),
    "FSDP or DDP": peft(MADE, "module."), "both": peft(MADE, "module.module.transformer."), "DiffSynth": peft(MADE, "pipe.dit."),
    "FSDP, wrapped blocks": renamed(
        peft(MADE), (r"(transformer_blocks\.\d+)\.", r"\1._fsdp_wrapped_module._checkpoint_wrapped_module.")),
    "compiled": peft(MADE, "_orig_mod."), "compiled after wrapping": peft(MADE, "_orig_mod.module.base_model.model."),
    "compiled blocks": renamed(peft(MADE), (r"(transformer_blocks\.\d+)\.", r"\1._orig_mod.")),
    "PEFT, base layers": renamed(peft(MADE, "base_model.model."), (r"\.lora_", ".base_layer.lora_")),
    "PEFT, default adapter": renamed(peft(MADE, "base_model.model."), (r"\.weight$", ".default.weight")),
    "PEFT, hyphens": renamed(peft(MADE, "base_model.model."), (r"\.weight$", ".my-style.weight")),
    "PEFT, dots": renamed(peft(MADE), (r"\.weight$", ".my-adapter.v2.weight")),
    "PEFT, odd names": renamed(peft(MADE), (r"\.weight$", ".Stil Ärger (1).weight")),
    "diffusers, lora_linear_layer": renamed(peft(MADE), (r"lora_A", "lora_linear_layer.down"), (r"lora_B", "lora_linear_layer.up")),
    "diffusers, processors": renamed(
        peft(MADE), (r"attn\.(\w+)\.lora_", r"attn.processor.\1_lora."), ("_lora.A", "_lora.down"), ("_lora.B", "_lora.up"),
        (r"attn\.to_out\.0\.lora_A", "attn.processor.to_out_lora.down"),
        (r"attn\.to_out\.0\.lora_B", "attn.processor.to_out_lora.up")),
    "lycoris": renamed(kohya(MADE), ("^lora_unet", "lycoris")),
}


@pytest.mark.parametrize("trainer", TRAINERS)
def test_every_trainers_file_is_the_same_change(tmp_path: Path, trainer: str) -> None:
    made = MADE if any("image_projection" in name for name in TRAINERS[trainer]) else without_picture(MADE)
    loras = LoraWeights(LAYERS, "Small").active([asked(written(tmp_path / "x.safetensors", TRAINERS[trainer]))])
    found = changes(loras)
    assert found.keys() == made.keys()
    for name, (down, up) in made.items():
        assert torch.allclose(found[name], up @ down, atol=2e-3), name
