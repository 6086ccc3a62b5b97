"""LoraFactors-rank adapters (LoRA, 2106.09685) trained beside a FramePack transformer, and their file, which it does not read.

    W' = W + B A,    A [r, in], B [out, r], B = 0 at first: a new adapter changes nothing.

The file has the names that diffusers and peft use (`transformer.<layer>.lora_A.weight`), and no scale besides the weights
(their alpha is the rank), so that others can read it. peft itself is not needed. What others and this have written is read by the
engine (`loras`), and runs beside the layers or is merged (`branches`).
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from studio.memory.tensors import write_tensors

BLOCKS = ("transformer_blocks.", "single_transformer_blocks.")
KIND = "memorypack-lora"
PREFIX = "transformer."


class LowRank(nn.Module):
    """x -> B A x, float32."""

    def __init__(self, inputs: int, outputs: int, rank: int, device: torch.device | None = None) -> None:
        super().__init__()
        self.down = nn.Linear(inputs, rank, bias=False, device=device)       # A
        self.up = nn.Linear(rank, outputs, bias=False, device=device)        # B
        nn.init.zeros_(self.up.weight)

    def forward(self, x: Tensor) -> Tensor:
        return self.up(self.down(x.to(self.down.weight)))


class Adapted(nn.Module):
    """A linear layer, as it is, with a low-rank one beside it."""

    def __init__(self, inner: nn.Linear, low: LowRank) -> None:
        super().__init__()
        self.inner, self.low = inner, low

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.inner(x)
        return out + self.low(x).to(out)


def layers(transformer: nn.Module) -> dict[str, nn.Linear]:
    """The layers that can be adapted: attention and feed-forward of all blocks, not the modulation."""
    return {
        name: module for name, module in transformer.named_modules()
        if isinstance(module, nn.Linear) and name.startswith(BLOCKS) and "norm" not in name and ".low." not in name
    }


def attach(transformer: nn.Module, rank: int) -> dict[str, LowRank]:
    """Put a new adapter of `rank` beside every layer; returns them by their layers' names.

    Raises:
        ValueError: no rank, no layer to adapt (a quantized transformer has none), or there is an adapter already.
    """
    if rank < 1:
        raise ValueError(f"a LoRA needs a rank of at least 1, not {rank}")
    if any(isinstance(module, Adapted) for module in transformer.modules()):
        raise ValueError("this transformer has a LoRA to be trained already")
    found = layers(transformer)
    if not found:
        raise ValueError("this transformer has no plain linear layers in its blocks: a LoRA needs weights that are not quantized")
    made = {}
    for name, layer in found.items():
        made[name] = LowRank(layer.in_features, layer.out_features, rank, layer.weight.device)
        transformer.set_submodule(name, Adapted(layer, made[name]))
    return made


def save_lora(adapters: dict[str, LowRank], path: Path) -> None:
    """Write adapters as one file: whole or not at all. Raises OSError."""
    tensors = {}
    for name, low in adapters.items():
        for letter, layer in (("A", low.down), ("B", low.up)):
            tensors[f"{PREFIX}{name}.lora_{letter}.weight"] = layer.weight.detach().float().cpu()
    write_tensors(tensors, path, {"kind": KIND, "format": "pt"})
