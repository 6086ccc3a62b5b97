"""Measures how long steps and sections take, to estimate the time left."""

from __future__ import annotations

Size = tuple[int, int]


class Pace:
    """Running means of seconds per step and per decoded section, by picture size."""

    def __init__(self) -> None:
        self._step: dict[Size, float] = {}
        self._rest: dict[Size, float] = {}

    def stepped(self, size: Size, seconds: float) -> None:
        """Record that a denoising step took `seconds`."""
        self._step[size] = _mean(self._step.get(size), seconds)

    def finished(self, size: Size, seconds: float) -> None:
        """Record that decoding and writing a section took `seconds`."""
        self._rest[size] = _mean(self._rest.get(size), seconds)

    def measured(self, size: Size) -> tuple[float, float] | None:
        """Seconds of a step and of the rest of a section at a size; None before a section of it was finished."""
        return (self._step[size], self._rest[size]) if size in self._step and size in self._rest else None

    def left(self, size: Size, steps: int, sections: int, decoded: bool = False) -> float | None:
        """Seconds left for `steps` steps in `sections` sections, the first of which may be decoded already.

        None before anything was measured at this size.
        """
        if size not in self._step:
            return None
        # Until a section was decoded, three steps stand in for it: near enough on the models measured, and soon corrected.
        rest = self._rest.get(size, 3 * self._step[size])
        return self._step[size] * steps + rest * (sections - decoded)


def _mean(old: float | None, new: float) -> float:
    return new if old is None else 0.7 * old + 0.3 * new
