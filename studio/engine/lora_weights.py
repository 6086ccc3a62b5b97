"""The LoRAs of takes: their files' weights, kept in memory for the next take."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from studio.catalogue.loras import LoraError
from studio.catalogue.loras.contents import checksum
from studio.catalogue.loras.header import printable
from studio.catalogue.loras.layers import LoraLayers
from studio.diffusion.lora_branches import NO_LORAS, ActiveLoras, LoraFactors
from studio.diffusion.lora_files import read_lora
from studio.engine.events import LoraFile
from studio.language import sentence

KEPT = 4
"""Files whose weights stay in memory, mapped, for the next take."""


class LoraWeights:
    """LoRAs of one model. Not for several threads at once."""

    def __init__(self, layers: LoraLayers, model: str) -> None:
        """`layers` are the transformer's; `model` is the model's title, for messages."""
        self._layers = layers
        self._model = model
        self._kept: OrderedDict[str, dict[str, LoraFactors]] = OrderedDict()

    def active(self, files: Sequence[LoraFile]) -> ActiveLoras:
        """The LoRAs of these files together, each at its strength; a file of strength 0 is left out.

        Raises:
            LoraError: a file is missing, changed, damaged, or does not fit the model.
        """
        wanted = [file for file in files if file.strength]
        layers: dict[str, list[LoraFactors]] = {}
        for file in wanted:
            for name, factors in self._read(file).items():
                layers.setdefault(name, []).append(LoraFactors(factors.down, factors.up, factors.scale * file.strength))
        return ActiveLoras(tuple((file.sha256, file.strength) for file in wanted), layers) if wanted else NO_LORAS

    def _read(self, file: LoraFile) -> dict[str, LoraFactors]:
        """The factors of one file at strength 1, by layer."""
        if file.sha256 in self._kept:
            self._kept.move_to_end(file.sha256)
            return self._kept[file.sha256]
        made = read_lora(file.path, self._layers, self._model, file.name)
        if checksum(file.path) != file.sha256:
            raise LoraError(sentence(
                "{name} is not the file any more that was added ({path}). Add it again.",
                name=printable(file.name), path=file.path))
        self._kept[file.sha256] = made
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return made
