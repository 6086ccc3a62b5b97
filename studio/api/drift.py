"""The functions that are about how a film drifts, and when a take is made again by itself because of that."""

from __future__ import annotations

from studio.api.calls import Calls
from studio.api.keeping_values import Drift
from studio.api.values import Film
from studio.project.model import Measure
from studio.session.drift import drift_of


class DriftCalls(Calls):
    """Functions on a film's drift."""

    def drift(self, film: str) -> Drift:
        """Compare each take of the current branch with the first one of its shot, and tell where to rewind to if it creeps.

        Takes that were not measured before are measured now.

        Returns:
            The drift.
        """
        with self._answering(film) as session:
            rows, suggestion = drift_of(session.project, session.looks)
            identity = session.looks.identity
            return {
                "takes": [
                    {"take": row.take, "index": row.segment - 1, "sharpness": row.sharpness, "contrast": row.contrast,
                     "palette": row.palette, "identity": row.identity, "reference": row.reference, "cut": row.cut,
                     "asked": list(row.asked), "zoomed": list(row.zoomed), "problem": row.problem}
                    for row in rows],
                "rewind": None if suggestion is None else {
                    "take": suggestion.take, "index": suggestion.segment - 1, "sentence": suggestion.sentence},
                "encoder": identity.name, "problem": identity.problem,
            }  # fmt: skip

    def set_retries(
        self, film: str, times: int | None = None, measure: Measure | None = None, threshold: float | None = None
    ) -> Film:
        """Let a take that has drifted be made again by itself with other seeds; the best is kept. What is null stays.

        Args:
            times: how often at most, from 0 (takes stay as they come) to 4.
            measure: by which it is judged.
            threshold: the share of its shot's first take below which it is made again, from 0.5 to 0.99.
        """
        return self._change(film, "set_retries", times=times, measure=measure, threshold=threshold)
