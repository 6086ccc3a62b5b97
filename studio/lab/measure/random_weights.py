"""A transformer of FramePack's class with random weights, as a model folder: to measure placements without a download.

The weights are not drawn one by one: a strip of normal numbers, drawn once, is plan out from another place for each tensor, at the
scale that keeps activations finite. They are written tensor by tensor, so 26 GB need no memory. It does not know what is measured.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from accelerate import init_empty_weights
from diffusers import HunyuanVideoFramepackTransformer3DModel
from torch import Tensor

from studio.backbones.framepack.family import published_configs
from studio.catalogue.cards import ModelCard, ModelFile
from studio.lab import tiny
from studio.media.disk import atomic_write
from studio.placement.device import weight_store

FILE = "transformer/random.safetensors"
STRIP = 4_194_301
"""Numbers in the strip: a prime, so that no row of a layer begins where another one does before long."""
WINDOW, STEPS, FRAMES, PROMPT = 9, 25, 36, 256
SMALL: dict[str, int] = {"num_layers": 2, "num_single_layers": 4}
"""Blocks of the small network that stands in for the 13B one where the measuring itself is tested."""


def full() -> dict[str, Any]:
    """The transformer's config of FramePack-F1."""
    return published_configs()["transformer"]


def small() -> dict[str, Any]:
    """The config of the small network."""
    return {key: value for key, value in tiny.transformer(**SMALL).config.items() if not key.startswith("_")}


def model(folder: Path, config: dict[str, Any], sizes: tuple[tuple[int, int], ...], tell: Callable[[str], None]) -> ModelCard:
    """The card of a model of the large kind in `folder`, whose transformer is written unless it lies there already.

    Its other parts are not there: plans count FramePack-F1's own.

    Args:
        folder: on a disk with room for the weights in bfloat16, and once more in int8 where a plan asks for that.
        config: of the transformer.
        sizes: of films, width and height in pixels.
        tell: hears what is written.

    Raises:
        MediaError: the disk is full or the folder cannot be written.
    """
    with init_empty_weights():
        empty = HunyuanVideoFramepackTransformer3DModel.from_config(config)
    layout = {name: like.to(torch.bfloat16) for name, like in empty.state_dict().items()}
    (folder / "transformer").mkdir(parents=True, exist_ok=True)
    with atomic_write(folder / "transformer" / "config.json") as temporary:
        temporary.write_text(json.dumps(config), "utf-8")
    key = weight_store.StoreKey(json.dumps(config, sort_keys=True), f"a strip of {STRIP} normal numbers, seed 0")
    weight_store.load_or_build(folder / FILE, key, layout, lambda: drawn(layout), tell, verify=False)
    file = ModelFile(FILE, (folder / FILE).stat().st_size, hashlib.sha256(repr(key).encode()).hexdigest())
    return ModelCard(
        folder, "random", "A model of random weights", "For measuring.", "Apache-2.0", 30, WINDOW, FRAMES, sizes, STEPS, 10.0, 0.0,
        "framepack", PROMPT, files=(file,),
    )


def drawn(layout: dict[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """A value for every tensor of the layout: matrices at one over the root of their inputs, norms 1, biases 0."""
    strip = torch.randn(STRIP, generator=torch.Generator().manual_seed(0)).to(torch.bfloat16)
    for name, like in layout.items():
        if like.dim() < 2:
            yield name, torch.full(like.shape, 0.0 if name.endswith("bias") else 1.0, dtype=like.dtype)
            continue
        count, begin = like.numel(), zlib.crc32(name.encode()) % STRIP
        plan = strip.repeat(-(-(begin + count) // STRIP))[begin : begin + count].view(like.shape)
        yield name, (plan * (count // len(like)) ** -0.5).to(like.dtype)
