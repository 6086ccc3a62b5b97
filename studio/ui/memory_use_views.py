"""What the page draws of how much a take uses each earlier segment, as JSON: a bar for each, and what it means in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.language import join, sentence
from studio.ui.question_views import offer_view, question_view
from studio.ui.words import Json, format_decibels

if TYPE_CHECKING:
    from studio.session.memory_use import MemoryUseOffer, MemoryUseView
    from studio.session.use_figures import SegmentUse

LEAST = 0.05
"""Levels of 255: a smaller change is nothing that is used."""


def memory_use_offer_view(offer: MemoryUseOffer) -> Json:
    """The question for a take, with its answer if it was asked before, or why it cannot be asked."""
    return {
        **offer_view(offer),
        "number": offer.number,
        "way": _way(offer),
        "known": offer.known,
        "segments": _segments(offer.segments),
        "sentence": _sentence(offer.segments) if offer.known else "",
    }


def memory_use_view(use: MemoryUseView | None) -> Json | None:
    """The question that is being answered, or how the last one ended."""
    if use is None:
        return None
    words = _sentence(use.segments) if use.state == "done" else ""
    return {**question_view(use), "segments": _segments(use.segments), "sentence": words}


def _segments(segments: tuple[SegmentUse, ...]) -> list[Json]:
    most = max((each.change for each in segments), default=0) or 1
    return [
        {"number": each.number, "take": each.take, "prompt": each.prompt, "known": each.known,
         "share": round(each.change / most, 4), "figures": _figures(each)}
        for each in segments
    ]  # fmt: skip


def _figures(use: SegmentUse) -> str:
    if not use.known:
        return use.problem
    if not use.read:
        return sentence("not read")
    if use.decibels is None:
        return sentence("read, and nothing changes without it")
    return sentence("{levels:.2f} levels · {decibels}", levels=use.change, decibels=format_decibels(use.decibels))


def _sentence(segments: tuple[SegmentUse, ...]) -> str:
    """What the figures mean."""
    known = [each for each in segments if each.known]
    most = max(known, key=lambda each: each.change, default=None)
    if most is None or most.change < LEAST:
        return sentence("Without any one of them the section is as good as the same: it goes on from the newest frame alone.")
    return join(
        sentence("It uses segment {number} most: without that, the picture changes by {levels:.2f} of 255 levels in the mean.",
                 number=most.number, levels=most.change),
        sentence("What two segments both tell is missed only when both are left out, so small figures do not add up."))


def _way(offer: MemoryUseOffer) -> str:
    """How a segment is left out."""
    recent = sentence("Of the recent frames its own are emptied, but for the newest one, from which the section goes on.")
    memory = {
        "none": sentence("In the long-term memory there is nothing of it at this size, or the model has none."),
        "rows": sentence("Of the long-term memory its rows are not read; what later sections had seen of it stays in theirs."),
        "again": sentence("The long-term memory is written again from the state before it, with all sections that followed."),
    }
    return join(recent, memory[offer.way])
