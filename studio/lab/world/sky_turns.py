"""Wordings of light and weather that change from one to another, and of both in one breath or behind a camera move.

In "day turns into night" both times are named, and only the order tells which one is asked for. Few phrases of `sky_words` are so,
and a reader that saw few of them took the one for the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")

TIMES = {
    "day": ("day", "day", "daylight", "noon", "midday", "a bright day", "daytime", "full daylight", "full day", "broad day",
    "plain day"),
    "dawn": ("dawn", "morning", "sunrise", "daybreak", "early morning", "the first light", "first light", "a new morning",
    "the dawn"),
    "dusk": ("dusk", "evening", "sunset", "twilight", "sundown", "late evening", "the evening", "the dusk", "a red sunset"),
    "night": ("night", "night", "midnight", "a starry night", "darkness", "deep night", "a moonlit night", "nighttime", "the dark",
              "a dark night", "the night", "pitch darkness"),
}
"""The times of day by the light that they ask for."""
TINTS = {
    "warm": ("warm light", "golden light", "warm tones", "a warm glow", "warm", "amber light", "orange light", "warm colours"),
    "cold": ("cold light", "blue light", "icy tones", "a cold glow", "cold", "bluish light", "cool tones", "cold colours"),
    "bright": ("bright light", "dazzling light", "brightness", "glaring light", "brilliant light", "bright"),
    "lamp": ("lamplight", "candlelight", "the light of a lantern", "the glow of a lamp"),
}
"""Light of a colour or strength, in the same way."""
AIR = {
    "snow": ("snow", "snow", "falling snow", "a snowstorm", "snowfall", "a blizzard", "heavy snow"),
    "rain": ("rain", "rain", "a downpour", "drizzle", "pouring rain", "heavy rain", "showers"),
    "fog": ("fog", "mist", "haze", "thick fog", "dense fog", "a white mist"), "wind": ("wind", "a gale", "a strong wind", "gusts",
    "a stiff breeze"),
    "clear": ("sunshine", "blue sky", "a clear sky", "fine weather", "clear weather", "a clear blue sky", "dry weather",
    "clear air"),
}
"""Weather, in the same way."""
TURNS = (
    "{before} (turns|turns slowly|changes|fades|gives way|passes|shifts|melts) (into|to) {now}", "from {before} (to|into) {now}",
    "{before} becomes {now}", "the {before} becomes {now}", "(turn|change|make|transform|bring) (the|) {before} (into|to) {now}",
    "(we go|it goes|the light goes|time passes|we move|it changes|the mood shifts) from {before} to {now}",
    "{now} (follows|replaces|comes after) {before}",
    "{before} to {now}", "(after|instead of) {before} (comes|we see|it is|) {now}", "{before} is over, {now} (comes|begins)",
    "it was {before}, (now it is|then it becomes) {now}", "no longer {before} but {now}", "not {before} but {now}",
    "{before} (turning|fading|changing) (into|to) {now}", "{before} has (turned into|become|given way to) {now}",
    "(watch|see|let|make|have) {before} (turn|fade|change|melt|dissolve) (into|to) {now}",
    "(blend|fade|dissolve|cut|cross-fade|switch|go|jump|move on|change) from {before} (to|into) {now}",
    "{before} (dissolves|slides|slips|flows|merges|deepens|develops|wanes|ends|dies|sinks|tips over) into {now}",
    "{before} (yields|gives way|gives place|changes over|makes room) (to|for) {now}",
    "(time-lapse|timelapse|fast forward|transition|fade|time jump)(:| of| from|,) {before} (to|into) {now}",
    "goodbye {before}, hello {now}", "(first|at first) {before}, then {now}", "{before}, then {now}", "{before} -> {now}",
    "{before}-to-{now}", "{before} ... {now}", "{before} (ends|is gone|goes|is no more|has passed|passes|stops) and {now} (comes|"
    "begins|takes its place|takes over|arrives|follows|sets in)", "{now} (takes over from|drives out|swallows|chases away|"
    "dissolves|wins over|sweeps away|comes in place of|supersedes) {before}",
    "(swap|exchange|replace|trade) {before} (for|with|by) {now}", "as {before} (becomes|turns into|turns to|fades into) {now}",
    "when {before} becomes {now}", "{before} is replaced (by|with) {now}", "{before} slowly (becomes|turns into|fades into) {now}",
    "out of {before} into {now}", "enough {before}, now {now}", "{before} is (done|over|finished|past), (now |)(it is |it's |"
    "make it |)(time for |){now}",
)
"""Sentences in which what was before and what is asked for are named."""
SKIES = {
    "snow": ("snowy", "snow-filled", "wintry, snowing", "snowing", "blizzardy"), "rain": ("rainy", "wet, rainy", "rain-soaked",
    "drizzly", "rain-swept", "pouring wet", "showery"),
    "fog": ("foggy", "misty", "hazy", "fog-bound", "mist-covered", "fogged-in"), "wind": ("windy", "breezy", "gusty", "wind-swept",
    "blustery"),
}
"""What weather is said of a time of day."""
HOURS = {
    "day": ("day in full daylight", "noon", "midday", "afternoon in full daylight"), "dawn": ("morning", "dawn", "sunrise",
    "daybreak", "early morning"),
    "dusk": ("evening", "dusk", "sunset", "twilight"), "night": ("night", "night", "midnight"),
}
"""The times of day that weather is said of."""
FORMS = ("a {sky} {hour}", "{sky} {hour}", "on a {sky} {hour}", "it is a {sky} {hour}", "the {hour} is {sky}", "one {sky} {hour}",
         "it becomes a {sky} {hour}", "{hour}, {sky}", "{sky}, {hour}", "make it a {sky} {hour}", "{sky} {hour} {place}",
         "a {sky} {hour} over the {thing}", "the {thing} on a {sky} {hour}", "turn it into a {sky} {hour}",
         "a {sky} and quiet {hour}", "a {kind}, {sky} {hour}", "{who} on a {sky} {hour}", "this {sky} {hour}",
         "in the {sky} {hour}", "a {sky} {hour} (begins|comes|starts)", "the scene on a {sky} {hour}", "such a {sky} {hour}",
         "a dark, {sky} {hour}", "another {sky} {hour}", "{hour} scene, {sky}")
LIGHT_BEHIND = {
    "day": ("in broad daylight", "at noon", "by day", "in full daylight", "into daylight", "at midday"), "dawn": ("at dawn",
    "at sunrise", "in the early morning", "into the sunrise", "at daybreak", "in the first light", "in the morning light"),
    "dusk": ("at dusk", "at sunset", "in the evening", "into the sunset", "at twilight", "in the evening light"), "night":
    ("at night", "in the dark", "through the night", "by night", "into the night", "under the stars", "at midnight",
    "in the middle of the night", "in the night"),
    "lamp": ("by lamplight", "by candlelight", "in the glow of a lamp", "in the light of a lantern", "lit by a single candle",
    "under a burning lamp"), "flicker": ("in flickering light", "under a flickering bulb", "by flickering candlelight",
    "in the flicker of a fire", "under blinking neon", "while the lights flicker"),
    "warm": ("in warm light", "in golden light", "in a warm glow", "in warm tones", "in amber light"), "cold": ("in cold light",
    "in blue light", "in icy tones", "in a cold blue glow", "in chilly blue light"), "bright": ("in bright light",
    "in dazzling light", "in glaring light", "in brilliant light", "flooded with light"),
}
"""Light that is named behind a move, a scene or weather."""
WEATHER_BEHIND = {
    "snow": ("in the snowfall", "through the falling snow", "in a snowstorm", "in a blizzard", "with snow falling",
    "while it snows", "in falling snow", "as snow falls", "into the snowstorm", "amid snowflakes", "under heavy snowfall",
    "in driving snow"),
    "rain": ("in the rain", "through the rain", "in pouring rain", "under heavy rain", "with rain falling", "while it rains",
    "as rain falls", "in a downpour", "into the rain", "in the drizzle", "in the pouring rain", "during a shower"),
    "fog": ("in the fog", "through the fog", "into the mist", "in thick fog", "in the mist", "through drifting mist",
    "into the fog", "with fog rolling in", "as fog rolls in", "in a haze", "as mist rises"),
    "wind": ("in the wind", "in a gale", "with the wind blowing", "while the wind blows", "in a strong breeze", "against the wind",
    "as gusts shake the {thing}", "in the storm wind", "as a breeze stirs the leaves"),
    "clear": ("as the sky clears", "as the rain stops", "while the fog lifts", "as the clouds part", "as it stops snowing",
    "after the rain has stopped", "under a clearing sky"),
}
"""Weather that is named behind a move, a scene or light."""


def turn(rng: np.random.Generator, light: str) -> str:
    """A sentence in which another light turns into `light`, a key of `TIMES` or `TINTS`; its brackets are not resolved yet."""
    states = TIMES if light in TIMES and rng.random() < 0.85 else TIMES | TINTS
    before = [word for name in states if name != light for word in states[name]]
    if light in ("dusk", "night"):
        before += ["the afternoon", "afternoon", "the day", "the long day"]
    return _turned(rng, before, (TIMES | TINTS)[light])


def turn_of_weather(rng: np.random.Generator, weather: str) -> str:
    """A sentence in which other weather turns into `weather`, a key of `AIR`; its brackets are not resolved yet."""
    return _turned(rng, [word for name in AIR if name != weather for word in AIR[name]], AIR[weather])


def _turned(rng: np.random.Generator, before: Sequence[str], now: Sequence[str]) -> str:
    sentence = draw_one(rng, TURNS).replace("{before}", draw_one(rng, before)).replace("{now}", draw_one(rng, now))
    for article in ("a ", "the "):
        sentence = sentence.replace(f"the {article}", article).replace(f"(the|) {article}", article)
    return sentence


def hour(rng: np.random.Generator, light: str, weather: str) -> str:
    """A time of day with its weather, as in "a foggy morning". The keys are those of `HOURS` and `SKIES`."""
    return draw_one(rng, FORMS).replace("{sky}", draw_one(rng, SKIES[weather])).replace("{hour}", draw_one(rng, HOURS[light]))


def draw_one(rng: np.random.Generator, choices: Sequence[T]) -> T:
    """One of the choices, each as likely as the others."""
    return choices[int(rng.integers(len(choices)))]
