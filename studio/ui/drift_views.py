"""What the page draws of a film's drift, as JSON: lines over the takes, and what they mean in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from studio.language import sentence
from studio.project.model import Project
from studio.project.retries import MEASURES, MOST, THRESHOLDS
from studio.ui.words import Json

if TYPE_CHECKING:
    from studio.session.drift import Suggestion, TakeDrift

READING = sentence(
    "Each line compares the takes with the first one of their shot. Light, weather or a zoom that a prompt asks for (✎) moves them "
    "too and is no drift; drift creeps from take to take.")
EDGES = sentence(
    "Without an image encoder, edges stand in for identity: where they lie and which way they run, not who is seen.")
MEASURE_NAMES = {
    "sharpness": sentence("sharpness"), "contrast": sentence("contrast"), "palette": sentence("palette"),
    "identity": sentence("identity"),
}


def retries_view(project: Project) -> Json:
    """How often a take is made again by itself, and when. The threshold is a share."""
    known = project.retries
    return {"times": known.times, "measure": known.measure, "threshold": known.threshold, "most": MOST,
            "measures": [{"key": key, "name": MEASURE_NAMES[key]} for key in MEASURES], "bounds": list(THRESHOLDS)}


def drift_view(rows: Sequence[TakeDrift], suggestion: Suggestion | None, encoder: str, problem: str) -> Json:
    """The lines of the plot, a point for each take, and the suggested take to rewind to.

    Args:
        rows: the takes.
        suggestion: the take to rewind to, if there is one.
        encoder: the name of the artist's image encoder; "": there is none.
        problem: why one that is there is not used, in a sentence.
    """
    return {
        "lines": [
            {"key": "sharpness", "name": sentence("Sharpness"), "about": sentence("Fine detail beside coarse")},
            {"key": "contrast", "name": sentence("Contrast"), "about": sentence("Spread of the lightness")},
            {"key": "palette", "name": sentence("Palette"), "about": sentence("Share of colours in common")},
            {"key": "identity", "name": sentence("Identity"), "about": sentence("Likeness by {encoder}", encoder=encoder)}
            if encoder else {"key": "identity", "name": sentence("Edges"), "about": EDGES},
        ],
        "rows": [asdict(row) for row in rows],
        "suggestion": asdict(suggestion) if suggestion else None,
        "reading": READING,
        "problem": problem,
    }
