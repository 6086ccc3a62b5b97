"""What happens in a random film: moves that often come back to where they were, light, weather and a figure's doings. No pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from studio.lab.world.camera import ZOOMS
from studio.lab.world.captions import caption
from studio.lab.world.section import ACTIONS, CAMERAS, FRAMES, LIGHTS, OPPOSITE, SPEEDS, ScriptError, Section
from studio.lab.world.weather import FALLING

REVISITS = 0.65
"""Share of films of three sections or more that are planned to come back to where they were."""
AWAY = 2
"""Sections after which a place has left the recent window (19 latent frames: two sections and one frame), or all but."""
FIGURES = 0.35
"""Share of scenes with a figure."""
CHANGES = 0.4
"""Share of sections in which the light changes, and of those in which the weather does."""
OFTEN = {"lamp": 3, "flicker": 3, "wind": 2}
"""What is hard to learn is asked for so many times as often as the rest."""
WIDEST, NEAREST = -0.62, 0.85
"""Bounds of the log magnification that zooms and dollies stay in."""
# hold, four pans, zooms, dollies, shake: a return is never a hold or a shake, so these are asked for more often
_ODDS = np.array([0.125, 0.115, 0.115, 0.11, 0.11, 0.085, 0.085, 0.085, 0.085, 0.085])


def plan(
    rng: np.random.Generator, sections: int, calm: bool = False, figure: bool | None = None, away: bool = False
) -> list[Section]:
    """Random sections, each with a caption; only the camera moves if `calm`.

    Args:
        rng: decides.
        sections: how many, at least five if `away`.
        calm: without light, weather and actions.
        figure: whether the scene has one that can do something; if not told, as many have one as in films.
        away: the camera looks again at what it has not shown for `AWAY` sections and more. Films that only happen to come back
            (`REVISITS`) nearly all do so within the recent window, where nothing has to be remembered.

    Raises:
        ScriptError: too few sections to go away and come back.
    """
    there = bool(rng.random() < FIGURES) if figure is None else figure
    made = _away(rng, sections) if away else _moves(rng, sections)
    if not calm:
        made = _lights(rng, _weathers(rng, made))
        made = _actions(rng, made) if there else made
    return [replace(section, caption=caption(rng, section)) for section in made]


def _moves(rng: np.random.Generator, count: int) -> list[Section]:
    made: list[Section] = []
    while len(made) < count:
        left = count - len(made)
        pieces = _revisit(rng, left) if left >= 3 and rng.random() < REVISITS else [_move(rng)]
        made += _bounded(made, pieces)
    return made


def _move(rng: np.random.Generator, cameras: tuple[str, ...] = CAMERAS) -> Section:
    odds = np.array([_ODDS[CAMERAS.index(name)] for name in cameras])
    camera = cameras[int(rng.choice(len(cameras), p=odds / odds.sum()))]
    if camera not in OPPOSITE:
        return Section(camera)
    return Section(camera, SPEEDS[int(rng.choice(3, p=[0.3, 0.45, 0.25]))], eased=bool(rng.random() < 0.25))


def _revisit(rng: np.random.Generator, left: int) -> list[Section]:
    """Three or four sections that come back to where they began: there and back, or by a corner, or in one long way."""
    there = _move(rng, tuple(OPPOSITE))
    form = rng.random()
    if left >= 4 and form < 0.3:      # A B C A: twice the same way, and back at double speed
        there = replace(_move(rng, ("left", "right", "up", "down")), speed=("slow", "normal")[int(rng.integers(2))])
        double = {"slow": "normal", "normal": "fast"}[there.speed]
        return [there, there, replace(there, camera=OPPOSITE[there.camera], speed=double)]
    back = replace(there, camera=OPPOSITE[there.camera], eased=bool(rng.random() < 0.25))
    if left >= 4 and form < 0.6:      # A B C B A
        aside = _move(rng, tuple(name for name in OPPOSITE if name not in (there.camera, back.camera)))
        return [there, aside, replace(aside, camera=OPPOSITE[aside.camera]), back]
    still = _move(rng, ("hold", "shake"))
    return [[there, back, _move(rng)], [still, there, back], [there, still, back]][int(rng.choice(3, p=[0.5, 0.25, 0.25]))]


def _away(rng: np.random.Generator, count: int) -> list[Section]:
    """Aside and back, elsewhere for a while, and aside again; then as it comes."""
    if count < AWAY + 3:
        raise ScriptError(
            f"To look away for {AWAY} sections a film needs {AWAY + 3}, not {count}. Give the films more sections, or let none "
            f"look away (in a recipe of `train force`: raise `sections`, or leave `away` out). Sections are counted here in the "
            f"world's {FRAMES} frames, however short the model's own are.")
    aside = replace(_move(rng, ("left", "right", "up", "down")), speed=("slow", "normal")[int(rng.integers(2))])
    gap = int(rng.integers(AWAY, count - 2))
    made = [aside, replace(aside, camera=OPPOSITE[aside.camera])]
    while len(made) < 2 + gap:
        others = tuple(name for name in ("left", "right", "up", "down") if name != aside.camera)
        there = _move(rng, ("hold", *others))
        if there.camera == "hold" or len(made) + 2 > 2 + gap:
            made.append(Section())
        else:
            made += [there, replace(there, camera=OPPOSITE[there.camera])]
    made.append(aside)
    return [*made, *_moves(rng, count - len(made))]


def _bounded(before: list[Section], piece: list[Section]) -> list[Section]:
    """The piece, or the piece the other way round where it would magnify too much or too little."""
    swell = np.cumsum([_swell(section) for section in (*before, *piece)])[len(before) :]
    if swell.min() >= WIDEST and swell.max() <= NEAREST:
        return piece
    return [replace(section, camera=OPPOSITE[section.camera]) if _swell(section) else section for section in piece]


def _swell(section: Section) -> float:
    sign = {"in": 1, "dolly in": 1, "out": -1, "dolly out": -1}.get(section.camera, 0)
    return sign * float(np.log(ZOOMS[section.speed]))


def _lights(rng: np.random.Generator, sections: list[Section]) -> list[Section]:
    made, now = [], "day"
    for section in sections:
        light = ""
        if rng.random() < CHANGES:
            others = [name for name in LIGHTS if name not in (now, "day") for _ in range(OFTEN.get(name, 1))]
            light = "day" if now != "day" and rng.random() < 0.35 else others[int(rng.integers(len(others)))]
            now = now if light == "flicker" else light
        made.append(replace(section, light=light))
    return made


def _weathers(rng: np.random.Generator, sections: list[Section]) -> list[Section]:
    made, now = [], "clear"
    for section in sections:
        weather = ""
        if rng.random() < CHANGES:
            if now != "clear" and rng.random() < 0.45:
                weather = "clear"
            else:
                weather = str(rng.choice([name for name in (*FALLING, *["wind"] * OFTEN["wind"]) if name != now]))
            now = now if weather == "wind" else weather
        made.append(replace(section, weather=weather))
    return made


def _actions(rng: np.random.Generator, sections: list[Section]) -> list[Section]:
    """Actions in three of five sections; who is hidden can only return."""
    made, hidden = [], False
    for section in sections:
        action = ""
        if rng.random() < 0.60:
            choices = ["return"] if hidden else [name for name in ACTIONS if name != "return"]
            action = str(rng.choice(choices))
            hidden = action == "hide" or (hidden and action != "return")
        made.append(replace(section, action=action))
    return made
