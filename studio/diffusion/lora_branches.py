"""LoraFactors-rank branches (LoRA, 2106.09685) that run beside a transformer's layers.

    out = layer(x) + sum_k s_k B_k A_k x,    A_k [r, in], B_k [out, r], s_k strength times alpha over rank

The layers keep their weights, in int8, streamed, or as rows of a table; the branches' own lie on the device. They are put on by
hooks and taken off again, so the next take has others, or none and the very bits of before. The slow twin is `merge_loras`.
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
    """One product of two narrow matrices, on the host, in the precision they were written in."""

    down: Tensor                   # A [r, in]
    up: Tensor                     # B [out, r]
    scale: float                   # how often it counts


@dataclass(frozen=True)
class ActiveLoras:
    """What is added to a transformer: for each layer, by its name, the products beside it. `key` tells one set from another."""

    key: tuple[object, ...] = ()
    layers: Mapping[str, Sequence[LoraFactors]] = field(default_factory=dict)

    def size(self, dtype: torch.dtype) -> int:
        """Bytes on the device, in this precision."""
        return dtype.itemsize * sum(f.down.numel() + f.up.numel() for each in self.layers.values() for f in each)

    def touches(self, part: str) -> bool:
        """Whether a layer of this part of the transformer is among them."""
        return any(name.startswith(part) for name in self.layers)


NO_LORAS = ActiveLoras()


class LoraBranches:
    """Branches that are on. `remove` takes them off; nothing of them stays."""

    def __init__(self, transformer: nn.Module, loras: ActiveLoras, device: torch.device, dtype: torch.dtype) -> None:
        """Put them on.

        Args:
            transformer: its modules are not changed.
            loras: of layers that it has.
            device: computes.
            dtype: of the branches, the one that the transformer computes with.

        Raises:
            torch.OutOfMemoryError: the device is too small; none is on then.
            AttributeError: the transformer has no such layer.
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
        """Take them off. Does nothing twice."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()


def find_layer(transformer: nn.Module, name: str) -> nn.Module:
    """The layer of this name in diffusers, also where psi joins (`WithPsi` keeps the picture's projection inside)."""
    part, _, rest = name.partition(".")
    outer = transformer.get_submodule(part)
    inner = getattr(outer, "inner", None) if part == "image_projection" else None
    return (outer if inner is None else inner).get_submodule(rest) if rest else outer


@torch.no_grad()
def merge_loras(transformer: nn.Module, loras: ActiveLoras) -> None:
    """W + s B A becomes W, for layers with plain weights: the same film up to rounding, and no way back."""
    for name, products in loras.layers.items():
        layer: Any = find_layer(transformer, name)
        for factors in products:
            change = factors.scale * (factors.up.float() @ factors.down.float())
            layer.weight.copy_(layer.weight.float() + change.to(layer.weight.device))


def _branch_hook(down: Tensor, up: Tensor) -> Callable[[nn.Module, Any, Tensor], Tensor]:
    """The hook of one layer."""
    def add(_: nn.Module, inputs: tuple[Tensor, ...], out: Tensor) -> Tensor:
        narrow = F.linear(inputs[0].to(down), down)
        if out.ndim < 3 or out.requires_grad or out.dtype != up.dtype or not out.is_contiguous():
            return out + F.linear(narrow, up).to(out)      # one row a step may be a table's own: it is not written to
        # In place: a second output of a feed-forward layer is half a gigabyte at 13B.
        out.view(-1, out.shape[-1]).addmm_(narrow.flatten(0, -2), up.T)
        return out

    return add
