"""Which layers of a model a LoRA file names. Each family of models has its own table of names. Imports no torch."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class LayerRows:
    """A layer of the transformer, and its rows in the weight matrix of the layer that a file names."""

    layer: str
    inputs: int
    begin: int
    end: int
    swap_halves: bool = False
    """Whether the two halves of the rows are in the opposite order in the file."""


@dataclass(frozen=True)
class FileLayer:
    """A layer as LoRA files name it: one layer of the transformer, or several whose outputs are concatenated."""

    name: str
    parts: tuple[LayerRows, ...]

    @property
    def inputs(self) -> int:
        """Width of its input."""
        return self.parts[0].inputs

    @property
    def outputs(self) -> int:
        """Width of its output."""
        return self.parts[-1].end


class LoraLayers(Protocol):
    """The layers of one model that LoRAs may change."""

    @property
    def hint(self) -> str:
        """A sentence that says which LoRAs fit this family of models."""

    @property
    def networks(self) -> Collection[str]:
        """Other networks, as `kinds` calls them, whose LoRAs fit too because the layers have the same names and sizes."""

    def find(self, name: str) -> FileLayer | None:
        """The layer that a file calls `name`, with whatever prefix; None for an unknown name."""

    def missing_block(self, name: str) -> str | None:
        """If `name` belongs to a block that the model does not have: how many blocks it has, in words. Otherwise None."""
