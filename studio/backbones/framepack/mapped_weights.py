"""Weights as a plan wants them, mapped from files: a network is built empty and filled without a copy. It moves nothing.

int8 weights are made once and stored beside the published ones (`store`); after that a start maps them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

import torch
from accelerate import init_empty_weights
from diffusers import HunyuanVideoFramepackTransformer3DModel
from torch import Tensor, nn
from transformers import AutoConfig, LlamaModel

from studio.backbones.framepack.hunyuan import drop_unused_layers, unused_layers
from studio.backbones.framepack.own_lora import own_lora_checksums, tensors_with_own_lora
from studio.catalogue.cards import PREPARED, ModelCard, ModelError
from studio.catalogue.fingerprint import part_checksums
from studio.placement.device import int8, weight_store
from studio.placement.sizes import Weights

Report = Callable[[str], None]
PRECISIONS: dict[Weights, torch.dtype] = {"fp32": torch.float32, "bf16": torch.bfloat16, "int8": torch.bfloat16}
"""What is computed with, on a card."""


def load_transformer(
    card: ModelCard, weights: Weights, dtype: torch.dtype, tell: Report, aligned: bool = False, verify: bool = True
) -> HunyuanVideoFramepackTransformer3DModel:
    """The model's transformer on the host, its weights mapped.

    Args:
        card: of a model of the large kind, all of whose files are there.
        weights: int8: those that `int8.SKIP` does not name.
        dtype: of what is not int8, and what it computes with.
        tell: hears why something is written, in a sentence.
        aligned: copy the weights into memory: products on a processor round otherwise where memory is not aligned.
        verify: read stored weights once and compare their sums.

    Raises:
        ModelError: a file is missing, damaged or not this network's; MediaError: there is no room for what is stored.
    """
    folder = card.path("transformer")
    try:
        config = HunyuanVideoFramepackTransformer3DModel.load_config(folder, local_files_only=True)
        with init_empty_weights():
            empty = HunyuanVideoFramepackTransformer3DModel.from_config(config)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder / 'config.json'} cannot be used ({error}). {card.remedy}") from error
    return _fill(card, "transformer", _cast(empty, dtype), weights, int8.SKIP, (tell, aligned, verify))


def load_text_encoder(card: ModelCard, weights: Weights, dtype: torch.dtype, tell: Report, aligned: bool = False) -> LlamaModel:
    """Llama on the host without the layers that are not read, its weights mapped; all its Linear layers become int8.

    Arguments and errors as for the transformer.
    """
    folder = card.path("text_encoder")
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        with init_empty_weights(include_buffers=False):
            empty = drop_unused_layers(LlamaModel(config))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder / 'config.json'} cannot be used ({error}). {card.remedy}") from error
    return _fill(card, "text_encoder", _cast(empty, dtype), weights, (), (tell, aligned, True))


def _cast(empty: Any, dtype: torch.dtype) -> Any:
    """Parameters, and not the buffers: angles lose too much."""
    for parameter in empty.parameters():
        parameter.data = parameter.data.to(dtype)
    return empty


def _fill(
    card: ModelCard, part: str, empty: Any, weights: Weights, skip: Collection[str], how: tuple[Report, bool, bool]
) -> Any:
    """The empty network with its weights, for inference."""
    tell, aligned, verify = how
    folder, dtype = card.path(part), next(empty.parameters()).dtype
    left_out = tuple(f"layers.{at}." for at in unused_layers(empty)) if part == "text_encoder" else ()

    def published() -> Iterator[tuple[str, Tensor]]:
        if part == "transformer":
            return tensors_with_own_lora(card, _published(folder))
        return ((name, value) for name, value in _published(folder) if not name.startswith(left_out))

    try:
        if weights == "int8":
            layers = int8.quantize(empty, skip)
            path = (card.weights or card.folder) / PREPARED / f"{part}-int8-{_dtype_name(dtype)}.safetensors"
            without = f", without {' '.join(left_out)}" if left_out else ""
            loras = own_lora_checksums(card) if part == "transformer" else ()
            recipe = f"{int8.recipe(skip)}, the others {_dtype_name(dtype)}{without}"
            key = weight_store.StoreKey(":".join(part_checksums(card, part)), recipe, loras)

            def make() -> Iterable[tuple[str, Tensor]]:
                return int8.quantize_tensors(published(), layers, dtype)

            tensors = weight_store.load_or_build(path, key, _layout(empty), make, tell, verify)
        else:
            tensors = {name: value.to(dtype) if value.is_floating_point() else value for name, value in published()}
        if aligned:
            tensors = {name: value.clone() for name, value in tensors.items()}
        weight_store.fill_skeleton(empty, tensors)
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"The weights in {folder} are not those of this network ({error}). {card.remedy}") from error
    return empty.eval().requires_grad_(False)


def _layout(module: nn.Module) -> dict[str, Tensor]:
    return dict(module.state_dict())


def _published(folder: Any) -> Iterator[tuple[str, Tensor]]:
    """A checkpoint's tensors by the names they have here: language models are also published with an output head."""
    for name, value in weight_store.read_checkpoint(folder):
        if not name.startswith("lm_head."):
            yield name.removeprefix("model."), value


def _dtype_name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
