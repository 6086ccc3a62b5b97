"""What the page draws of all questions about a take, as JSON: what one would be, and how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.language import sentence
from studio.ui.words import Json, format_wait

if TYPE_CHECKING:
    from studio.session.questions import Offer
    from studio.session.side_jobs import SideJobView


def offer_view(offer: Offer) -> Json:
    """A question that can be asked, or why it cannot."""
    return {
        "take": offer.take, "problem": offer.problem, "wait": "" if offer.seconds is None else format_wait(offer.seconds)}


def question_view(question: SideJobView) -> Json:
    """The question that is being answered, or how the last one ended."""
    section = sentence("Section {number} of {count}: {doing}", number=question.number, count=question.count, doing=question.doing)
    return {
        "id": question.id,
        "take": question.take,
        "active": question.active,
        "state": question.state,
        "doing": section if question.state == "running" else question.doing,
        "progress": round(question.progress, 3),
        "message": question.message,
        "remedy": question.remedy,
    }
