"""The weights of LoRA files: read, checked, and cut into the layers of the transformer that they act on."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from studio.catalogue.loras import LoraError
from studio.catalogue.loras.contents import Contents, parse_contents
from studio.catalogue.loras.header import AGAIN, printable, read_header
from studio.catalogue.loras.layers import LoraLayers
from studio.diffusion.lora_branches import LoraFactors


def read_lora(path: Path, layers: LoraLayers, model: str, name: str = "") -> dict[str, LoraFactors]:
    """The products in the LoRA at `path` by the layers that they go beside, for the transformer with these layers.

    Raises:
        LoraError: it is no LoRA, damaged, or does not fit; see `contents` and `read_weights`.
    """
    name = name or path.name
    return read_weights(path, parse_contents(read_header(path, name), layers, model, name), name)


def read_weights(path: Path, held: Contents, name: str) -> dict[str, LoraFactors]:
    """The products in a file by the layers that they go beside: a layer of several is cut into theirs.

    Raises:
        LoraError: the file cannot be read after all, or holds values that are not numbers.
    """
    loras = {}
    try:
        with safe_open(path, framework="pt") as file:
            for pair in held.pairs:
                down, up = (file.get_tensor(key).flatten(1) for key in (pair.down, pair.up))
                scale = pair.scale if pair.alpha is None else _alpha(file.get_tensor(pair.alpha), pair.rank)
                if not (_numbers(down) and _numbers(up) and math.isfinite(scale)):
                    raise LoraError(
                        f"{printable(name)} holds values that are not numbers (in {pair.layer.name}): its training has failed, and "
                        "it cannot be used. Use an earlier one of its training.")
                for part in pair.layer.parts:
                    rows = up[part.begin : part.end]
                    loras[part.layer] = LoraFactors(down, torch.cat(rows.chunk(2)[::-1]) if part.swap_halves else rows, scale)
    except (OSError, SafetensorError) as error:
        raise LoraError(f"{printable(name)} is damaged and cannot be read ({error}). {AGAIN}") from None
    return loras


def _alpha(alpha: Tensor, rank: int) -> float:
    """alpha over rank. Trainers write 0 for none."""
    value = float(alpha.float().flatten()[0]) if alpha.numel() == 1 else math.nan
    return value / rank if value else 1.0


def _numbers(tensor: Tensor) -> bool:
    return bool(torch.isfinite(tensor.float()).all())
