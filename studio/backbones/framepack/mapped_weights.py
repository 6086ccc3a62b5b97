"""The large model's networks with memory-mapped weights: a network is built empty and filled without a copy.

By hand, because the libraries' own `from_pretrained` either maps a file as memory of the process, which the system refuses for a
file larger than the memory, or reads all of it at once (`disable_mmap`).

int8 weights are computed once and stored next to the published ones (`weight_store`); after that they are mapped from there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from accelerate import init_empty_weights
from diffusers import HunyuanVideoFramepackTransformer3DModel
from torch import Tensor, nn
from transformers import AutoConfig, LlamaModel

from studio.backbones.components import memory_error
from studio.backbones.framepack.conditioner import drop_unused_layers, unused_layers
from studio.backbones.framepack.own_lora import own_lora_checksums, tensors_with_own_lora
from studio.catalogue.cards import PREPARED, ModelCard, ModelError
from studio.catalogue.fingerprint import part_checksums
from studio.language import sentence
from studio.placement.device import int8, weight_store
from studio.placement.device.weight_file import StoreKey
from studio.placement.sizes import Weights

Report = Callable[[str], None]
"""Is called with a sentence for people before work that takes long."""
PRECISIONS: dict[Weights, torch.dtype] = {"fp32": torch.float32, "bf16": torch.bfloat16, "int8": torch.bfloat16}
"""The precision of the computation on a GPU, by that of the weights."""


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
    try:
        config = HunyuanVideoFramepackTransformer3DModel.load_config(folder, local_files_only=True)
        with init_empty_weights():
            empty = HunyuanVideoFramepackTransformer3DModel.from_config(config)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(sentence(
            "{file} cannot be used ({error}). {remedy}",
            file=folder / "config.json", error=str(error), remedy=card.remedy)) from error
    return _fill(card, "transformer", _cast(empty, dtype), weights, int8.SKIP, _How(report, aligned, verify, own_lora))


def load_text_encoder(card: ModelCard, weights: Weights, dtype: torch.dtype, report: Report, aligned: bool = False) -> LlamaModel:
    """Llama on the host with mapped weights, without the layers that FramePack does not use. All its Linear layers become int8.

    Arguments and errors as for `load_transformer`.
    """
    folder = card.path("text_encoder")
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        with init_empty_weights(include_buffers=False):
            empty = drop_unused_layers(LlamaModel(config))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(sentence(
            "{file} cannot be used ({error}). {remedy}",
            file=folder / "config.json", error=str(error), remedy=card.remedy)) from error
    return _fill(card, "text_encoder", _cast(empty, dtype), weights, (), _How(report, aligned))


def _cast(empty: Any, dtype: torch.dtype) -> Any:
    """The network with its parameters in this precision. Buffers stay as they are: angles in half precision would be too coarse."""
    for parameter in empty.parameters():
        parameter.data = parameter.data.to(dtype)
    return empty


@dataclass(frozen=True)
class _How:
    """The arguments of `load_transformer` that do not change what is read from where."""

    report: Report
    aligned: bool = False
    verify: bool = True
    own_lora: bool = True


def _fill(card: ModelCard, part: str, empty: Any, weights: Weights, skip: Collection[str], how: _How) -> Any:
    """The empty network with its weights, in evaluation mode. Raises ModelError as `load_transformer`."""
    folder, dtype = card.path(part), next(empty.parameters()).dtype
    unused = tuple(f"layers.{at}." for at in unused_layers(empty)) if part == "text_encoder" else ()

    def published() -> Iterator[tuple[str, Tensor]]:
        if part == "transformer":
            return tensors_with_own_lora(card, _published(folder)) if how.own_lora else _published(folder)
        return ((name, value) for name, value in _published(folder) if not name.startswith(unused))

    try:
        if weights == "int8":
            layers = int8.quantize(empty, skip)
            path = (card.weights or card.folder) / PREPARED / f"{part}-int8-{_dtype_name(dtype)}.safetensors"
            without = f", without {' '.join(unused)}" if unused else ""
            loras = own_lora_checksums(card) if part == "transformer" else ()
            recipe = f"{int8.recipe(skip)}, the others {_dtype_name(dtype)}{without}"
            key = StoreKey(":".join(part_checksums(card, part)), recipe, loras)

            def build() -> Iterable[tuple[str, Tensor]]:
                return int8.quantize_tensors(published(), layers, dtype)

            tensors = weight_store.load_or_build(path, key, _layout(empty), build, how.report, how.verify)
            tensors = {name: value.clone() if how.aligned else value for name, value in tensors.items()}
        else:
            tensors = {
                name: value.to(dtype if value.is_floating_point() else value.dtype, copy=how.aligned)
                for name, value in published()
            }
        weight_store.fill_skeleton(empty, tensors)
    except (ValueError, RuntimeError, MemoryError) as error:
        if memory := memory_error(card, part, error):
            raise memory from error
        raise ModelError(sentence(
            "The weights in {folder} are not those of this network ({error}). {remedy}",
            folder=folder, error=str(error), remedy=card.remedy)) from error
    return empty.eval().requires_grad_(False)


def _layout(module: nn.Module) -> dict[str, Tensor]:
    """Names, shapes and types of the network's tensors."""
    return dict(module.state_dict())


def _published(folder: Any) -> Iterator[tuple[str, Tensor]]:
    """A checkpoint's tensors under the names of this network. Llama is also published with an output head, which is left out."""
    for name, value in weight_store.read_checkpoint(folder):
        if not name.startswith("lm_head."):
            yield name.removeprefix("model."), value


def _dtype_name(dtype: torch.dtype) -> str:
    """"bfloat16" for torch.bfloat16."""
    return str(dtype).removeprefix("torch.")
