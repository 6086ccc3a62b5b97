"""LoRA files for tests, as the trainers write them: the same change of a transformer under different names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from studio.backbones.framepack.lora_layers import FramePackLayers

RANK = 2


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def pairs(
    layers: FramePackLayers, wanted: Callable[[str], bool] = lambda _: True, rank: int = RANK
) -> dict[str, tuple[Tensor, Tensor]]:
    """A random product for each layer of a transformer, by diffusers' names: A [r, in], B [out, r]."""
    return {
        name: (randn(rank, ins, seed=2 * k) / ins**0.5, 0.5 * randn(outs, rank, seed=2 * k + 1))
        for k, (name, (ins, outs)) in enumerate(layers.sizes.items()) if wanted(name)
    }


def in_blocks(name: str) -> bool:
    """Attention and feed-forward of the blocks: what most trainers train."""
    return name.startswith(("transformer_blocks", "single_transformer_blocks")) and "norm" not in name


def peft(made: Mapping[str, tuple[Tensor, Tensor]], prefix: str = "transformer.") -> dict[str, Tensor]:
    return {
        f"{prefix}{name}.lora_{letter}.weight": tensor
        for name, both in made.items() for letter, tensor in zip("AB", both, strict=True)
    }


def kohya(made: Mapping[str, tuple[Tensor, Tensor]], alpha: float | None = None) -> dict[str, Tensor]:
    tensors = {}
    for name, (down, up) in made.items():
        stem = f"lora_unet_{name.replace('.', '_')}"
        tensors |= {f"{stem}.lora_down.weight": down, f"{stem}.lora_up.weight": up}
        if alpha is not None:
            tensors[f"{stem}.alpha"] = torch.tensor(alpha)
    return tensors


def written(path: Path, tensors: Mapping[str, Tensor], **notes: str) -> Path:
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path, notes or None)
    return path


def config(transformer: Any) -> dict[str, Any]:
    return dict(transformer.config)
