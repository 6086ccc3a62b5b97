"""Networks with memory-mapped weights: a network is built empty and filled without a copy. For the large families.

By hand, because the libraries' own `from_pretrained` either maps a file as memory of the process, which the system refuses for a
file larger than the memory, or reads all of it at once (`disable_mmap`).

int8 weights are computed once and stored next to the published ones (`weight_store`); after that they are mapped from there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from studio.backbones.components import memory_error
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


@dataclass(frozen=True)
class Filling:
    """How a network is filled."""

    weights: Weights                       # precision of the weights
    report: Report                         # called with a sentence before weights are computed and stored
    skip: Collection[str] = ()             # patterns of names of layers that int8 leaves as they are
    aligned: bool = False                  # copy into memory: products of weights that are not aligned are rounded differently
    verify: bool = True                    # check the stored weights' checksums
    loras: tuple[str, ...] = ()            # checksums of LoRAs that are merged into what is published
    without: str = ""                      # what of the published tensors is left out, in words, for the store's key
    exact: Callable[[str], bool] = lambda _: False     # whether a tensor of this name stays in float32
    shared: Mapping[str, str] = field(default_factory=dict)    # names of tensors that are the same as others, and those


@contextmanager
def building(card: ModelCard, folder: Path) -> Iterator[None]:
    """A context in which an empty network is built by its config in `folder`. Raises ModelError: the config cannot be used."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(sentence(
            "{file} cannot be used ({error}). {remedy}",
            file=folder / "config.json", error=str(error), remedy=card.remedy)) from error


def cast(empty: Any, dtype: torch.dtype, exact: Callable[[str], bool] = lambda _: False) -> Any:
    """The network with its parameters in this precision. Buffers stay as they are: angles in half precision would be too coarse."""
    for name, parameter in empty.named_parameters():
        parameter.data = parameter.data.to(torch.float32 if exact(name) else dtype)
    return empty


def fill(
    card: ModelCard, part: str, empty: Any, dtype: torch.dtype, how: Filling, published: Callable[[], Iterable[tuple[str, Tensor]]]
) -> Any:
    """The empty network with its weights, in evaluation mode.

    Args:
        card, part: whose weights they are.
        empty: on the meta device, in precision `dtype`.
        how: see `Filling`.
        published: yields names and values of the checkpoint's tensors, under the names of this network.

    Raises:
        ModelError: a file is missing, damaged or of another network. MediaError: there is no room to store weights.
    """
    try:
        if how.weights == "int8":
            layers = int8.quantize(empty, how.skip)
            path = (card.weights or card.folder) / PREPARED / f"{part}-int8-{_dtype_name(dtype)}.safetensors"
            recipe = f"{int8.recipe(how.skip)}, the others {_dtype_name(dtype)}{how.without}"
            key = StoreKey(":".join(part_checksums(card, part)), recipe, how.loras)

            def build() -> Iterable[tuple[str, Tensor]]:
                return int8.quantize_tensors(published(), layers, dtype, how.exact)

            layout = {name: value for name, value in _layout(empty).items() if name not in how.shared}
            tensors = weight_store.load_or_build(path, key, layout, build, how.report, how.verify)
            tensors = {name: value.clone() if how.aligned else value for name, value in tensors.items()}
        else:
            tensors = dict(_in_precision(published(), dtype, how))
        weight_store.fill_skeleton(empty, tensors | {name: tensors[same] for name, same in how.shared.items() if same in tensors})
    except (ValueError, RuntimeError, MemoryError) as error:
        if memory := memory_error(card, part, error):
            raise memory from error
        raise ModelError(sentence(
            "The weights in {folder} are not those of this network ({error}). {remedy}",
            folder=card.path(part), error=str(error), remedy=card.remedy)) from error
    return empty.eval().requires_grad_(False)


def _in_precision(tensors: Iterable[tuple[str, Tensor]], dtype: torch.dtype, how: Filling) -> Iterator[tuple[str, Tensor]]:
    for name, value in tensors:
        wanted = torch.float32 if how.exact(name) else dtype
        yield name, value.to(wanted if value.is_floating_point() else value.dtype, copy=how.aligned)


def _layout(module: nn.Module) -> dict[str, Tensor]:
    """Names, shapes and types of the network's tensors."""
    return dict(module.state_dict())


def _dtype_name(dtype: torch.dtype) -> str:
    """"bfloat16" for torch.bfloat16."""
    return str(dtype).removeprefix("torch.")
