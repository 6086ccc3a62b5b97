"""Words by which a prompt asks for another look: light, weather and zooms. What they bring about is no drift.

This is no understanding of language: known English words are looked up. A prompt that says the same in other words is not noticed.
"""

from __future__ import annotations

import re

from studio.project.model import Project, Take
from studio.project.words import words_of

_WORD = re.compile(r"[a-z]+")

LIGHT = frozenset(_WORD.findall("""
    night nightfall midnight dusk dawn twilight sunset sunrise morning noon midday afternoon evening daylight daytime
    sun sunny moon moonlight moonlit star stars starlight light lights lit lamp lamps lamplight lantern lanterns candle
    candlelight fire firelight flame flames flash flashes flicker flickers flickering glow glows glowing neon shadow
    shadows shade dark darker darkness darkens dim dims dimmer bright brighter brightens pale golden warm warmer cold
    colder cool cooler grey gray silver black white colour colours color colors colourful colorful contrast faded fades
    exposure overexposed silhouette silhouettes
"""))
"""Words of light and colour."""
WEATHER = frozenset(_WORD.findall("""
    weather fog foggy mist misty haze hazy smoke smoky dust dusty snow snows snowing snowy snowfall blizzard rain rains
    raining rainy drizzle shower storm stormy thunder thunderstorm lightning cloud clouds cloudy overcast clear clears
    hail sandstorm
"""))
"""Words of the weather."""
ZOOM = frozenset(_WORD.findall("""
    zoom zooms zooming dolly dollies closer closeup macro approach approaches push pushes pull pulls away blur blurs
    blurry blurred bokeh focus defocus defocused soft softer
"""))
"""Words of moves and lenses that change how fine the detail is."""


def asked_looks(project: Project, take: Take) -> tuple[str, ...]:
    """The words of light and weather that a take is asked for and the take before it was not, in the order of the alphabet."""
    return _new(project, take, LIGHT | WEATHER)


def asked_zooms(project: Project, take: Take) -> tuple[str, ...]:
    """The same for moves and lenses."""
    return _new(project, take, ZOOM)


def _new(project: Project, take: Take, known: frozenset[str]) -> tuple[str, ...]:
    before = _words(project.takes[take.parent]) if take.parent else set()
    return tuple(sorted((_words(take) - before) & known))


def _words(take: Take) -> set[str]:
    said = words_of(take)
    return set(_WORD.findall(f"{said.prompt} {said.style}".lower()))
