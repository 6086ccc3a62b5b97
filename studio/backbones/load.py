"""Loading: the model in a folder becomes a `FilmModel`, through the family that its card names."""

from __future__ import annotations

import threading
from collections.abc import Callable

import diffusers.utils.logging
import torch
import transformers.utils.logging

from studio.backbones.family import LoadRequest
from studio.backbones.film_model import FilmModel
from studio.backbones.registry import family_of
from studio.catalogue.cards import ModelCard, check
from studio.placement.plan import Plan
from studio.placement.sizes import Size

LOADING = threading.Lock()
"""Held while modules are built: the libraries' loaders set global switches meanwhile, and would disturb each other."""

# The page and the command line show their own progress.
diffusers.utils.logging.disable_progress_bar()
transformers.utils.logging.disable_progress_bar()


def load(
    card: ModelCard, device: torch.device | str | None = None, dtype: torch.dtype | None = None,
    size: Size | None = None, plan: Plan | None = None, report: Callable[[str], None] = lambda _: None,
) -> FilmModel:
    """Load the model of `card`.

    Args:
        card: of the model.
        device: None: the best one there is. A large model whose device is the CPU lies there completely.
        dtype: of weights that are not int8, and of the computation; None: bfloat16 on a GPU, float32 on a CPU.
        size: of the film that a large model is placed for; None: the card's first size.
        plan: where a large model's parts lie; None: a plan is made for this machine.
        report: called with a sentence before work that takes long because it is done for the first time.

    Raises:
        ModelError: a file is missing, truncated or does not match the card, or the model does not fit this machine; the message
            names the file and the remedy.
        MediaError: there is no room on the disk for the files that are prepared once.
    """
    family = family_of(card)
    check(card)
    with LOADING:
        return family.load(LoadRequest(card, None if device is None else torch.device(device), dtype, size, plan, report))
