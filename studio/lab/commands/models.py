"""Which model a command of the lab measures."""

from __future__ import annotations

from pathlib import Path

from studio.catalogue.cards import ModelCard, ModelError, find_models, read_card

ROOT = Path(__file__).parents[3]
"""The repository: `models/` lies in it."""


def find_card(name: str | None) -> ModelCard:
    """The model card of a folder: by its name under models/, or by a path. None: the first model under models/.

    Raises:
        ModelError: there is no such model, or its card cannot be read.
    """
    if name and Path(name).is_dir():
        return read_card(Path(name))
    cards = {card.name: card for card in find_models(ROOT / "models")[0]}
    if not cards or (name and name not in cards):
        raise ModelError(f"There is no model '{name or ''}' under models/. There are: {', '.join(cards) or 'none'}.")
    return cards[name or next(iter(cards))]
