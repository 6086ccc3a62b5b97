"""What the page shows of the words that a model is given, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.backbones.registry import reads_cast
from studio.ui.words import Json

if TYPE_CHECKING:
    from studio.catalogue.cards import ModelCard
    from studio.project.model import Project

READS_ALL = "They follow each segment's own prompt: the cast, then the style. Takes made with others become stale."
READS_LOOKS = (
    "{title} takes light and weather from the style, where it begins, and moves the camera only if the style says “camera”. "
    "It draws nobody, so it reads no cast."
)


def words_view(project: Project, card: ModelCard | None) -> Json:
    """The film's style and cast, and what the model makes of them, in a sentence."""
    hint = READS_ALL if card is None or reads_cast(card) else READS_LOOKS.format(title=card.title)
    return {"style": project.style, "cast": project.cast, "hint": hint}
