"""What the page draws of a memory test, as JSON: its clips, figures and differences, and what they mean in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.language import join, sentence
from studio.ui.question_views import offer_view, question_view
from studio.ui.words import Json, file_url, format_decibels

if TYPE_CHECKING:
    from studio.session.memory_comparison import Comparison, MemoryTestResult
    from studio.session.memory_test import MemoryTestOffer, MemoryTestView

NEARLY = 38.0
"""Decibels from which on two sections are hardly told apart."""


def memory_test_offer_view(offer: MemoryTestOffer) -> Json:
    """A memory test that can be made, or why none can."""
    return {
        **offer_view(offer),
        "prompt": offer.prompt,
        "other": sentence("the branch “{name}”", name=offer.branch) if offer.branch else "",
        "result": result_view(offer.result),
    }


def memory_test_view(test: MemoryTestView | None) -> Json | None:
    """The memory test that runs, or how the last one ended."""
    if test is None:
        return None
    return {**question_view(test), "result": result_view(test.result) if test.state == "done" else None}


def result_view(result: MemoryTestResult | None) -> Json | None:
    """What a test found."""
    if result is None:
        return None
    names = {"begin": sentence("Without memory"), "other": sentence("Memory of “{name}”", name=result.branch)}
    return {
        "clips": [
            {"psi": "own", "name": sentence("Its own memory"), "clip": file_url(result.clip("own")), "figures": "",
             "difference": None},
            *({
                "psi": each.psi, "name": names.get(each.psi, ""), "clip": file_url(result.clip(each.psi)),
                "figures": _figures(each, result), "difference": file_url(result.difference(each.psi)),
            } for each in result.comparisons),
        ],
        "sentence": _sentence(result),
        "absent": "" if result.branch
        else sentence("There is no other branch with a memory of its own yet, so there is no third section."),
    }  # fmt: skip


def _figures(comparison: Comparison, result: MemoryTestResult) -> str:
    whole = sentence("{decibels} in all", decibels=format_decibels(comparison.whole))
    part = sentence("{decibels} there", decibels=format_decibels(comparison.part))
    return join(part, whole, separator=" · ") if result.share else whole


def _sentence(result: MemoryTestResult) -> str:
    """What the figures mean. The first comparison is that with psi_0."""
    share, begin = 100 * result.share, result.comparisons[0].part
    if not result.share and result.basis == "recalled":
        return sentence(
            "This section shows nothing that the recent frames and the reference do not show, so its memory had nothing to supply. "
            "Write a prompt that goes back to a place from earlier, or zooms out.")
    if not result.share:
        return sentence("With and without its memory the section is the same to the eye: here the memory changes nothing.")
    if result.basis == "different":
        return sentence(
            "{share:.3g} % of the section differ visibly without its memory ({decibels} there). Which pixels came from memory "
            "alone this model does not tell. The lower the figure, the more the memory changes.",
            share=share, decibels=format_decibels(begin))
    supplied = sentence(
        "{share:.3g} % of the section shows places that only its memory knows, because no recent frame shows them.", share=share)
    if begin is None or begin >= NEARLY:
        return join(supplied, sentence(
            "Without it the film invents nearly the same there ({decibels}): the memory is hardly missed.",
            decibels=format_decibels(begin)))
    return join(supplied, sentence(
        "Without it the film invents something else there: {decibels:.1f} dB. The lower, the more the memory changes; "
        "whether for the better, the clips show.", decibels=begin))
