"""Training a LoRA (2106.09685) beside a FramePack transformer, and writing its file.

    W' = W + B A,    A [r, in], B [out, r]; B = 0 at first, so that a new LoRA changes nothing.

The tensors in the file have the names that diffusers and peft use (`transformer.<layer>.lora_A.weight`). There is no alpha: it is
the rank, so the scale is 1. The file is read by `catalogue.loras` and `diffusion.lora_files`.
"""

# Not peft's layers: they draw A twice from the seed, so that a run would not train the same LoRA as before, and their weights have
# other names than those in our checkpoints. Writing our file from them would take as many lines as these two classes have.

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from studio.memory.tensors import write_tensors

BLOCKS = ("transformer_blocks.", "single_transformer_blocks.")
KIND = "memorypack-lora"
PREFIX = "transformer."


class LowRank(nn.Module):
    """The product B A of a LoRA, in float32."""

    def __init__(self, inputs: int, outputs: int, rank: int, device: torch.device | None = None) -> None:
        super().__init__()
        self.down = nn.Linear(inputs, rank, bias=False, device=device)       # A
        self.up = nn.Linear(rank, outputs, bias=False, device=device)        # B
        nn.init.zeros_(self.up.weight)

    def forward(self, x: Tensor) -> Tensor:
        """B A x, [..., out] in float32, of x [..., in]."""
        return self.up(self.down(x.to(self.down.weight)))


class AdaptedLinear(nn.Module):
    """A linear layer, unchanged, plus a low-rank one."""

    def __init__(self, inner: nn.Linear, low: LowRank) -> None:
        super().__init__()
        self.inner, self.low = inner, low

    def forward(self, x: Tensor) -> Tensor:
        """W x + B A x, [..., out], of x [..., in]."""
        out: Tensor = self.inner(x)
        return out + self.low(x).to(out)


def adaptable_layers(transformer: nn.Module) -> dict[str, nn.Linear]:
    """The layers that get a LoRA: the linear ones of attention and feed-forward in all blocks, without the modulation."""
    return {
        name: module for name, module in transformer.named_modules()
        if isinstance(module, nn.Linear) and name.startswith(BLOCKS) and "norm" not in name and ".low." not in name
    }


def add_lora(transformer: nn.Module, rank: int) -> dict[str, LowRank]:
    """Add a new LoRA to every adaptable layer, in place; returns the low-rank layers by the adapted layers' names.

    Raises:
        ValueError: the rank is below 1, there is no layer to adapt (a quantized transformer has none), or there is a LoRA already.
    """
    if rank < 1:
        raise ValueError(f"a LoRA needs a rank of at least 1, not {rank}")
    if any(isinstance(module, AdaptedLinear) for module in transformer.modules()):
        raise ValueError("this transformer has a LoRA to be trained already")
    layers = adaptable_layers(transformer)
    if not layers:
        raise ValueError("this transformer has no plain linear layers in its blocks: a LoRA needs weights that are not quantized")
    lora = {}
    for name, layer in layers.items():
        lora[name] = LowRank(layer.in_features, layer.out_features, rank, layer.weight.device)
        transformer.set_submodule(name, AdaptedLinear(layer, lora[name]))
    return lora


def save_lora(lora: dict[str, LowRank], path: Path) -> None:
    """Write a LoRA as one file, which is complete or not there at all. Raises OSError."""
    tensors = {}
    for name, low in lora.items():
        for letter, layer in (("A", low.down), ("B", low.up)):
            tensors[f"{PREFIX}{name}.lora_{letter}.weight"] = layer.weight.detach().float().cpu()
    write_tensors(tensors, path, {"kind": KIND, "format": "pt"})
