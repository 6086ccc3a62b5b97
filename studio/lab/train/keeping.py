"""What every training run keeps: its recipe, its checkpoints, its average weights and its curve. It knows no model."""

from __future__ import annotations

import csv
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import torch
from PIL import Image, ImageDraw
from torch import Tensor, nn

from studio.disk import atomic_write

R = TypeVar("R")


class RecipeError(Exception):
    """A recipe cannot be used: the message names file and key."""


def read_recipe(path: Path, kind: type[R]) -> R:
    """The recipe in `path` as a `kind` (a dataclass).

    Raises:
        RecipeError: a key is unknown or missing.
    """
    table = tomllib.loads(path.read_text("utf-8"))
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    if strangers := sorted(set(table) - names):
        raise RecipeError(f"{path}: unknown key '{strangers[0]}'; known are {', '.join(sorted(names))}.")
    try:
        return kind(**table)
    except TypeError as error:
        raise RecipeError(f"{path}: {error}") from None


class Average:
    """Exponential moving average of parameters and buffers, with a warm-up so that early averages do not lag."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self.count = 0
        self.weights = {name: tensor.detach().clone().float() for name, tensor in module.state_dict().items()}

    @torch.no_grad()
    def follow(self, module: nn.Module) -> None:
        """Move a little towards the module's present weights."""
        self.count += 1
        pace = 1 - min(self.decay, (1 + self.count) / (10 + self.count))
        for name, tensor in module.state_dict().items():
            self.weights[name].lerp_(tensor.float(), pace)

    def state(self) -> dict[str, Any]:
        return {"count": self.count, "weights": self.weights}

    def restore(self, state: dict[str, Any]) -> None:
        self.count, self.weights = state["count"], state["weights"]

    def lend(self, module: nn.Module) -> dict[str, Tensor]:
        """Put the average into `module`; returns what was there, to be loaded back."""
        own = {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}
        module.load_state_dict(self.weights)
        return own


def save(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint so that a crash leaves the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as temporary:
        torch.save(state, temporary)


def restore(path: Path) -> dict[str, Any] | None:
    """The checkpoint in `path`, or None."""
    if not path.is_file():
        return None
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state


class Curve:
    """A run's numbers over its steps: a CSV that grows, and a picture of it."""

    def __init__(self, path: Path, begin: int) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = list(csv.reader(path.open())) if path.is_file() else []
        self.rows = [[float(cell) for cell in row] for row in rows[1:] if float(row[0]) <= begin]
        self.head = rows[0] if rows else []
        if rows:
            self._write()

    def add(self, **numbers: float) -> None:
        self.head = self.head or list(numbers)
        self.rows.append([numbers[name] for name in self.head])
        if len(self.rows) == 1:
            self._write()
        else:
            with self.path.open("a", newline="") as file:
                csv.writer(file).writerow(self.rows[-1])

    def _write(self) -> None:
        with self.path.open("w", newline="") as file:
            csv.writer(file).writerows([self.head, *self.rows])

    def draw(self, column: str, smooth: float = 0.95) -> None:
        """A picture of one column (logarithmic) beside the CSV."""
        at = self.head.index(column)
        values, kept = [], 0.0
        for index, row in enumerate(self.rows):
            kept = row[at] if index == 0 else smooth * kept + (1 - smooth) * row[at]
            values.append(max(kept, 1e-9))
        if len(values) < 2:
            return
        logs = torch.tensor(values).log()
        low, high = float(logs.min()), float(logs.max()) + 1e-6
        picture = Image.new("RGB", (800, 400), "white")
        points = [(40 + 740 * i / (len(values) - 1), 380 - 350 * (float(v) - low) / (high - low)) for i, v in enumerate(logs)]
        pen = ImageDraw.Draw(picture)
        pen.line(points, fill="black", width=2)
        pen.text((45, 5), f"{column}: {values[0]:.4g} -> {values[-1]:.4g}, {int(self.rows[-1][0])} steps", fill="black")
        picture.save(self.path.with_suffix(".png"))
