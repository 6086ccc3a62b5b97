"""The components of a model folder, read by their libraries' own loaders, and the device that they are put on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import torch
from safetensors import SafetensorError

from studio.catalogue.cards import ModelCard, ModelError
from studio.language import sentence
from studio.placement.device.memory_errors import is_host_out_of_memory

T = TypeVar("T")


def best_device() -> torch.device:
    """CUDA if there is one, else Apple's GPU, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def load_part(card: ModelCard, kind: type[T], folder: str, **options: Any) -> T:
    """One component of a model folder, read by its library's own loader.

    For small components: these loaders take at least as much memory as the files are large. `framepack.mapped_weights` does not.

    Raises:
        ModelError: the component is missing or damaged, or the machine's memory is too small for it.
    """
    loader = cast(Callable[..., T], kind.from_pretrained)  # type: ignore[attr-defined]
    try:
        return loader(card.path(folder), local_files_only=True, **options)
    except (OSError, ValueError, KeyError, RuntimeError, MemoryError, SafetensorError) as error:
        if memory := memory_error(card, folder, error):
            raise memory from error
        raise ModelError(sentence(
            "The model '{model}' cannot be loaded: {path} is missing or damaged ({error}). {remedy}",
            model=card.title, path=card.path(folder), error=str(error), remedy=card.remedy)) from error


def memory_error(card: ModelCard, folder: str, error: Exception) -> ModelError | None:
    """The error to raise if the machine's memory ran out while a component was read; None: `error` says something else."""
    if not is_host_out_of_memory(error):
        return None
    return ModelError(sentence(
        "The memory of this machine is too small for {path}, a part of {model}. Close other programs, or choose a smaller model. "
        "Projects are not affected.", path=card.path(folder), model=card.title))


def freeze(component: T, device: torch.device) -> T:
    """The component on its device, in evaluation mode and without gradients."""
    module: Any = component
    return cast(T, module.to(device).eval().requires_grad_(False))
