"""LoRA (2106.09685) as low-rank branches that are computed next to a transformer's layers.

    out = layer(x) + sum_k s_k B_k A_k x,    A_k [r, in], B_k [out, r], s_k strength times alpha over rank

The layers' own weights are not changed, so this works with int8 weights, streamed blocks and precomputed AdaLN rows alike. Branches
are forward hooks: without them a layer gives the same bits as before. By hand, because peft replaces the layers, and int8 and
streaming need the layers as they are. `merge_loras` is the plain version that tests compare with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle


@dataclass(frozen=True)
class LoraFactors:
    """One LoRA of one layer: two matrices of low rank, on the host, in the file's precision."""

    down: Tensor                   # A [r, in]
    up: Tensor                     # B [out, r]
    scale: float                   # s


@dataclass(frozen=True)
class ActiveLoras:
    """The LoRAs of a transformer: the factors of each layer, by its name in diffusers. Equal sets have equal `key`s."""

    key: tuple[object, ...] = ()
    layers: Mapping[str, Sequence[LoraFactors]] = field(default_factory=dict)

    def size(self, dtype: torch.dtype) -> int:
        """Bytes of all factors in this precision."""
        return dtype.itemsize * sum(f.down.numel() + f.up.numel() for each in self.layers.values() for f in each)

    def touches(self, part: str) -> bool:
        """Whether a layer whose name begins with `part` is among them."""
        return any(name.startswith(part) for name in self.layers)


NO_LORAS = ActiveLoras()


class LoraBranches:
    """Branches that are active on a transformer until `remove` is called."""

    def __init__(self, transformer: nn.Module, loras: ActiveLoras, device: torch.device, dtype: torch.dtype) -> None:
        """Copy the factors to the device and hook them to their layers.

        Args:
            transformer: its modules are not changed.
            loras: factors of layers that it has.
            device: of the layers' inputs.
            dtype: of the branches; the one that the transformer computes with.

        Raises:
            torch.OutOfMemoryError: they do not fit on the device. No branch is active then.
            AttributeError: the transformer lacks one of the layers.
        """
        self._handles: list[RemovableHandle] = []
        try:
            for name, products in loras.layers.items():
                down = torch.cat([factors.down.to(device, dtype) for factors in products])
                up = torch.cat([(factors.up.to(device, torch.float32) * factors.scale).to(dtype) for factors in products], dim=1)
                self._handles.append(find_layer(transformer, name).register_forward_hook(_branch_hook(down, up)))
        except BaseException:
            self.remove()
            raise

    def remove(self) -> None:
        """Remove all branches. A second call does nothing."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()


def find_layer(transformer: nn.Module, name: str) -> nn.Module:
    """The layer with this name in diffusers. Where psi joins, `image_projection` is wrapped and its layers are in the wrapper."""
    part, _, rest = name.partition(".")
    outer = transformer.get_submodule(part)
    inner = getattr(outer, "inner", None) if part == "image_projection" else None
    return (outer if inner is None else inner).get_submodule(rest) if rest else outer


@torch.no_grad()
def merge_loras(transformer: nn.Module, loras: ActiveLoras) -> None:
    """Replace W by W + s B A in layers with plain weights. The film is the same up to rounding; it cannot be undone."""
    for name, products in loras.layers.items():
        layer: Any = find_layer(transformer, name)
        for factors in products:
            change = factors.scale * (factors.up.float() @ factors.down.float())
            layer.weight.copy_(layer.weight.float() + change.to(layer.weight.device))


def _branch_hook(down: Tensor, up: Tensor) -> Callable[[nn.Module, Any, Tensor], Tensor]:
    """The forward hook of one layer, with A [R, in] and s B [out, R] of all its LoRAs, R the sum of their ranks."""
    def add(_: nn.Module, inputs: tuple[Tensor, ...], out: Tensor) -> Tensor:
        """The layer's output with s B A x added, in its place where nothing else needs it as it was."""
        narrow = F.linear(inputs[0].to(down), down)
        if out.ndim < 3 or out.requires_grad or out.dtype != up.dtype or not out.is_contiguous():
            return out + F.linear(narrow, up).to(out)      # an output with one row per step may belong to a table: do not write
        # In place: a second output of a feed-forward layer would take half a gigabyte at 13B.
        out.view(-1, out.shape[-1]).addmm_(narrow.flatten(0, -2), up.T)
        return out

    return add
