"""The large model's networks with memory-mapped weights: a network is built empty and filled without a copy.

See `mapped_filling`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from accelerate import init_empty_weights
from diffusers import HunyuanVideoFramepackTransformer3DModel
from torch import Tensor
from transformers import AutoConfig, LlamaModel

from studio.backbones.framepack.conditioner import drop_unused_layers, unused_layers
from studio.backbones.framepack.own_lora import own_lora_checksums, tensors_with_own_lora
from studio.backbones.mapped_filling import PRECISIONS, Filling, Report, building, cast, fill
from studio.catalogue.cards import ModelCard
from studio.placement.device import int8, weight_store
from studio.placement.sizes import Weights

__all__ = ["PRECISIONS", "load_text_encoder", "load_transformer"]


def load_transformer(
    card: ModelCard, weights: Weights, dtype: torch.dtype, report: Report, aligned: bool = False, verify: bool = True,
    own_lora: bool = True,
) -> HunyuanVideoFramepackTransformer3DModel:
    """The model's transformer on the host, with mapped weights.

    Args:
        card: of a model of this family, whose files are all there.
        weights: their precision; "int8" does not apply to the layers in `int8.SKIP`.
        dtype: of the weights that are not int8, and of the computation.
        report: called with a sentence before weights are computed and stored.
        aligned: copy the weights into memory. On a CPU, products of weights that are not aligned in memory are rounded differently.
        verify: check the stored weights' checksums.
        own_lora: merge the model's own LoRA, if it has one. False: weights as they were published, which are never int8 then.

    Raises:
        ModelError: a file is missing, damaged or of another network. MediaError: there is no room to store weights.
    """
    folder = card.path("transformer")
    with building(card, folder), init_empty_weights():
        config = HunyuanVideoFramepackTransformer3DModel.load_config(folder, local_files_only=True)
        empty = HunyuanVideoFramepackTransformer3DModel.from_config(config)

    def published() -> Iterator[tuple[str, Tensor]]:
        return tensors_with_own_lora(card, _published(folder)) if own_lora else _published(folder)

    how = Filling(weights, report, int8.SKIP, aligned, verify, own_lora_checksums(card))
    return fill(card, "transformer", cast(empty, dtype), dtype, how, published)


def load_text_encoder(card: ModelCard, weights: Weights, dtype: torch.dtype, report: Report, aligned: bool = False) -> LlamaModel:
    """Llama on the host with mapped weights, without the layers that FramePack does not use. All its Linear layers become int8.

    Arguments and errors as for `load_transformer`.
    """
    folder = card.path("text_encoder")
    with building(card, folder), init_empty_weights(include_buffers=False):
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        empty = drop_unused_layers(LlamaModel(config))
    unused = tuple(f"layers.{at}." for at in unused_layers(empty))

    def published() -> Iterator[tuple[str, Tensor]]:
        return ((name, value) for name, value in _published(folder) if not name.startswith(unused))

    how = Filling(weights, report, aligned=aligned, without=f", without {' '.join(unused)}" if unused else "")
    return fill(card, "text_encoder", cast(empty, dtype), dtype, how, published)


def _published(folder: Any) -> Iterator[tuple[str, Tensor]]:
    """A checkpoint's tensors under the names of this network. Llama is also published with an output head, which is left out."""
    for name, value in weight_store.read_checkpoint(folder):
        if not name.startswith("lm_head."):
            yield name.removeprefix("model."), value
