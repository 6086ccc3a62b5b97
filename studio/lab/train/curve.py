"""A training run's numbers over its steps: a CSV file that grows, and a plot of one of its columns."""

from __future__ import annotations

import csv
from pathlib import Path

from studio.lab.plots import Line, Panel, save_plot


class Curve:
    """The numbers of all steps so far; `columns` are their names, `rows` their values."""

    def __init__(self, path: Path, last_step: int) -> None:
        """Open or begin the CSV file at `path`. Rows after `last_step` are dropped, for a resumed run makes them again."""
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = list(csv.reader(path.open())) if path.is_file() else []
        self.rows = [[float(cell) for cell in row] for row in rows[1:] if float(row[0]) <= last_step]
        self.columns = rows[0] if rows else []
        if rows:
            self._write()

    def add(self, **numbers: float) -> None:
        """Add a row to the file. The first row decides which columns there are; its first is the step."""
        self.columns = self.columns or list(numbers)
        self.rows.append([numbers[name] for name in self.columns])
        if len(self.rows) == 1:
            self._write()
        else:
            with self.path.open("a", newline="") as file:
                csv.writer(file).writerow(self.rows[-1])

    def _write(self) -> None:
        with self.path.open("w", newline="") as file:
            csv.writer(file).writerows([self.columns, *self.rows])

    def draw(self, column: str, smoothing: float = 0.95) -> None:
        """Plot one column, smoothed and with a logarithmic axis, as a PNG file beside the CSV. One row alone is not drawn."""
        if len(self.rows) < 2:
            return
        at = self.columns.index(column)
        values, smooth = [], self.rows[0][at]
        for row in self.rows:
            smooth = smoothing * smooth + (1 - smoothing) * row[at]
            values.append(max(smooth, 1e-9))
        title = f"{column}: {values[0]:.4g} -> {values[-1]:.4g}, {int(self.rows[-1][0])} steps"
        steps = [row[0] for row in self.rows]
        panel = Panel(title, [Line("", steps, values, color=5)], xlabel="step", log_y=True)
        save_plot(self.path.with_suffix(".png"), [panel], panel_size=(800, 400))
