"""What is filmed to measure a model: which sections from which pictures, in which words. It films nothing itself.

Photographs and scenes take turns, so that every move is seen on both; words come from the world's captions, from seeds that no
training draws.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from studio.lab.measure.filming import HELD_OUT, Subject, photographs, scenes
from studio.lab.photographs import COLOURFUL
from studio.lab.world import CAMERAS, LIGHTS, SPEEDS, WEATHERS, Section, caption

PACED = ("left", "right", "up", "down", "in", "out")


@dataclass(frozen=True)
class Scale:
    """How much is measured."""

    speeds: Sequence[str]          # of pans and zooms
    pictures: int                  # photographs and scenes of every camera case, of each kind
    turns: bool                    # each case on one kind only, in turns
    figures: int                   # scenes with a figure
    sections: int                  # of holds and stories
    nonsense: int
    clips: int                     # photographs in motion through the autoencoder
    timed: int                     # sections of the timing, 0: only the films' own time


QUICK = Scale(("normal",), pictures=1, turns=True, figures=1, sections=2, nonsense=1, clips=1, timed=0)
FULL = Scale(SPEEDS, pictures=1, turns=False, figures=2, sections=6, nonsense=4, clips=3, timed=4)


@dataclass(frozen=True)
class Case:
    """A film to be made: what its last section asks for is what is looked at."""

    asked: str
    script: tuple[Section, ...]    # with captions
    subject: Subject
    number: int

    @property
    def prompts(self) -> list[str]:
        return [section.caption for section in self.script]


def camera(scale: Scale) -> list[Case]:
    """Every move, pans and zooms at every speed."""
    moves = [Section(name, speed) for name in CAMERAS for speed in (scale.speeds if name in PACED else ("normal",))]
    return list(_cases(scale, [(move.camera, [move]) for move in moves], 1))


def light(scale: Scale) -> list[Case]:
    """Every light from daylight; the way back to daylight from night."""
    scripts = [(name, [Section(light="night")] * (name == "day") + [Section(light=name)]) for name in LIGHTS]
    return list(_cases(scale, [s for s in scripts if s[0] != "day" or not scale.turns], 2))


def weather(scale: Scale) -> list[Case]:
    """Every weather from a clear day; clear weather after snow."""
    scripts = [(name, [Section(weather="snow")] * (name == "clear") + [Section(weather=name)]) for name in WEATHERS]
    return list(_cases(scale, [s for s in scripts if s[0] != "clear" or not scale.turns], 3))


def _cases(scale: Scale, scripts: Sequence[tuple[str, Sequence[Section]]], kind: int) -> Iterator[Case]:
    photos = photographs(COLOURFUL)
    number = 0
    for round_ in range(scale.pictures):
        for at, (asked, script) in enumerate(scripts):
            drawn = scenes(1, 100 * kind + round_ * len(scripts) + at)[0]
            photo = photos[(at + kind + round_) % len(photos)]
            pair = [photo, drawn]
            for subject in [pair[(at + round_) % 2]] if scale.turns else pair:
                yield Case(asked, worded(script, kind, number), subject, number)
                number += 1


def worded(script: Sequence[Section], kind: int, number: int) -> tuple[Section, ...]:
    """The sections with captions: held-out draws, the same for the same numbers."""
    rng = np.random.default_rng([HELD_OUT, kind, number])
    return tuple(_said(section, rng) for section in script)


def _said(section: Section, rng: np.random.Generator) -> Section:
    """A caption that says something, where something happens: an empty one is the nonsense prompts' business."""
    words = caption(rng, section)
    while not words:
        words = caption(rng, section)
    return replace(section, caption=words)
