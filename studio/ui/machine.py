"""What the page shows of the model and the engine, as JSON: pure functions of the model card and the engine's status."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from studio.backbones.registry import skips_blocks
from studio.ui.words import Json

if TYPE_CHECKING:
    from studio.catalogue.cards import ModelCard
    from studio.project.preset import Preset
    from studio.session import EngineStatus


def engine(status: EngineStatus) -> Json:
    """The engine's state as a word for the lamp, two words beside it, a sentence, and where a large model's parts lie."""
    short = {"starting": "Warming up", "ready": f"Ready on {status.device}", "failed": "Engine failed"}[status.state]
    return {"state": status.state, "short": short, "sentence": status.note or short, "placement": list(status.placement)}


def model(name: str, card: ModelCard | None) -> Json:
    """The model's card, and the phrases it understands."""
    if card is None:
        summary = "This model is not installed here. Takes made with it still play."
        return {"name": name, "title": name, "summary": summary, "licence": "", "phrases": []}
    return {
        "name": card.name,
        "title": card.title,
        "summary": card.summary,
        "licence": card.licence,
        "phrases": [[kind, list(words)] for kind, words in card.phrases.items()],
    }


def offered(card: ModelCard) -> Json:
    """A model to choose; one whose weights are not here says how to get them, and what that would cost."""
    ready = card.state == "ready"
    cost = f", {card.missing / 1e9:.1f} GB to fetch" if card.missing else ""
    note = "" if ready else f"{card.state.capitalize()}{cost}. {card.remedy.partition('. ')[0]}. Then start the studio again."
    return {"name": card.name, "title": card.title, "ready": ready, "note": note}


def offered_presets(known: Sequence[Preset], chosen: str, card: ModelCard | None) -> list[Json]:
    """Those that mean something on this model, and the one that is chosen: a model that can skip nothing has no quicker draft."""
    return [
        {"name": preset.name, "title": preset.title, "description": preset.description}
        for preset in known if not preset.cache or (card is not None and skips_blocks(card)) or preset.name == chosen
    ]


def sizes(size: tuple[int, int], card: ModelCard | None) -> list[Json]:
    """The model's sizes, and the project's own where the card does not have it."""
    known = list(card.sizes) if card else []
    return [{"size": [w, h], "shape": shape(w, h)} for w, h in known + ([] if size in known else [size])]


def shape(width: int, height: int) -> str:
    return "Square" if width == height else "Landscape" if width > height else "Portrait"
