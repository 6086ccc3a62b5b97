"""Reading the weights of LoRA files as factors for the transformer's layers."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from safetensors import SafetensorError
from torch import Tensor

from studio.catalogue.loras import LoraError
from studio.catalogue.loras.contents import Contents, parse_contents
from studio.catalogue.loras.header import AGAIN, printable, read_header
from studio.catalogue.loras.layers import LoraLayers
from studio.catalogue.loras.values import values_error
from studio.diffusion.lora_branches import LoraFactors
from studio.language import sentence
from studio.mapped_tensors import MappedTensors


def read_lora(path: Path, layers: LoraLayers, model: str, name: str = "") -> dict[str, LoraFactors]:
    """The factors in the LoRA file at `path`, by layer, for a transformer with these layers.

    Args:
        path: the file.
        layers: of the transformer.
        model: title of the model, for error messages.
        name: of the file, for error messages; the path's name if empty.

    Raises:
        LoraError: the file is no LoRA, is damaged, or does not fit the layers.
    """
    name = name or path.name
    return read_weights(path, parse_contents(read_header(path, name), layers, model, name), name)


def read_weights(path: Path, found: Contents, name: str) -> dict[str, LoraFactors]:
    """The factors in a file whose header was read, by layer. One matrix for several layers is cut into one per layer.

    Raises:
        LoraError: the file cannot be read, or holds values that are not finite.
    """
    loras = {}
    try:
        file = MappedTensors(path)
        for pair in found.pairs:
            down, up = (file[key].flatten(1) for key in (pair.down, pair.up))
            scale = pair.scale if pair.alpha is None else _alpha(file[pair.alpha], pair.rank)
            if not (_numbers(down) and _numbers(up) and math.isfinite(scale)):
                raise values_error(name, pair.layer.name)
            for part in pair.layer.parts:
                rows = up[part.begin : part.end]
                loras[part.layer] = LoraFactors(down, torch.cat(rows.chunk(2)[::-1]) if part.swap_halves else rows, scale)
    except (OSError, SafetensorError) as error:
        raise LoraError(sentence(
            "{name} is damaged and cannot be read ({error}). {again}",
            name=printable(name), error=str(error), again=AGAIN)) from None
    return loras


def _alpha(alpha: Tensor, rank: int) -> float:
    """alpha over rank. Trainers write 0 where there is no alpha; the scale is then 1."""
    value = float(alpha.float().flatten()[0]) if alpha.numel() == 1 else math.nan
    return value / rank if value else 1.0


def _numbers(tensor: Tensor) -> bool:
    """Whether all values are finite."""
    return bool(torch.isfinite(tensor.float()).all())
