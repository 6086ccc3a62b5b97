"""What is accepted of a film's sound and of its markers."""

from __future__ import annotations

from collections.abc import Iterable

OFFSET = (-1200.0, 7200.0)
"""Seconds of the film at which its sound may begin."""
GAIN = (-40.0, 12.0)
"""Decibels."""
LONGEST = 1200.0
"""Seconds that are kept of a sound."""
MARKERS = 400
"""At most."""
APART = 0.05
"""Seconds between two markers, at least: nobody places two in one place."""


def known_markers(markers: Iterable[float]) -> tuple[float, ...]:
    """Markers in order, to the thousandth of a second, without those that are out of range or too near to the one before."""
    kept: list[float] = []
    for marker in sorted(round(m, 3) for m in markers if 0 < m <= OFFSET[1]):
        if len(kept) < MARKERS and (not kept or marker - kept[-1] >= APART):
            kept.append(marker)
    return tuple(kept)
