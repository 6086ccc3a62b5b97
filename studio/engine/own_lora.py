"""A LoRA that is part of a model: it lies in the model's folder, and its card lists it. It knows none that artists add to a take.

It is merged when weights are read, W + B A in float32 and rounded once: before they are quantized, so int8 weights hold it too, and
rendering costs nothing more. Forcing a model whose weights are somebody else's leaves such a file (`training.forced_folder`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from studio.diffusion.lora import PREFIX, LoraError, load_lora, merge
from studio.engine.cards import LORA, ModelCard, ModelError


def own(card: ModelCard) -> Path | None:
    """The model's own LoRA, if it has one."""
    return card.folder / LORA if any(file.path == LORA for file in card.files) else None


def checksums(card: ModelCard) -> tuple[str, ...]:
    """Of the model's own LoRA, as its card has it; nothing if there is none."""
    return tuple(file.sha256 for file in card.files if file.path == LORA)


def wear(card: ModelCard, transformer: Any) -> None:
    """Merge the model's own LoRA, if it has one, into a transformer that is in memory as it was published.

    Raises:
        ModelError: the file is damaged, or made for another transformer.
    """
    if path := own(card):
        try:
            load_lora(transformer, path)
        except LoraError as error:
            raise ModelError(f"The model '{card.title}' cannot be loaded: {error}") from error
        merge(transformer)


def worn(card: ModelCard, tensors: Iterable[tuple[str, Tensor]]) -> Iterator[tuple[str, Tensor]]:
    """A transformer's published tensors, one after another, with the model's own LoRA in them if it has one.

    Raises:
        ModelError: the file is damaged, or made for another transformer.
    """
    path = own(card)
    try:
        pairs = load_file(path) if path else {}
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{path} cannot be read ({error}). {card.remedy}") from error
    for name, value in tensors:
        stem = f"{PREFIX}{name.removesuffix('.weight')}.lora_"
        down, up = (pairs.pop(f"{stem}{letter}.weight", None) for letter in "AB")
        if down is not None and up is not None:
            if (up.shape[0], down.shape[1]) != tuple(value.shape):
                raise ModelError(f"{path} does not fit the transformer of '{card.title}': {name} has another shape. {card.remedy}")
            value = (value.float() + up.float() @ down.float()).to(value.dtype)
        yield name, value
    if pairs:
        raise ModelError(f"{path} does not fit the transformer of '{card.title}': it has no {min(pairs)}. {card.remedy}")
