"""A LoRA that is part of a model: it lies in the model's folder, and its card lists it.

It is merged when weights are read, W + B A in float32 and rounded once: before they are quantized, so int8 weights hold it too, and
rendering costs nothing more. Forcing a model whose weights are somebody else's leaves such a file (`lab.train.forced_folder`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from torch import Tensor

from studio.backbones.framepack.family import lora_layers
from studio.catalogue.cards import LORA, ModelCard, ModelError
from studio.catalogue.loras import LoraError
from studio.diffusion.lora_branches import NO_LORAS, ActiveLoras, merge_loras
from studio.diffusion.lora_files import read_lora


def own_lora_path(card: ModelCard) -> Path | None:
    """The model's own LoRA, if it has one."""
    return card.folder / LORA if any(file.path == LORA for file in card.files) else None


def own_lora_checksums(card: ModelCard) -> tuple[str, ...]:
    """Of the model's own LoRA, as its card has it; nothing if there is none."""
    return tuple(file.sha256 for file in card.files if file.path == LORA)


def read_own_lora(card: ModelCard) -> ActiveLoras:
    """What the model's own LoRA adds, if it has one.

    Raises:
        ModelError: the file is damaged, or made for another transformer.
    """
    path = own_lora_path(card)
    if path is None:
        return NO_LORAS
    try:
        return ActiveLoras(layers={name: [factors] for name, factors in read_lora(path, lora_layers(card), card.title).items()})
    except LoraError as error:
        raise ModelError(f"The model '{card.title}' cannot be loaded: {error}") from error


def merge_own_lora(card: ModelCard, transformer: Any) -> None:
    """Merges the model's own LoRA, if it has one, into a transformer in memory. Raises as `read_own_lora`."""
    merge_loras(transformer, read_own_lora(card))


def tensors_with_own_lora(card: ModelCard, tensors: Iterable[tuple[str, Tensor]]) -> Iterator[tuple[str, Tensor]]:
    """A transformer's published tensors, with the model's own LoRA merged into them if it has one. Raises as `read_own_lora`."""
    layers = read_own_lora(card).layers
    for name, value in tensors:
        for factors in layers.get(name.removesuffix(".weight"), ()) if name.endswith(".weight") else ():
            value = (value.float() + factors.scale * (factors.up.float() @ factors.down.float())).to(value.dtype)
        yield name, value
