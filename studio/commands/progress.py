"""Progress of a command: a bar on a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
from types import TracebackType

from tqdm import tqdm

PARTS = 10
"""A log gets a line for each tenth of the work, and for each new description."""


class Progress:
    """Shows how much of a known amount of work is done, on standard error.

    On a terminal it is tqdm's bar with the time left. Elsewhere (a log file, a pipe) a bar would write the same line twice a
    second, so a line is written only when the description changes or another tenth is done.
    """

    def __init__(self, total: int, done: int = 0, unit: str = "step", scale: bool = False) -> None:
        """
        Args:
            total: the amount of work; 0: nothing is shown.
            done: of it, before the command began.
            unit: that it is counted in.
            scale: whether to write amounts as thousands and millions (1.2M).
        """
        self.total = total
        self.done = done
        self._unit = unit
        self._scale = scale
        self._bar: tqdm[None] | None = None
        self._last: tuple[str, int] | None = None
        if total and sys.stderr.isatty():
            self._bar = tqdm(
                total=total, initial=done, unit=unit, unit_scale=scale, dynamic_ncols=True, file=sys.stderr, leave=not scale
            )

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, done: int, description: str) -> None:
        """Show that `done` of the work is done, and what is being done now. The shown amount never goes back."""
        self.done = max(self.done, min(done, self.total))
        if self._bar is not None:
            self._bar.set_description(description, refresh=False)
            self._bar.n = self.done
            self._bar.refresh()
        elif self.total and (now := (description, PARTS * self.done // self.total)) != self._last:
            self._last = now
            self._line(f"{description}: {self._amount(self.done)} of {self._amount(self.total)} {self._unit}s")

    def write(self, line: str) -> None:
        """Write a line that stays, above the bar."""
        if self._bar is not None:
            self._bar.write(line, file=sys.stderr)
        else:
            self._line(line)

    def _amount(self, count: int) -> str:
        return tqdm.format_sizeof(count) if self._scale else str(count)

    @staticmethod
    def _line(line: str) -> None:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
