"""How fast this machine makes films: seconds and bytes of a section, measured and kept from one start to the next."""

from __future__ import annotations

import contextlib
import json
import math
import threading
from dataclasses import dataclass
from pathlib import Path

from studio.disk import atomic_write

Size = tuple[int, int]

NAME = ".rates.json"
KEEP = 0.7
"""Weight of what was known when something new is measured."""
LARGEST = 2**20
"""Bytes of the file, at most."""


@dataclass(frozen=True)
class Rate:
    """What a section of one model and size costs."""

    step: float                    # seconds of a denoising step
    rest: float                    # seconds of decoding and writing a section
    size: float                    # bytes of a section on the disk, snapshot and pictures shared out

    def seconds(self, steps: float) -> float:
        """Seconds of a section of so many steps."""
        return self.step * steps + self.rest


class Rates:
    """The rates of a machine by model and picture size, in a file. Safe for several threads."""

    def __init__(self, path: Path | None = None) -> None:
        """Read what is known from a file, and keep it there; None: it is forgotten at the end. A damaged file knows nothing."""
        self._path = path
        self._lock = threading.Lock()
        self._rates: dict[str, Rate] = _read(path) if path else {}

    def known(self, model: str) -> bool:
        """Whether a model was measured on this machine."""
        return any(key.startswith(f"{model} ") for key in self._rates)

    def record(self, model: str, size: Size, rate: Rate) -> None:
        """Take in what was measured. The rates stay in memory where the file cannot be written."""
        key = _key(model, size)
        with self._lock:
            old = self._rates.get(key)
            if old:
                pairs = zip((old.step, old.rest, old.size), (rate.step, rate.rest, rate.size), strict=True)
                rate = Rate(*(KEEP * was + (1 - KEEP) * now for was, now in pairs))
            self._rates[key] = rate
            if self._path:
                table = {name: [one.step, one.rest, one.size] for name, one in self._rates.items()}
                with contextlib.suppress(OSError), atomic_write(self._path) as temporary:
                    temporary.write_text(json.dumps(table), "utf-8")

    def rate(self, model: str, size: Size) -> Rate | None:
        """The rate of a model at a size; one of another size is taken by the number of pixels. None: the model was not measured."""
        with self._lock:
            if exact := self._rates.get(_key(model, size)):
                return exact
            others = [(key.split(" ")[1], rate) for key, rate in self._rates.items() if key.startswith(f"{model} ")]
        if not others:
            return None
        pixels = {name: math.prod(map(int, name.split("x"))) for name, _ in others}
        name, near = min(others, key=lambda other: abs(math.log(pixels[other[0]] / math.prod(size))))
        factor = math.prod(size) / pixels[name]
        return Rate(near.step * factor, near.rest * factor, near.size * factor)


def _key(model: str, size: Size) -> str:
    return f"{model} {size[0]}x{size[1]}"


def _read(path: Path) -> dict[str, Rate]:
    """The rates in a file; those that cannot be read are left out."""
    found: dict[str, Rate] = {}
    with contextlib.suppress(OSError, ValueError):
        if path.stat().st_size > LARGEST:
            return found
        table = json.loads(path.read_text("utf-8"))
        for key, numbers in table.items() if isinstance(table, dict) else ():
            name, _, size = str(key).rpartition(" ")
            sides = size.split("x")
            fine = isinstance(numbers, list) and len(numbers) == 3 and all(
                isinstance(n, int | float) and math.isfinite(n) and n >= 0 for n in numbers)
            if name and " " not in name and len(sides) == 2 and all(s.isdigit() and int(s) > 0 for s in sides) and fine:
                found[str(key)] = Rate(*map(float, numbers))
    return found
