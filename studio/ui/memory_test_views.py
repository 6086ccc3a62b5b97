"""What the page draws of a memory test, as JSON: its clips, figures and differences, and what they mean in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.ui.words import Json, file_url, format_wait

if TYPE_CHECKING:
    from studio.session.memory_comparison import Comparison, MemoryTestResult
    from studio.session.memory_test import MemoryTestOffer, MemoryTestView

NEARLY = 38.0
"""Decibels from which on two sections are hardly told apart."""


def offer_view(offer: MemoryTestOffer) -> Json:
    """A memory test that can be made, or why none can."""
    return {
        "take": offer.take,
        "prompt": offer.prompt,
        "problem": offer.problem,
        "other": f"the branch “{offer.branch}”" if offer.branch else "",
        "wait": "" if offer.seconds is None else format_wait(offer.seconds),
        "result": result_view(offer.result),
    }


def memory_test_view(test: MemoryTestView | None) -> Json | None:
    """The memory test that runs, or how the last one ended."""
    if test is None:
        return None
    return {
        "id": test.id,
        "take": test.take,
        "active": test.active,
        "state": test.state,
        "doing": f"Section {test.number} of {test.count}: {test.doing}" if test.state == "running" else test.doing,
        "progress": round((test.number - 1 + test.step / max(1, test.steps)) / test.count, 3),
        "message": test.message,
        "remedy": test.remedy,
        "result": result_view(test.result) if test.state == "done" else None,
    }


def result_view(result: MemoryTestResult | None) -> Json | None:
    """What a test found."""
    if result is None:
        return None
    names = {"begin": "Without memory", "other": f"Memory of “{result.branch}”"}
    return {
        "clips": [
            {"psi": "own", "name": "Its own memory", "clip": file_url(result.clip("own")), "figures": "", "difference": None},
            *({
                "psi": each.psi, "name": names.get(each.psi, ""), "clip": file_url(result.clip(each.psi)),
                "figures": _figures(each, result), "difference": file_url(result.difference(each.psi)),
            } for each in result.comparisons),
        ],
        "sentence": _sentence(result),
        "absent": "" if result.branch else "There is no other branch with a memory of its own yet, so there is no third section.",
    }  # fmt: skip


def _figures(comparison: Comparison, result: MemoryTestResult) -> str:
    whole = f"{_decibels(comparison.whole)} in all"
    return f"{_decibels(comparison.part)} there · {whole}" if result.share else whole


def _decibels(value: float | None) -> str:
    return "the same" if value is None else f"{value:.1f} dB"


def _sentence(result: MemoryTestResult) -> str:
    """What the figures mean. The first comparison is that with psi_0."""
    share, begin = f"{100 * result.share:.3g} %", result.comparisons[0].part
    if not result.share and result.basis == "recalled":
        return (
            "This section shows nothing that the recent frames and the reference do not show, so its memory had nothing to supply. "
            "Write a prompt that goes back to a place from earlier, or zooms out."
        )
    if not result.share:
        return "With and without its memory the section is the same to the eye: here the memory changes nothing."
    if result.basis == "different":
        return (
            f"{share} of the section differ visibly without its memory ({_decibels(begin)} there). Which pixels came from memory "
            "alone this model does not tell. The lower the figure, the more the memory changes."
        )
    supplied = f"{share} of the section shows places that only its memory knows, because no recent frame shows them. "
    if begin is None or begin >= NEARLY:
        return f"{supplied}Without it the film invents nearly the same there ({_decibels(begin)}): the memory is hardly missed."
    return (
        f"{supplied}Without it the film invents something else there: {begin:.1f} dB. The lower, the more the memory changes; "
        "whether for the better, the clips show."
    )
