"""The weights of LoRA files as branches of a transformer, kept for the next take. It does not know how they are put on."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from studio.diffusion.branches import NONE, Low, Lows
from studio.engine.events import LoraFile
from studio.engine.loras import LoraError
from studio.engine.loras.contents import Contents, content_of, contents
from studio.engine.loras.header import AGAIN, named, read_header

KEPT = 4
"""Files whose weights stay in memory, mapped, for the next take."""


class LoraWeights:
    """LoRAs of one model. Not for several threads at once."""

    def __init__(self, config: Mapping[str, Any], model: str) -> None:
        """`config` is the transformer's; `model` is how an artist calls it."""
        self._config = config
        self._model = model
        self._kept: OrderedDict[str, dict[str, Low]] = OrderedDict()

    def lows(self, files: Sequence[LoraFile]) -> Lows:
        """What these files add together, each at its strength. Strength 0 is none.

        Raises:
            LoraError: a file is missing, changed, damaged, or does not fit the model.
        """
        wanted = [file for file in files if file.strength]
        layers: dict[str, list[Low]] = {}
        for file in wanted:
            for name, low in self._read(file).items():
                layers.setdefault(name, []).append(Low(low.down, low.up, low.scale * file.strength))
        return Lows(tuple((file.sha256, file.strength) for file in wanted), layers) if wanted else NONE

    def _read(self, file: LoraFile) -> dict[str, Low]:
        """One file at strength 1."""
        if file.sha256 in self._kept:
            self._kept.move_to_end(file.sha256)
            return self._kept[file.sha256]
        made = read_lora(file.path, self._config, self._model, file.name)
        if content_of(file.path) != file.sha256:
            raise LoraError(f"{named(file.name)} is not the file any more that was added ({file.path}). Add it again.")
        self._kept[file.sha256] = made
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return made


def read_lora(path: Path, config: Mapping[str, Any], model: str, name: str = "") -> dict[str, Low]:
    """The products in the LoRA at `path` by the layers that they go beside, for the transformer with this config.

    Raises:
        LoraError: it is no LoRA, damaged, or does not fit; see `contents` and `read_weights`.
    """
    name = name or path.name
    return read_weights(path, contents(read_header(path, name), config, model, name), name)


def read_weights(path: Path, held: Contents, name: str) -> dict[str, Low]:
    """The products in a file by the layers that they go beside: a layer of several is cut into theirs.

    Raises:
        LoraError: the file cannot be read after all, or holds values that are not numbers.
    """
    lows = {}
    try:
        with safe_open(path, framework="pt") as file:
            for pair in held.pairs:
                down, up = (file.get_tensor(key).flatten(1) for key in (pair.down, pair.up))
                scale = pair.scale if pair.alpha is None else _alpha(file.get_tensor(pair.alpha), pair.rank)
                if not (_numbers(down) and _numbers(up) and math.isfinite(scale)):
                    raise LoraError(
                        f"{named(name)} holds values that are not numbers (in {pair.layer.name}): its training has failed, and it "
                        "cannot be used. Use an earlier one of its training.")
                for part in pair.layer.stretches:
                    rows = up[part.begin : part.end]
                    lows[part.layer] = Low(down, torch.cat(rows.chunk(2)[::-1]) if part.turned else rows, scale)
    except (OSError, SafetensorError) as error:
        raise LoraError(f"{named(name)} is damaged and cannot be read ({error}). {AGAIN}") from None
    return lows


def _alpha(alpha: Tensor, rank: int) -> float:
    """alpha over rank. Trainers write 0 for none."""
    value = float(alpha.float().flatten()[0]) if alpha.numel() == 1 else math.nan
    return value / rank if value else 1.0


def _numbers(tensor: Tensor) -> bool:
    return bool(torch.isfinite(tensor.float()).all())
