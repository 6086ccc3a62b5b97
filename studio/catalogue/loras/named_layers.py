"""A network's layers under the names that LoRA files use, and what is alike in the families' tables of them. Imports no torch.

Trainers put prefixes before the names and replace dots by underscores, so names are compared without prefixes and with underscores.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from studio.catalogue.cards import ModelCard
from studio.catalogue.loras import LoraError
from studio.catalogue.loras.layers import FileLayer, LayerRows
from studio.language import sentence

Config = Mapping[str, Any]
Layers = TypeVar("Layers")

PREFIXES = (
    "transformer", "diffusion_model", "base_model_model", "lora_unet", "lora", "lycoris", "model", "module", "unet", "dit", "pipe",
    "pipeline", "net", "network",
)
"""What trainers put before a name; a name may have several of them."""


class NamedLayers:
    """Layers of a transformer, each under its name in diffusers and under those that a family adds."""

    def __init__(self, sizes: Iterable[tuple[str, tuple[int, int]]]) -> None:
        """`sizes`: names of the layers in diffusers, with their inputs and outputs."""
        self.sizes: dict[str, tuple[int, int]] = dict(sizes)
        """Inputs and outputs of each layer, by its name in diffusers."""
        self._named: dict[str, FileLayer] = {}
        for name in self.sizes:
            self.add_name(name, name)
        # diffusers' attention processors, which some trainers still write, had one name for the list of one layer.
        self._named |= {name.removesuffix("_0"): layer for name, layer in self._named.items() if name.endswith("_to_out_0")}

    def add_name(self, name: str, layer: str) -> None:
        """Files may call the layer, which has the name `layer` in diffusers, `name`."""
        ins, outs = self.sizes[layer]
        self.add(FileLayer(name, (LayerRows(layer, ins, 0, outs),)))

    def add(self, layer: FileLayer) -> None:
        """Files may have this layer."""
        self._named[flat(layer.name)] = layer

    def find(self, name: str) -> FileLayer | None:
        """The layer that a file calls `name`, with or without prefixes; None for an unknown name."""
        short = flat(name)
        while short not in self._named:
            prefix = next((prefix for prefix in PREFIXES if short.startswith(f"{prefix}_")), None)
            if prefix is None:
                return None
            short = short.removeprefix(f"{prefix}_")
        return self._named[short]


def flat(name: str) -> str:
    """The name with underscores for dots."""
    return name.replace(".", "_")


def layers_of(card: ModelCard, make: Callable[[Config], Layers], published: Config | None = None) -> Layers:
    """The layers of the card's transformer, by its config.

    Args:
        card: of a model.
        make: the layers of a transformer with this config. Raises KeyError: the config lacks a key.
        published: the config where the model is not fetched yet; None: it comes with the studio.

    Raises:
        LoraError: the config cannot be read, or lacks a key.
    """
    path = card.path("transformer/config.json")
    try:
        return make(published if published is not None and not path.is_file() else dict(json.loads(path.read_text("utf-8"))))
    except (KeyError, TypeError) as error:
        raise LoraError(sentence(
            "{model} takes no LoRAs: its transformer's config lacks {key}.", model=card.title, key=str(error))) from None
    except (OSError, ValueError) as error:
        raise LoraError(sentence(
            "{model} takes no LoRA: {path} cannot be read ({error}).", model=card.title, path=path, error=str(error))) from None
