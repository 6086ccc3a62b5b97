"""Wordings of light that changes from one time of day to another, and of a time of day and its weather in one breath.

In "day turns into night" both times are named, and only the order tells which one is asked for. Few phrases of `sky_words` are so,
and a reader that saw few of them took the one for the other.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

TIMES = {
    "day": ("day", "day", "daylight", "noon", "midday", "a bright day", "daytime", "full daylight"),
    "dawn": ("dawn", "morning", "sunrise", "daybreak", "early morning", "the first light", "first light"),
    "dusk": ("dusk", "evening", "sunset", "twilight", "sundown", "late evening", "the evening"),
    "night": ("night", "night", "midnight", "a starry night", "darkness", "deep night", "a moonlit night", "nighttime"),
}
"""The times of day by the light that they ask for."""
TURNS = (
    "{before} (turns|turns slowly|changes|fades|gives way|passes|shifts|melts) (into|to) {now}", "from {before} (to|into) {now}",
    "{before} becomes {now}", "the {before} becomes {now}", "(turn|change|make|transform|bring) (the|) {before} (into|to) {now}",
    "(we go|it goes|the light goes|time passes|we move) from {before} to {now}", "{now} (follows|replaces|comes after) {before}",
    "{before} to {now}", "(after|instead of) {before} (comes|we see|it is|) {now}", "{before} is over, {now} (comes|begins)",
    "it was {before}, (now it is|then it becomes) {now}", "no longer {before} but {now}", "not {before} but {now}",
    "{before} (turning|fading|changing) (into|to) {now}", "{before} has (turned into|become|given way to) {now}",
)
"""Sentences in which the light before and the light that is asked for are named."""
SKIES = {
    "snow": ("snowy", "snow-filled", "wintry, snowing"), "rain": ("rainy", "wet, rainy", "rain-soaked", "drizzly"),
    "fog": ("foggy", "misty", "hazy", "fog-bound"), "wind": ("windy", "breezy", "gusty"),
}
"""What weather is said of a time of day."""
HOURS = {
    "day": ("day", "noon", "midday", "afternoon in full daylight"), "dawn": ("morning", "dawn", "sunrise", "daybreak"),
    "dusk": ("evening", "dusk", "sunset", "twilight"), "night": ("night", "midnight"),
}
"""The times of day that weather is said of."""
FORMS = ("a {sky} {hour}", "{sky} {hour}", "on a {sky} {hour}", "it is a {sky} {hour}", "the {hour} is {sky}", "one {sky} {hour}",
         "it becomes a {sky} {hour}", "{hour}, {sky}", "{sky}, {hour}")


def turn(rng: np.random.Generator, light: str) -> str:
    """A sentence in which another time of day turns into `light`, a key of `TIMES`; alternatives in brackets are not drawn yet."""
    others = [name for name in TIMES if name != light]
    sentence = draw_one(rng, TURNS).replace("{before}", draw_one(rng, TIMES[draw_one(rng, others)]))
    return sentence.replace("{now}", draw_one(rng, TIMES[light])).replace("the a ", "the ").replace("(the|) a ", "a ")


def hour(rng: np.random.Generator, light: str, weather: str) -> str:
    """A time of day with its weather, as in "a foggy morning". The keys are those of `HOURS` and `SKIES`."""
    return draw_one(rng, FORMS).replace("{sky}", draw_one(rng, SKIES[weather])).replace("{hour}", draw_one(rng, HOURS[light]))


def draw_one(rng: np.random.Generator, choices: Sequence[str]) -> str:
    """One of the choices, each as likely as the others."""
    return choices[int(rng.integers(len(choices)))]
