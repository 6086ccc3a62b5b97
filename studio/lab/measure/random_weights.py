"""Writes a model folder with a transformer of FramePack's class and random weights, to measure placements without a download.

Instead of drawing all weights, one strip of normal numbers is drawn and repeated into each tensor from another position, at a scale
that keeps activations finite. Tensors are written one by one, and in shards, so that 26 GB of them need no memory.
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

from studio.backbones.framepack.sizes import published_configs
from studio.catalogue.cards import ModelCard, ModelFile
from studio.lab import tiny
from studio.media.disk import atomic_write
from studio.placement.device import weight_store
from studio.placement.device.weight_file import StoreKey
from studio.placement.device.weight_shards import stored_files

FILE = "transformer/random.safetensors"
"""Where the weights are stored in the folder: in this file, or in shards beside it (`weight_shards`)."""
STRIP = 4_194_301
"""Numbers in the strip. It is prime, so that rows of a layer begin at different positions of it."""
WINDOW, STEPS, FRAMES, PROMPT = 9, 25, 36, 256
SMALL_BLOCKS: dict[str, int] = {"num_layers": 2, "num_single_layers": 4}
"""Blocks of the small network that replaces the 13B one where the measuring itself is tested."""


def full_config() -> dict[str, Any]:
    """Returns the config of FramePack-F1's transformer."""
    return published_configs()["transformer"]


def small_config() -> dict[str, Any]:
    """Returns the config of the small network."""
    return {key: value for key, value in tiny.transformer(**SMALL_BLOCKS).config.items() if not key.startswith("_")}


def write_model(
    folder: Path, config: dict[str, Any], sizes: tuple[tuple[int, int], ...], report: Callable[[str], None]
) -> ModelCard:
    """Writes a transformer with random weights to `folder`, unless it is there already, and returns the model card.

    The model's other parts are missing; plans count those of FramePack-F1.

    Args:
        folder: on a disk with room for the weights in bfloat16, and in int8 as well where a plan uses that.
        config: of the transformer.
        sizes: of films, width and height in pixels.
        report: is called with a sentence about what is written.

    Raises:
        MediaError: the disk is full or the folder cannot be written.
    """
    with init_empty_weights():
        empty = HunyuanVideoFramepackTransformer3DModel.from_config(config)
    layout = {name: like.to(torch.bfloat16) for name, like in empty.state_dict().items()}
    (folder / "transformer").mkdir(parents=True, exist_ok=True)
    with atomic_write(folder / "transformer" / "config.json") as temporary:
        temporary.write_text(json.dumps(config), "utf-8")
    key = StoreKey(json.dumps(config, sort_keys=True), f"a strip of {STRIP} normal numbers, seed 0")
    weight_store.load_or_build(folder / FILE, key, layout, lambda: random_tensors(layout), report, verify=False)
    files = tuple(
        ModelFile(f"transformer/{path.name}", path.stat().st_size, hashlib.sha256(f"{key} {path.name}".encode()).hexdigest())
        for path in stored_files(folder / FILE))
    return ModelCard(
        folder, "random", "A model of random weights", "For measuring.", "Apache-2.0", 30, WINDOW, FRAMES, sizes, STEPS, 10.0, 0.0,
        "framepack", PROMPT, files=files,
    )


def random_tensors(layout: dict[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """Yields a name and a value for every tensor of the layout.

    Norms are 1, biases 0, and matrices normal with a deviation of one over the root of their number of inputs.
    """
    strip = torch.randn(STRIP, generator=torch.Generator().manual_seed(0)).to(torch.bfloat16)
    for name, like in layout.items():
        if like.dim() < 2:
            yield name, torch.full(like.shape, 0.0 if name.endswith("bias") else 1.0, dtype=like.dtype)
            continue
        count, begin = like.numel(), zlib.crc32(name.encode()) % STRIP
        values = strip.repeat(-(-(begin + count) // STRIP))[begin : begin + count].view(like.shape)
        yield name, (values * (count // len(like)) ** -0.5).to(like.dtype)
