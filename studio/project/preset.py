"""Presets: named settings in small TOML files, the same for all models."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import Field

from studio.language import sentence
from studio.project import limits
from studio.project.limits import EditError
from studio.project.model import RenderSettings
from studio.tables import checked, parse, read_toml, table

PRESETS = Path(__file__).parents[2] / "presets"
USUAL = 8
"""Steps of the model that the presets' `steps` are written for."""


class PresetError(Exception):
    """A preset file cannot be used; the message names file and key."""


def _steps(value: object) -> float:
    return limits.within((0.05, 200), value, sentence("The number of steps"))


@table
class Preset:
    """Named settings, for every model."""

    name: str
    title: Annotated[str, Field(pattern=r"\S", description=sentence("a text"))]
    description: Annotated[str, Field(pattern=r"\S", description=sentence("a text"))]
    steps: Annotated[float, checked(_steps, EditError)]
    """Denoising steps on a model whose own number is 8; a fraction where that gives a whole number on another one."""
    guidance: Annotated[float, checked(limits.guidance, EditError)] | None = None
    """None: the model's own."""
    cache: Annotated[float, checked(limits.cache, EditError)] = 0.0
    """Threshold of the step cache, for models that can skip blocks between steps; 0: none is skipped."""
    cache_rule: Annotated[str, checked(limits.cache_rule, EditError)] = RenderSettings.cache_rule
    """By which rule they are skipped."""

    def settings(self, steps: int, guidance: float, rules: Collection[str] = ()) -> RenderSettings:
        """The preset's settings for one model.

        Args:
            steps: the model's own; the preset's are multiplied by `steps` / 8.
            guidance: the model's own.
            rules: by which the model can skip blocks between steps.
        """
        wanted = max(1, round(self.steps * steps / USUAL))
        settings = RenderSettings(self.name, wanted, guidance if self.guidance is None else self.guidance)
        fits = self.cache and self.fits(rules)
        return replace(settings, cache=self.cache, cache_rule=self.cache_rule) if fits else settings

    def fits(self, rules: Collection[str]) -> bool:
        """Whether a model that can skip blocks by these rules can do what the preset asks for."""
        return not self.cache or self.cache_rule in rules


def read_preset(path: Path) -> Preset:
    """The preset in `path`, named as the file is.

    Raises:
        PresetError: the file cannot be read, or a key is missing, unknown or of the wrong kind.
    """
    return parse(read_toml(path, PresetError), Preset, str(path), PresetError, name=path.stem)


def find_presets(folder: Path = PRESETS) -> tuple[Preset, ...]:
    """The presets in `folder`, quickest first.

    Raises:
        PresetError: one of them cannot be used.
    """
    return tuple(sorted(map(read_preset, folder.glob("*.toml")), key=lambda preset: (preset.steps, preset.name)))
