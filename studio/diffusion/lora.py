"""Low-rank adapters (LoRA, 2106.09685) on a FramePack transformer, and their file. It does not know how they are trained.

    W' = W + B A,    A [r, in], B [out, r], B = 0 at first: a new adapter changes nothing.

The file has the names that diffusers and peft use (`transformer.<layer>.lora_A.weight`), and no scale besides the weights
(their alpha is the rank), so that others can read it. peft itself is not needed.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from studio.memory.tensors import write_tensors

BLOCKS = ("transformer_blocks.", "single_transformer_blocks.")
KIND = "memorypack-lora"
PREFIX = "transformer."


class LoraError(Exception):
    """A LoRA file cannot be used: the message names the file, what is wrong and the remedy."""


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
        raise ValueError("this transformer has a LoRA already: merge it first")
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


def load_lora(transformer: nn.Module, path: Path) -> dict[str, LowRank]:
    """Put the adapters of a file beside the layers they name; `merge` makes them part of the weights.

    Raises:
        LoraError: the file is missing, cut short, no LoRA, or made for another transformer. Nothing is changed then.
    """
    tensors = _read(path)
    found, named = layers(transformer), {name.rpartition(".lora_")[0].removeprefix(PREFIX) for name in tensors}
    pairs = {}
    for name in sorted(named):
        down, up = (tensors.get(f"{PREFIX}{name}.lora_{letter}.weight") for letter in "AB")
        layer = found.get(name)
        if layer is None or down is None or up is None:
            what = "the transformer has no such layer" if layer is None else "one of its two matrices is missing"
            raise LoraError(f"The LoRA {path} does not fit: {name}: {what}. Use it with the model it was trained on.")
        if down.shape[1] != layer.in_features or up.shape != (layer.out_features, down.shape[0]):
            raise LoraError(
                f"The LoRA {path} does not fit: {name} is {layer.in_features} to {layer.out_features} wide, the LoRA's "
                f"{tuple(down.shape)} and {tuple(up.shape)}. Use it with the model it was trained on."
            )
        pairs[name] = down, up
    made = {}
    for name, (down, up) in pairs.items():
        layer = found[name]
        made[name] = LowRank(layer.in_features, layer.out_features, len(down), layer.weight.device).requires_grad_(False)
        made[name].down.weight.copy_(down)
        made[name].up.weight.copy_(up)
        transformer.set_submodule(name, Adapted(layer, made[name]))
    return made


@torch.no_grad()
def merge(transformer: nn.Module) -> None:
    """W + B A becomes W, in the weights' own precision: rendering costs nothing more than without."""
    for name, module in list(transformer.named_modules()):
        if isinstance(module, Adapted):
            change = module.low.up.weight @ module.low.down.weight
            module.inner.weight.copy_(module.inner.weight.to(change) + change)
            transformer.set_submodule(name, module.inner)


def _read(path: Path) -> dict[str, Tensor]:
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except FileNotFoundError:
        raise LoraError(f"The LoRA {path} is missing. Choose another one.") from None
    except (OSError, SafetensorError) as error:
        raise LoraError(f"The LoRA {path} cannot be read ({error}): it was cut short or is no safetensors file.") from None
    if not tensors or not all(".lora_A." in name or ".lora_B." in name for name in tensors):
        raise LoraError(f"{path} is a safetensors file, but no LoRA of a transformer: its weights have other names.")
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise LoraError(f"The LoRA {path} holds values that are not numbers (in {name}). Its training has failed.")
    return tensors
