"""What the page draws of edits of the memory, as JSON: its map, what is forgotten, and the pinned takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.language import sentence, sentences
from studio.project.model import Project, Take
from studio.ui.words import Json

if TYPE_CHECKING:
    from studio.session.memory_map import MemoryMap


def memory_map_view(project: Project, shown: MemoryMap) -> Json:
    """What of the memory after the head can be edited, and how."""
    segment = shown.segment
    return {
        "problem": shown.problem,
        "part": dict(shown.part) if shown.part else None,
        "segment": segment and {"id": segment.id, "number": len(project.film()) + 1, "forget": list(segment.forget)},
        "takes": shown.takes,
        "pins": [_take_view(project, pin) for pin in project.pins],
        "forgotten": [_take_view(project, take) for take in project.forgotten],
    }


def _take_view(project: Project, take: str) -> Json:
    """A pinned or forgotten take."""
    return {"id": take, "segment": len(project.lineage(take)), "words": project.takes[take].segment.prompt or sentence("no prompt")}


def memory_facts(take: Take) -> list[str]:
    """What was pinned and forgotten when a take was made, in a few words."""
    pins, cells, gone = len(take.pins), len(take.segment.forget), len(take.forgotten)
    return [
        *([sentences("with {number} pinned take", "with {number} pinned takes", pins)] if pins else []),
        *([sentences("{number} place forgotten", "{number} places forgotten", cells)] if cells else []),
        *([sentences("{number} take forgotten", "{number} takes forgotten", gone)] if gone else []),
    ]
