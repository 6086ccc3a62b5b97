"""A LoRA that is part of a model: it lies in the model's folder, and its card lists it. It knows none that artists add to a take.

It is merged when weights are read, W + B A in float32 and rounded once: before they are quantized, so int8 weights hold it too, and
rendering costs nothing more. Forcing a model whose weights are somebody else's leaves such a file (`training.forced_folder`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from torch import Tensor

from studio.diffusion.branches import NONE, Lows, merge
from studio.engine.cards import LORA, ModelCard, ModelError
from studio.engine.loras import LoraError
from studio.engine.loras.contents import config_of
from studio.engine.loras.weights import read_lora


def own(card: ModelCard) -> Path | None:
    """The model's own LoRA, if it has one."""
    return card.folder / LORA if any(file.path == LORA for file in card.files) else None


def checksums(card: ModelCard) -> tuple[str, ...]:
    """Of the model's own LoRA, as its card has it; nothing if there is none."""
    return tuple(file.sha256 for file in card.files if file.path == LORA)


def lows(card: ModelCard) -> Lows:
    """What the model's own LoRA adds, if it has one.

    Raises:
        ModelError: the file is damaged, or made for another transformer.
    """
    path = own(card)
    if path is None:
        return NONE
    try:
        return Lows(layers={name: [low] for name, low in read_lora(path, config_of(card), card.title).items()})
    except LoraError as error:
        raise ModelError(f"The model '{card.title}' cannot be loaded: {error}") from error


def wear(card: ModelCard, transformer: Any) -> None:
    """Merge the model's own LoRA, if it has one, into a transformer that is in memory as it was published. Raises as `lows`."""
    merge(transformer, lows(card))


def worn(card: ModelCard, tensors: Iterable[tuple[str, Tensor]]) -> Iterator[tuple[str, Tensor]]:
    """A transformer's published tensors, one after another, with the model's own LoRA in them if it has one. Raises as `lows`."""
    layers = lows(card).layers
    for name, value in tensors:
        for low in layers.get(name.removesuffix(".weight"), ()) if name.endswith(".weight") else ():
            value = (value.float() + low.scale * (low.up.float() @ low.down.float())).to(value.dtype)
        yield name, value
