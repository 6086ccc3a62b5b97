"""What the page draws of a moment for which the memory is asked, as JSON: two pictures, and how much they differ in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.language import join, sentence
from studio.ui.question_views import question_view
from studio.ui.words import Json, file_url, format_decibels

if TYPE_CHECKING:
    from studio.session.moments import MomentView, RememberedMoment


def moment_view(moment: MomentView | None) -> Json | None:
    """The moment for which the memory is asked, or the last one."""
    if moment is None:
        return None
    return {
        **question_view(moment),
        "at": moment.at,
        "message": join(moment.message, moment.remedy) or sentence("The memory did not answer. Try again; nothing is lost."),
        "result": _result_view(moment.result),
    }


def _result_view(result: RememberedMoment | None) -> Json | None:
    if result is None:
        return None
    return {
        "pictures": [
            {"name": sentence("Frame"), "picture": file_url(result.shown), "figures": ""},
            {"name": sentence("Remembered"), "picture": file_url(result.remembered), "figures": format_decibels(result.decibels)},
        ],
        "sentence": join(_share(result.known), sentence("Light and weather are no part of a place.")),
    }  # fmt: skip


def _share(known: float) -> str:
    """How much of the place the memory holds."""
    if known >= 0.995:
        return sentence("The memory holds all of this place.")
    if known < 0.005:
        return sentence("The memory holds nothing of this place: what the right picture shows is invented.")
    return sentence(
        "The memory holds {share:.0f} % of this place; the rest is invented, and drawn as see-through as it is uncertain.",
        share=100 * known)
