"""Helios' networks with memory-mapped weights. See `mapped_filling`."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from accelerate import init_empty_weights
from diffusers import HeliosTransformer3DModel
from torch import Tensor
from transformers import AutoConfig, UMT5EncoderModel

from studio.backbones.mapped_filling import Filling, Report, building, cast, fill
from studio.catalogue.cards import ModelCard
from studio.placement.device import weight_store
from studio.placement.sizes import Weights

SKIP = ("condition_embedder*", "proj_out")
"""Layers that stay in floating point: those of time and text, which every token depends on, and the output."""
EMBEDDING, SAME = "shared.weight", "encoder.embed_tokens.weight"
"""The text encoder's table of tokens has two names, and is published under either or both."""


def is_exact(name: str) -> bool:
    """Whether a tensor of the transformer stays in float32, whatever the others are: time, modulation and norms.

    Not the history's scale, which diffusers keeps so: keys that were multiplied by it would be in float32 too, and attention takes
    queries, keys and values of one precision only.
    """
    exact = {*HeliosTransformer3DModel._keep_in_fp32_modules} - {"history_key_scale"}
    return any(part in exact for part in name.split("."))


def load_transformer(
    card: ModelCard, weights: Weights, dtype: torch.dtype, report: Report, aligned: bool = False, verify: bool = True
) -> HeliosTransformer3DModel:
    """The model's transformer on the host, with mapped weights.

    Args:
        card: of a model of this family, whose files are all there.
        weights: their precision; "int8" does not apply to the layers in `SKIP`.
        dtype: of the weights that are not int8, and of the computation.
        report, aligned, verify: see `Filling`.

    Raises:
        ModelError: a file is missing, damaged or of another network. MediaError: there is no room to store weights.
    """
    folder = card.path("transformer")
    # Not the buffers: the frequencies of rotary phases are in no file.
    with building(card, folder), init_empty_weights(include_buffers=False):
        config = HeliosTransformer3DModel.load_config(folder, local_files_only=True)
        empty = HeliosTransformer3DModel.from_config(config)
    how = Filling(weights, report, SKIP, aligned, verify, exact=is_exact)
    return fill(card, "transformer", cast(empty, dtype, is_exact), dtype, how, lambda: weight_store.read_checkpoint(folder))


def load_text_encoder(
    card: ModelCard, weights: Weights, dtype: torch.dtype, report: Report, aligned: bool = False
) -> UMT5EncoderModel:
    """The text encoder on the host, with mapped weights. All its Linear layers become int8. Arguments and errors as above."""
    folder = card.path("text_encoder")
    with building(card, folder), init_empty_weights(include_buffers=False):
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        empty = UMT5EncoderModel(config)

    def published() -> Iterator[tuple[str, Tensor]]:
        """The checkpoint's tensors, with the table of tokens once, under its first name."""
        tables = 0
        for name, value in weight_store.read_checkpoint(folder):
            table = name in (EMBEDDING, SAME)
            tables += table
            if not table or tables == 1:
                yield EMBEDDING if table else name, value

    how = Filling(weights, report, aligned=aligned, shared={SAME: EMBEDDING})
    return fill(card, "text_encoder", cast(empty, dtype), dtype, how, published)
