"""The films that are made to measure a model: which sections, from which pictures, with which prompts.

Photographs and scenes alternate, so that every move is filmed on both. Prompts are the world's captions, drawn from seeds that no
training uses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from studio.lab.measure.filming import HELD_OUT, Subject, photographs, scenes
from studio.lab.photographs import COLOURFUL
from studio.lab.world import CAMERAS, LIGHTS, SPEEDS, WEATHERS, Section, caption

MOVES_WITH_SPEED = ("left", "right", "up", "down", "in", "out")


@dataclass(frozen=True)
class Workload:
    """How much is measured."""

    speeds: Sequence[str]          # of pans and zooms
    pictures: int                  # photographs, and scenes, for every case
    alternate: bool                # each case on a photograph or on a scene only, alternately
    figures: int                   # scenes with a figure
    sections: int                  # of holds and stories
    nonsense: int                  # prompts without meaning
    clips: int                     # photographs in motion through the autoencoder
    timed_sections: int            # sections that are timed part by part; 0: only the films' own time


QUICK = Workload(("normal",), pictures=1, alternate=True, figures=1, sections=2, nonsense=1, clips=1, timed_sections=0)
FULL = Workload(SPEEDS, pictures=1, alternate=False, figures=2, sections=6, nonsense=4, clips=3, timed_sections=4)


@dataclass(frozen=True)
class Case:
    """A film to be made. What its last section asks for is what is measured."""

    expected: str                  # the move, light, weather or action
    script: tuple[Section, ...]    # with captions
    subject: Subject
    number: int

    @property
    def prompts(self) -> list[str]:
        """The captions of the sections."""
        return [section.caption for section in self.script]


def camera(workload: Workload) -> list[Case]:
    """Returns a case for every camera move, and for pans and zooms one at every speed."""
    moves = [Section(name, speed) for name in CAMERAS for speed in (workload.speeds if name in MOVES_WITH_SPEED else ("normal",))]
    return list(_cases(workload, [(move.camera, [move]) for move in moves], 1))


def light(workload: Workload) -> list[Case]:
    """Returns a case for every light, beginning in daylight; the case of daylight begins at night."""
    scripts = [(name, [Section(light="night")] * (name == "day") + [Section(light=name)]) for name in LIGHTS]
    return list(_cases(workload, [s for s in scripts if s[0] != "day" or not workload.alternate], 2))


def weather(workload: Workload) -> list[Case]:
    """Returns a case for every weather, beginning on a clear day; the case of clear weather begins in snow."""
    scripts = [(name, [Section(weather="snow")] * (name == "clear") + [Section(weather=name)]) for name in WEATHERS]
    return list(_cases(workload, [s for s in scripts if s[0] != "clear" or not workload.alternate], 3))


def _cases(workload: Workload, scripts: Sequence[tuple[str, Sequence[Section]]], kind: int) -> Iterator[Case]:
    photos = photographs(COLOURFUL)
    number = 0
    for round_ in range(workload.pictures):
        for at, (expected, script) in enumerate(scripts):
            scene = scenes(1, 100 * kind + round_ * len(scripts) + at)[0]
            photo = photos[(at + kind + round_) % len(photos)]
            pair = [photo, scene]
            for subject in [pair[(at + round_) % 2]] if workload.alternate else pair:
                yield Case(expected, with_captions(script, kind, number), subject, number)
                number += 1


def with_captions(script: Sequence[Section], kind: int, number: int) -> tuple[Section, ...]:
    """Returns the sections with captions from held-out draws, the same for the same `kind` and `number`."""
    rng = np.random.default_rng([HELD_OUT, kind, number])
    return tuple(_with_caption(section, rng) for section in script)


def _with_caption(section: Section, rng: np.random.Generator) -> Section:
    """Returns the section with a caption that is not empty: empty ones are measured as prompts without meaning."""
    text = caption(rng, section)
    while not text:
        text = caption(rng, section)
    return replace(section, caption=text)
