"""Loading: a model folder becomes a `FilmModel`, by the family that its card names."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

import diffusers.utils.logging
import torch
import transformers.utils.logging
from safetensors import SafetensorError

from studio.backbones.family import LoadRequest
from studio.backbones.film_model import FilmModel
from studio.backbones.registry import family_of
from studio.catalogue.cards import ModelCard, ModelError, check
from studio.placement.plan import Plan
from studio.placement.sizes import Size

T = TypeVar("T")
_LOADING = threading.Lock()

# The page and the command line show their own progress.
diffusers.utils.logging.disable_progress_bar()
transformers.utils.logging.disable_progress_bar()


def best_device() -> torch.device:
    """CUDA, then Apple's GPU, then the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def load(
    card: ModelCard, device: torch.device | str | None = None, dtype: torch.dtype | None = None,
    size: Size | None = None, plan: Plan | None = None, report: Callable[[str], None] = lambda _: None,
) -> FilmModel:
    """Load the model of `card`: bfloat16 on a GPU and float32 on a CPU unless `dtype` says otherwise.

    Args:
        card: of the model.
        device: None: the best there is. A large model that is asked for on the CPU is kept there as a whole.
        dtype: of weights that are not int8, and of the computation.
        size: of the film that a large model is placed for; None: the model's first.
        plan: where a large model's parts lie; None: one is made for this machine.
        report: is called with a sentence about whatever takes long because it is done for the first time.

    Raises:
        ModelError: a file is missing, truncated or not what the card says, or the model does not fit this machine; the message
            names it and the remedy.
        MediaError: there is no room on the disk for what is prepared once.
    """
    family = family_of(card)
    check(card)
    # The libraries' loaders build modules under switches of the whole process: two at once would spoil each other's.
    with _LOADING:
        return family.load(LoadRequest(card, None if device is None else torch.device(device), dtype, size, plan, report))


def load_part(card: ModelCard, kind: type[T], folder: str, **options: Any) -> T:
    """One component of the model folder, read by its library's own loader. Raises ModelError: it is missing or damaged."""
    loader = cast(Callable[..., T], kind.from_pretrained)  # type: ignore[attr-defined]
    try:
        return loader(card.path(folder), local_files_only=True, **options)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise ModelError(
            f"The model '{card.title}' cannot be loaded: {card.path(folder)} is missing or damaged ({error}). {card.remedy}"
        ) from error


def freeze(component: T, device: torch.device) -> T:
    """The component on its device, to be used and not trained."""
    module: Any = component
    return cast(T, module.to(device).eval().requires_grad_(False))
