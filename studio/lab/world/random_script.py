"""Random scripts: camera moves that often return to where they began, light, weather and a figure's actions, with captions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from studio.lab.world.camera import ZOOMS
from studio.lab.world.captions import caption
from studio.lab.world.section import ACTIONS, CAMERAS, FRAMES, LIGHTS, OPPOSITE, SPEEDS, ScriptError, Section
from studio.lab.world.weather import OVERLAY_KINDS

REVISIT_SHARE = 0.65
"""Probability that the next three or four sections return to where they began."""
RECENT_SECTIONS = 2
"""Sections after which a place has left the film model's recent window (19 latent frames: two sections and one frame)."""
FIGURE_SHARE = 0.35
"""Share of scenes with a figure."""
CHANGE_SHARE = 0.4
"""Share of sections in which the light changes; the same share in which the weather changes."""
WEIGHTS = {"lamp": 3, "flicker": 3, "wind": 2}
"""How many times as often as the others a light or weather is chosen: these are harder to learn."""
WIDEST, NEAREST = -0.62, 0.85
"""Bounds of the log magnification that zooms and dollies reach."""
# Of hold, four pans, zooms, dollies and shake, in this order. Returns never hold or shake, so these get more here.
_ODDS = np.array([0.125, 0.115, 0.115, 0.11, 0.11, 0.085, 0.085, 0.085, 0.085, 0.085])


def random_script(
    rng: np.random.Generator, sections: int, calm: bool = False, figure: bool | None = None, late_return: bool = False
) -> list[Section]:
    """Writes a random script, each section with its caption.

    Args:
        rng: makes all choices.
        sections: how many, at least five for a late return.
        calm: only the camera moves; light and weather do not change, and the figure does nothing.
        figure: whether the scene has a figure that can act; None: with the probability `FIGURE_SHARE`.
        late_return: the camera returns to a view after `RECENT_SECTIONS` sections or more. Other returns nearly all lie within the
            recent window, so that they need no long-term memory.

    Raises:
        ScriptError: too few sections for a late return.
    """
    has_figure = bool(rng.random() < FIGURE_SHARE) if figure is None else figure
    script = _late_return(rng, sections) if late_return else _moves(rng, sections)
    if not calm:
        script = _lights(rng, _weathers(rng, script))
        script = _actions(rng, script) if has_figure else script
    return [replace(section, caption=caption(rng, section)) for section in script]


def _moves(rng: np.random.Generator, count: int) -> list[Section]:
    script: list[Section] = []
    while len(script) < count:
        left = count - len(script)
        pieces = _revisit(rng, left) if left >= 3 and rng.random() < REVISIT_SHARE else [_move(rng)]
        script += _bounded(script, pieces)
    return script


def _move(rng: np.random.Generator, cameras: tuple[str, ...] = CAMERAS) -> Section:
    odds = np.array([_ODDS[CAMERAS.index(name)] for name in cameras])
    camera = cameras[int(rng.choice(len(cameras), p=odds / odds.sum()))]
    if camera not in OPPOSITE:
        return Section(camera)
    return Section(camera, SPEEDS[int(rng.choice(3, p=[0.3, 0.45, 0.25]))], eased=bool(rng.random() < 0.25))


def _revisit(rng: np.random.Generator, left: int) -> list[Section]:
    """Three or four sections that return to where they began: directly, around a corner, or by one fast move back."""
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


def _late_return(rng: np.random.Generator, count: int) -> list[Section]:
    """A pan and back, other moves for a while, and the same pan again; then random moves."""
    if count < RECENT_SECTIONS + 3:
        raise ScriptError(
            f"To look away for {RECENT_SECTIONS} sections a film needs {RECENT_SECTIONS + 3}, not {count}. Give the films more "
            f"sections, or let none look away (in a recipe of `train force`: raise `sections`, or leave `away` out). Sections are "
            f"counted here in the world's {FRAMES} frames, however short the model's own are.")
    aside = replace(_move(rng, ("left", "right", "up", "down")), speed=("slow", "normal")[int(rng.integers(2))])
    gap = int(rng.integers(RECENT_SECTIONS, count - 2))
    script = [aside, replace(aside, camera=OPPOSITE[aside.camera])]
    while len(script) < 2 + gap:
        others = tuple(name for name in ("left", "right", "up", "down") if name != aside.camera)
        there = _move(rng, ("hold", *others))
        if there.camera == "hold" or len(script) + 2 > 2 + gap:
            script.append(Section())
        else:
            script += [there, replace(there, camera=OPPOSITE[there.camera])]
    script.append(aside)
    return [*script, *_moves(rng, count - len(script))]


def _bounded(before: list[Section], piece: list[Section]) -> list[Section]:
    """The piece, with its zooms and dollies reversed if the magnification would leave its bounds."""
    growth = np.cumsum([_growth(section) for section in (*before, *piece)])[len(before) :]
    if growth.min() >= WIDEST and growth.max() <= NEAREST:
        return piece
    return [replace(section, camera=OPPOSITE[section.camera]) if _growth(section) else section for section in piece]


def _growth(section: Section) -> float:
    sign = {"in": 1, "dolly in": 1, "out": -1, "dolly out": -1}.get(section.camera, 0)
    return sign * float(np.log(ZOOMS[section.speed]))


def _lights(rng: np.random.Generator, sections: list[Section]) -> list[Section]:
    script, now = [], "day"
    for section in sections:
        light = ""
        if rng.random() < CHANGE_SHARE:
            others = [name for name in LIGHTS if name not in (now, "day") for _ in range(WEIGHTS.get(name, 1))]
            light = "day" if now != "day" and rng.random() < 0.35 else others[int(rng.integers(len(others)))]
            now = now if light == "flicker" else light
        script.append(replace(section, light=light))
    return script


def _weathers(rng: np.random.Generator, sections: list[Section]) -> list[Section]:
    script, now = [], "clear"
    for section in sections:
        weather = ""
        if rng.random() < CHANGE_SHARE:
            if now != "clear" and rng.random() < 0.45:
                weather = "clear"
            else:
                weather = str(rng.choice([name for name in (*OVERLAY_KINDS, *["wind"] * WEIGHTS["wind"]) if name != now]))
            now = now if weather == "wind" else weather
        script.append(replace(section, weather=weather))
    return script


def _actions(rng: np.random.Generator, sections: list[Section]) -> list[Section]:
    """Adds actions to three of five sections. A hidden figure can only return."""
    script, hidden = [], False
    for section in sections:
        action = ""
        if rng.random() < 0.60:
            choices = ["return"] if hidden else [name for name in ACTIONS if name != "return"]
            action = str(rng.choice(choices))
            hidden = action == "hide" or (hidden and action != "return")
        script.append(replace(section, action=action))
    return script
