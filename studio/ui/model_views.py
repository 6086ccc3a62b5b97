"""What the page shows of models, presets, sizes and the engine, as JSON."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from studio.backbones.registry import begins_from_words, step_caches
from studio.language import join, sentence, sentences
from studio.project.preset_shelf import OWN
from studio.ui.words import Json

LOOK = 2.0
"""Seconds between two looks at the models' files."""

if TYPE_CHECKING:
    from studio.catalogue.cards import ModelCard
    from studio.project.model import RenderSettings
    from studio.project.preset import Preset
    from studio.project.preset_shelf import PresetShelf
    from studio.session import EngineStatus, WorkerStatus


def engine_view(status: EngineStatus, own: Collection[str] = ()) -> Json:
    """The engine's state: a word for the lamp, a short text beside it, a sentence, and where a large model's parts are placed.

    Of a farm also its workers, and what they do; `own`: takes of the film that the page shows, which alone are named.
    """
    short = {
        "starting": sentence("Warming up"), "ready": sentence("Ready on {device}", device=status.device),
        "failed": sentence("Engine failed"),
    }[status.state]
    workers: list[Json] = [
        {"name": worker.name, "words": _worker_words(worker, worker.take in own), "take": worker.take if worker.take in own else ""}
        for worker in status.workers]
    waiting = sentences("{count} job waits.", "{count} jobs wait.", status.waiting, count=status.waiting) if status.waiting else ""
    return {"state": status.state, "short": short, "sentence": status.note or short, "placement": list(status.placement),
            "workers": workers, "waiting": waiting}


def _worker_words(worker: WorkerStatus, own: bool) -> str:
    if worker.state == "busy":
        if own:
            return sentence("{worker}: renders a take of this film", worker=worker.name)
        return sentence("{worker}: renders another film", worker=worker.name)
    return {
        "free": sentence("{worker}: free", worker=worker.name), "starting": sentence("{worker}: warming up", worker=worker.name),
        "lost": sentence("{worker}: lost; it is started again", worker=worker.name),
        "refused": sentence("{worker}: {reason}", worker=worker.name, reason=worker.note),
    }[worker.state]


def model_view(
    name: str, card: ModelCard | None, own: Sequence[Sequence[object]] = (), lists: Sequence[Sequence[object]] = ()
) -> Json:
    """The project's model and the phrases it understands, the project's `own` ones first, the wildcards' `lists` last.

    `card` is None for a model that is not installed.
    """
    if card is None:
        summary = sentence("This model is not installed here. Takes made with it still play.")
        return {"name": name, "title": name, "summary": summary, "licence": "", "phrases": []}
    return {
        "name": card.name,
        "title": card.title,
        "summary": sentence(card.summary),
        "licence": card.licence,
        "phrases": [*own, *([kind, list(words)] for kind, words in card.phrases.items()), *lists],
    }


def model_choice(card: ModelCard) -> Json:
    """A model to choose from; for one whose weights are missing, a note says how to get them, and how many bytes that takes."""
    facts: Json = {"name": card.name, "title": card.title, "from_words": begins_from_words(card)}
    if card.state == "ready":
        return {**facts, "ready": True, "note": ""}
    state = sentence("Not fetched") if card.state == "not fetched" else sentence("Incomplete")
    if card.missing:
        state = sentence("{state}, {size:.1f} GB to fetch", state=state, size=card.missing / 1e9)
    note = join(sentence("{state}.", state=state), card.source, sentence("Then start the studio again."))
    return {**facts, "ready": False, "note": note}


class ModelChoices:
    """The models to choose from. Whether their files are there is asked every few seconds, not for every board: they are many."""

    def __init__(self) -> None:
        self._last: tuple[float, tuple[ModelCard, ...], list[Json]] | None = None

    def views(self, cards: Sequence[ModelCard]) -> list[Json]:
        """What `model_choice` says of each."""
        last, now = self._last, time.monotonic()
        if last is None or now - last[0] > LOOK or last[1] != tuple(cards):
            self._last = last = now, tuple(cards), [model_choice(card) for card in cards]
        return last[2]


def settings_view(settings: RenderSettings, presets: PresetShelf, card: ModelCard | None) -> Json:
    """The film's settings, what they can be on its model, and the presets of the artist's own."""
    return {
        "steps": settings.steps, "guidance": settings.guidance, "cache": settings.cache,
        "guided": card is None or card.guidance > 1,       # at 1 a model has no guidance that could be set
        "rule": settings.cache_rule, "rules": list(step_caches(card)) if card else [], "can_save": presets.can_save,
        "own": [{"name": preset.name, "title": preset.title} for preset in presets.own()],
    }


def preset_choices(presets: Sequence[Preset], chosen: str, card: ModelCard | None) -> list[Json]:
    """The presets to choose from on this model, and the chosen one. Those that skip blocks need a model that can do so."""
    return [
        {"name": preset.name, "title": preset.title if preset.name.startswith(OWN) else sentence(preset.title),
         "description": sentence(preset.description)}
        for preset in presets if preset.fits(step_caches(card) if card else ()) or preset.name == chosen
    ]


def size_choices(size: tuple[int, int], card: ModelCard | None) -> list[Json]:
    """The model's sizes, and the project's own if the model does not have it."""
    known = list(card.sizes) if card else []
    sizes = known + ([] if size in known else [size])
    return [{"size": [w, h], "shape": shape_name(w, h), "note": size_note((w, h), card)} for w, h in sizes]


def size_note(size: tuple[int, int], card: ModelCard | None) -> str:
    """What is special about films of this size, in a few words; empty where all sizes of the model are alike."""
    if card is None or card.large is None:
        return ""
    fps = card.clock(size)[0]
    if card.is_large(size):
        return sentence("{fps} frames a second, sees the whole picture", fps=fps)
    return sentence("{fps} frames a second, a quick sketch", fps=fps)


def shape_name(width: int, height: int) -> str:
    """The name of the picture's shape."""
    if width == height:
        return sentence("Square")
    return sentence("Landscape") if width > height else sentence("Portrait")
