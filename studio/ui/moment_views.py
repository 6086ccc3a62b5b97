"""What the page draws of a moment for which the memory is asked, as JSON: two pictures, and how much they differ in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.ui.words import Json, file_url

if TYPE_CHECKING:
    from studio.session.moments import MomentView, RememberedMoment


def moment_view(moment: MomentView | None) -> Json | None:
    """The moment for which the memory is asked, or the last one."""
    if moment is None:
        return None
    return {
        "id": moment.id,
        "take": moment.take,
        "at": moment.at,
        "active": moment.state in ("queued", "running"),
        "message": f"{moment.message} {moment.remedy}".strip() or "The memory did not answer. Try again; nothing is lost.",
        "result": _result_view(moment.result),
    }


def _result_view(result: RememberedMoment | None) -> Json | None:
    if result is None:
        return None
    figures = "the same" if result.decibels is None else f"{result.decibels:.1f} dB"
    return {
        "pictures": [
            {"name": "Frame", "picture": file_url(result.shown), "figures": ""},
            {"name": "Remembered", "picture": file_url(result.remembered), "figures": figures},
        ],
        "sentence": f"{_share(result.known)} Light and weather are no part of a place.",
    }  # fmt: skip


def _share(known: float) -> str:
    """How much of the place the memory holds."""
    if known >= 0.995:
        return "The memory holds all of this place."
    if known < 0.005:
        return "The memory holds nothing of this place: what the right picture shows is invented."
    return f"The memory holds {100 * known:.0f} % of this place; the rest is invented, and drawn as see-through as it is uncertain."
