"""A LoRA that is part of a model: a file in the model's folder that its card lists.

It is merged while the weights are read: W + s B A in float32, rounded once. That happens before quantization, so int8 weights
include it too, and rendering is not slower. Such files are written when forcing fine-tunes published weights
(`lab.train.forced_folder`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from torch import Tensor

from studio.backbones.framepack.lora_layers import lora_layers
from studio.catalogue.cards import LORA, ModelCard, ModelError
from studio.catalogue.loras import LoraError
from studio.diffusion.lora_branches import NO_LORAS, ActiveLoras, merge_loras
from studio.diffusion.lora_files import read_lora
from studio.language import sentence


def own_lora_path(card: ModelCard) -> Path | None:
    """The file of the model's own LoRA; None if it has none."""
    return card.folder / LORA if any(file.path == LORA for file in card.files) else None


def own_lora_checksums(card: ModelCard) -> tuple[str, ...]:
    """Checksum of the model's own LoRA from its card; empty if it has none."""
    return tuple(file.sha256 for file in card.files if file.path == LORA)


def read_own_lora(card: ModelCard) -> ActiveLoras:
    """The factors of the model's own LoRA; `NO_LORAS` if it has none.

    Raises:
        ModelError: the file is damaged, or made for another transformer.
    """
    path = own_lora_path(card)
    if path is None:
        return NO_LORAS
    try:
        return ActiveLoras(layers={name: [factors] for name, factors in read_lora(path, lora_layers(card), card.title).items()})
    except LoraError as error:
        raise ModelError(sentence(
            "The model '{model}' cannot be loaded: {error}", model=card.title, error=str(error))) from error


def merge_own_lora(card: ModelCard, transformer: Any) -> None:
    """Merge the model's own LoRA, if it has one, into a loaded transformer. Raises as `read_own_lora`."""
    merge_loras(transformer, read_own_lora(card))


def tensors_with_own_lora(card: ModelCard, tensors: Iterable[tuple[str, Tensor]]) -> Iterator[tuple[str, Tensor]]:
    """A transformer's published tensors, with the model's own LoRA, if it has one, merged into them. Raises as `read_own_lora`."""
    layers = read_own_lora(card).layers
    for name, value in tensors:
        for factors in layers.get(name.removesuffix(".weight"), ()) if name.endswith(".weight") else ():
            value = (value.float() + factors.scale * (factors.up.float() @ factors.down.float())).to(value.dtype)
        yield name, value
