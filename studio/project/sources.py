"""The artist's files that a film is made with, named by their content: pictures, videos, sounds, LoRAs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from studio.project.unknown_fields import no_fields


@dataclass(frozen=True)
class Lora:
    """A LoRA on a segment: a file on the studio's shelf, named by its content, and its strength."""

    name: str                     # as the artist's file was called
    sha256: str
    strength: float = 1.0
    unknown: Mapping[str, Any] = field(default_factory=no_fields, compare=False)


@dataclass(frozen=True)
class Reference:
    """The reference image: a file in the project's folder, named by its content."""

    file: str                     # relative to the project folder
    sha256: str
    width: int
    height: int
    name: str = ""                # as the artist's file was called
    unknown: Mapping[str, Any] = field(default_factory=no_fields, compare=False)


@dataclass(frozen=True)
class Video:
    """A video of the artist's: a file in the project's folder, named by its content."""

    file: str                     # relative to the project folder
    sha256: str
    seconds: float                # that it lasts
    name: str = ""                # as the artist's file was called
    unknown: Mapping[str, Any] = field(default_factory=no_fields, compare=False)


@dataclass(frozen=True)
class Sound:
    """A sound that is heard with the film: a file in the project's folder, named by its content."""

    file: str                     # relative to the project folder
    sha256: str
    seconds: float                # that it lasts
    name: str                     # as the artist's file was called
    offset: float = 0.0           # seconds of the film at which it begins; negative: the film begins so far into it
    gain: float = 0.0             # decibels by which it is made louder
    source: str = ""              # SHA-256 of the artist's file, of which `file` is a copy coded anew; "": not known
    unknown: Mapping[str, Any] = field(default_factory=no_fields, compare=False)
