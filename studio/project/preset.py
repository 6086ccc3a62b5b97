"""Presets: named settings in small TOML files. It knows neither the models they are for nor who lists them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.project import limits
from studio.project.limits import EditError
from studio.project.model import Settings

PRESETS = Path(__file__).parents[2] / "presets"
USUAL = 8


class PresetError(Exception):
    """A preset file cannot be used; the message names file and key."""


@dataclass(frozen=True)
class Preset:
    """Named settings. `steps` are those of a model whose own number is 8; `guidance` None: the model's own.

    `cache` is for models that can skip blocks between steps; 0: none is skipped.
    """

    name: str
    title: str
    description: str
    steps: int
    guidance: float | None = None
    cache: float = 0.0

    def settings(self, steps: int, guidance: float, skips: bool = False) -> Settings:
        """The settings it stands for on a model whose own steps and guidance are these: more steps in proportion.

        `skips`: the model can skip blocks between steps.
        """
        wanted = max(1, round(self.steps * steps / USUAL))
        return Settings(self.name, wanted, guidance if self.guidance is None else self.guidance, self.cache if skips else 0.0)


def read_preset(path: Path) -> Preset:
    """The preset in `path`, named as the file is.

    Raises:
        PresetError: the file cannot be read, or a key is missing, unknown or of the wrong kind.
    """
    try:
        table: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise PresetError(f"{path} cannot be read: {error}") from None
    if strangers := sorted(set(table) - {"title", "description", "steps", "guidance", "cache"}):
        raise PresetError(f"{path}: unknown key '{strangers[0]}'. A preset has title, description, steps, guidance and cache.")
    for key in ("title", "description"):
        if not isinstance(table.get(key), str) or not table[key].strip():
            raise PresetError(f"{path}: '{key}' is missing or not a text.")
    try:
        steps = limits.steps(table.get("steps"))
        guidance = limits.guidance(table["guidance"]) if "guidance" in table else None
        cache = limits.cache(table.get("cache", 0.0))
    except EditError as error:
        raise PresetError(f"{path}: {error}") from None
    return Preset(path.stem, table["title"], table["description"], steps, guidance, cache)


def find_presets(folder: Path = PRESETS) -> tuple[Preset, ...]:
    """The presets in `folder`, quickest first.

    Raises:
        PresetError: one of them cannot be used.
    """
    return tuple(sorted(map(read_preset, folder.glob("*.toml")), key=lambda preset: (preset.steps, preset.name)))
