"""The components of a model folder, read by their libraries' own loaders, and the device that they are put on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import torch
from safetensors import SafetensorError

from studio.catalogue.cards import ModelCard, ModelError

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

    Raises:
        ModelError: the component is missing or damaged.
    """
    loader = cast(Callable[..., T], kind.from_pretrained)  # type: ignore[attr-defined]
    try:
        return loader(card.path(folder), local_files_only=True, **options)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise ModelError(
            f"The model '{card.title}' cannot be loaded: {card.path(folder)} is missing or damaged ({error}). {card.remedy}"
        ) from error


def freeze(component: T, device: torch.device) -> T:
    """The component on its device, in evaluation mode and without gradients."""
    module: Any = component
    return cast(T, module.to(device).eval().requires_grad_(False))
