"""The configs of a model's networks, read before any weight is. Imports no torch."""

from __future__ import annotations

import json
from typing import Any

from studio.catalogue.cards import ModelCard, ModelError
from studio.language import sentence

Configs = dict[str, dict[str, Any]]
"""The config of each part, by the part's name."""


def read_config(card: ModelCard, name: str) -> dict[str, Any] | None:
    """A config of the model, by its path in the folder; None: it is not there. Raises ModelError: it cannot be read."""
    path = card.path(name)
    if not path.is_file():
        return None
    try:
        return dict(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise ModelError(sentence(
            "{path} cannot be read: {error}. Get the folder {card} again.", path=path, error=str(error), card=card.name)) from None
