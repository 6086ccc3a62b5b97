"""How a LoRA file's names lead to a model's layers. Each family of models brings its own table of names. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Stretch:
    """A layer of the transformer, and its rows in the layer that a file names. `turned`: its halves are the other way round."""

    layer: str
    inputs: int
    begin: int
    end: int
    turned: bool = False


@dataclass(frozen=True)
class Named:
    """A layer as a file may name it: one layer of the transformer, or several in a row."""

    name: str
    stretches: tuple[Stretch, ...]

    @property
    def inputs(self) -> int:
        return self.stretches[0].inputs

    @property
    def outputs(self) -> int:
        return self.stretches[-1].end


class LoraLayers(Protocol):
    """The layers of one model that LoRAs may change."""

    @property
    def hint(self) -> str:
        """A sentence that says which LoRAs fit this family of models."""

    def find(self, name: str) -> Named | None:
        """The layer that a file calls `name`, with whatever prefix; None for an unknown name."""

    def beyond(self, name: str) -> str | None:
        """How many blocks the model has, in words, where `name` lies in a block that it does not have; else None."""
