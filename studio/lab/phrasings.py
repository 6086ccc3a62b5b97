"""Free phrasings written by hand, and what each asks for: what a reader of words is measured with, and never trained on."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.backbones.animatic.words import Wish

PHRASINGS = Path(__file__).parents[2] / "tests" / "lab" / "phrasings.toml"
FOR_CHOOSING = PHRASINGS.with_name("phrasings_for_choosing.toml")
"""Phrasings with which a reader is chosen among trainings and settings, so that what it reads right of them says too much."""
BY_A_STRANGER = PHRASINGS.with_name("phrasings_by_a_stranger.toml")
"""Phrasings by one who had not seen the project."""


@dataclass(frozen=True)
class Phrasing:
    """A phrasing, and what it asks for: the answers of which each is right."""

    words: str
    kind: str                      # "wish", or what asks for nothing: "scene", "wind" or "nonsense"
    camera: tuple[str, ...]
    speed: tuple[str, ...]
    eased: bool
    light: tuple[str, ...]
    weather: tuple[str, ...]

    def fits(self, wish: Wish) -> bool:
        """Whether a wish is what this phrasing asks for."""
        return (wish.camera in self.camera and wish.speed in self.speed and wish.eased == self.eased
                and wish.light in self.light and wish.weather in self.weather)


def read_phrasings(path: Path = PHRASINGS) -> list[Phrasing]:
    """The phrasings in a file.

    Raises:
        ValueError: the file cannot be read.
    """
    try:
        groups = tomllib.loads(path.read_text("utf-8"))["group"]
    except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path} holds no phrasings ({error}). They come with the repository's tests.") from error
    return [phrasing for group in groups for phrasing in _phrasings(group)]


def _phrasings(group: dict[str, Any]) -> Iterator[Phrasing]:
    """The phrasings of one group."""
    def right(name: str, nothing: str) -> tuple[str, ...]:
        answer = group.get(name, nothing)
        return tuple(answer) if isinstance(answer, list) else (answer,)

    for words in group["words"]:
        yield Phrasing(words, group.get("kind", "wish"), right("camera", "hold"), right("speed", "normal"),
                       group.get("eased", False), right("light", ""), right("weather", ""))
