"""What a section of a procedural film does and how one says it: moves, light, weather and their many phrasings. No pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SPEEDS = {"slow": 2.0, "normal": 4.0, "fast": 8.0}
"""Pixels per frame of a pan. Normal is one latent cell (16 pixels) per latent frame (4 frames)."""
ZOOMS = {"slow": 1.12, "normal": 1.25, "fast": 1.5}
"""Magnification over one section."""
DIRECTIONS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
"""Where the camera goes, x to the right and y downwards. The picture's content goes the other way."""
CAMERAS = ("hold", *DIRECTIONS, "in", "out")
LIGHTS = ("dark", "bright", "warm", "cold")
WEATHERS = ("snow", "rain", "fog", "clear")


@dataclass(frozen=True)
class Section:
    """What happens in one section (36 frames)."""

    camera: str              # one of CAMERAS
    speed: str = "normal"    # one of SPEEDS
    light: str = ""          # one of LIGHTS, or nothing
    weather: str = ""        # one of WEATHERS, or nothing: what is there goes on
    caption: str = ""


SLOW = ("slowly", "slow", "gently", "very slowly", "gradually", "calmly", "softly", "at a slow pace")
FAST = ("quickly", "fast", "rapidly", "swiftly", "very fast", "at high speed", "in a hurry")
PAN_VERBS = {"pans": "pan", "moves": "move", "slides": "slide", "glides": "glide", "drifts": "drift", "tracks": "track",
             "travels": "travel", "goes": "going", "turns": "turn", "sweeps": "sweep"}
UP_VERBS = {
    "tilts": "tilt", "rises": "rise", "pans": "pan", "moves": "move", "cranes": "crane", "looks": "look", "glides": "glide",
}
DOWN_VERBS = {
    "tilts": "tilt", "sinks": "sink", "pans": "pan", "moves": "move", "cranes": "crane", "looks": "look", "glides": "glide",
}
IN_PHRASES = ("zooms in", "pushes in", "moves closer", "dollies in", "moves forward", "comes closer", "moves in", "goes nearer")
OUT_PHRASES = ("zooms out", "pulls back", "pulls out", "dollies out", "moves backward", "backs away", "moves away", "moves back")
SHORT_IN = ("zoom in", "push in", "dolly in", "zooming in", "move closer")
SHORT_OUT = ("zoom out", "pull back", "dolly out", "zooming out", "pull out")
SUBJECTS = ("the camera", "the camera", "the camera", "camera", "the view", "the shot", "we", "the picture frame")
HOLD = ("the camera holds still", "the camera is still", "static shot", "the camera does not move", "a locked-off shot",
        "no camera movement", "still camera", "the camera stays", "static camera", "the camera rests", "hold still",
        "the shot is steady", "fixed camera", "the camera stays where it is")
LIGHT_PHRASES = {
    "dark": ("it gets dark", "night falls", "the light fades", "it grows darker", "dusk falls", "darkness falls", "evening comes",
             "the scene darkens", "the sun sets and it gets dark", "the lights go out", "it becomes night", "getting darker"),
    "bright": ("it gets brighter", "dawn breaks", "the sun rises", "the light grows", "morning comes", "it becomes day",
               "the scene brightens", "dawn, it gets brighter", "daylight returns", "the lights come on", "getting brighter"),
    "warm": ("warm light", "a warm lamp is lit", "golden sunset light", "the light turns warm", "sunset", "golden hour",
             "the light becomes golden", "candle light", "orange light fills the scene"),
    "cold": ("cold light", "the light turns cold", "blue light", "moonlight", "the light becomes blue", "icy light",
             "blue hour", "a cold blue tint"),
}
WEATHER_PHRASES = {
    "snow": ("snow begins to fall", "it starts to snow", "snow falls", "snowflakes drift down", "it is snowing", "snowfall",
             "heavy snow", "a snowstorm begins"),
    "rain": ("rain begins to fall", "it starts to rain", "rain falls", "it is raining", "a rain shower", "heavy rain",
             "rain pours down", "drizzle begins"),
    "fog": ("fog rolls in", "mist rises", "fog covers everything", "it becomes foggy", "a thick fog comes", "haze fills the air",
            "mist drifts in", "the scene disappears in fog"),
    "clear": ("the weather clears", "it stops snowing", "the rain stops", "the fog lifts", "the sky clears", "the mist dissolves",
              "the snow stops", "clear weather"),
}
THINGS = (
    "harbour", "lighthouse", "garden", "street", "market", "forest", "castle", "bridge", "village", "mountain",
    "river", "meadow", "kitchen", "library", "cat", "dog", "horse", "woman", "man", "child", "astronaut", "robot",
    "dancer", "boat", "ship", "train", "car", "bicycle", "house", "tower", "temple", "desert", "island", "beach",
    "city", "square", "window", "table", "chair", "flower", "tree", "bird", "portrait", "face", "statue", "coffee",
    "cup", "book", "piano", "guitar", "field", "barn", "mill", "church", "station", "valley", "lake", "waterfall",
    "canyon", "cave", "ruins", "rocket", "planet", "balloon", "kite", "tent", "lantern", "well", "fountain", "shop",
    "room", "hall", "corridor", "teapot", "bowl", "of", "fruit", "painting", "map", "old", "clock", "sailor",
    "fisherman", "baker", "painter", "king", "queen", "fox", "wolf", "rabbit", "owl", "bear", "deer", "whale",
    "fish", "cloud", "rock", "path", "road", "fence", "gate", "door", "roof", "stairs", "wall", "carpet",
)
KINDS = (
    "quiet", "old", "small", "big", "wooden", "stone", "red", "green", "white", "black", "empty", "crowded", "busy",
    "lonely", "ancient", "modern", "pretty", "strange", "famous", "abandoned", "cosy", "grand", "tiny", "giant",
    "colourful", "grey", "yellow", "dusty", "rusty", "shiny", "beautiful", "peaceful", "wild", "hidden", "sleepy",
    "rich",
)
STYLES = ("cinematic", "35mm film", "photorealistic", "a painting", "highly detailed", "film grain", "wide shot", "close portrait",
          "documentary", "oil on canvas", "soft focus", "a photograph", "a scene from a film", "anime style",
          "beautiful composition",
          "dreamlike", "masterpiece", "shot on location", "a fairy tale", "in the style of an old postcard")
PLACES = ("by the sea", "in the mountains", "in the city", "at the edge of the forest", "near the river", "in the village",
          "in an old house", "under the bridge", "in a museum", "on the square", "in the countryside", "in space", "on a table")


def caption(rng: np.random.Generator, section: Section) -> str:
    """One of many ways to say what `section` does, with scene words around it that mean nothing."""
    if section.camera == "hold" and not section.light and not section.weather and rng.random() < 0.35:
        return "" if rng.random() < 0.6 else _scene(rng)
    clauses = [_camera(rng, section)]
    if section.camera == "hold" and (section.light or section.weather) and rng.random() < 0.5:
        clauses = []
    if section.light:
        clauses.append(_one(rng, LIGHT_PHRASES[section.light]))
    if section.weather:
        clauses.append(_one(rng, WEATHER_PHRASES[section.weather]))
    rng.shuffle(clauses)
    if rng.random() < 0.55:
        clauses.insert(0 if rng.random() < 0.8 else len(clauses), _scene(rng))
    if rng.random() < 0.12:
        clauses.append(_one(rng, STYLES))
    joint = (", ", ", ", ", ", ". ", " and ", ", then ", "; ", " while ")[rng.integers(8)]
    text = joint.join(clauses) + ("." if rng.random() < 0.3 else "")
    return text[:1].upper() + text[1:] if rng.random() < 0.5 else text


def _one(rng: np.random.Generator, choices: tuple[str, ...] | list[str]) -> str:
    return choices[int(rng.integers(len(choices)))]


def _scene(rng: np.random.Generator) -> str:
    words = [_one(rng, ("a", "the", "an", "one", "this")), _one(rng, KINDS), _one(rng, THINGS)]
    if rng.random() < 0.3:
        words.pop(1)
    if rng.random() < 0.4:
        words.append(_one(rng, PLACES))
    if rng.random() < 0.15:
        words += ["with a", _one(rng, KINDS), _one(rng, THINGS)]
    return " ".join(words)


def _camera(rng: np.random.Generator, section: Section) -> str:
    if section.camera == "hold":
        return _one(rng, HOLD)
    pace = {"slow": _one(rng, SLOW), "fast": _one(rng, FAST), "normal": ""}[section.speed]
    subject = _one(rng, SUBJECTS)
    short = rng.random() < 0.2
    if section.camera in ("in", "out"):
        inward = section.camera == "in"
        phrase = _one(rng, (SHORT_IN if inward else SHORT_OUT) if short else (IN_PHRASES if inward else OUT_PHRASES))
        if short:
            return _spaced(*((pace, phrase) if rng.random() < 0.5 else (phrase, pace)))
        if subject == "we":
            phrase = phrase.replace("es ", " ", 1) if phrase.startswith(("pushes", "goes")) else phrase.replace("s ", " ", 1)
        verb, _, rest = phrase.partition(" ")
        return _spaced(subject, pace, phrase) if rng.random() < 0.3 else _spaced(subject, verb, rest, pace)
    verbs = {"up": UP_VERBS, "down": DOWN_VERBS}.get(section.camera, PAN_VERBS)
    verb = _one(rng, list(verbs))
    sideways = section.camera in ("left", "right")
    if sideways:
        where = _one(rng, ("", "", "to the ", "towards the ")) + section.camera
    else:
        where = section.camera + _one(rng, ("", "", "", "wards"))
    if short:
        return _spaced(pace, verbs[verb], where) if rng.random() < 0.5 else _spaced(verbs[verb], where, pace)
    if subject == "we":
        verb = "go" if verb == "goes" else verb.removesuffix("s")
    order = rng.random()
    if order < 0.4:
        return _spaced(subject, verb, pace, where)
    return _spaced(subject, verb, where, pace) if order < 0.75 else _spaced(subject, pace, verb, where)


def _spaced(*words: str) -> str:
    return " ".join(word for word in words if word)


def plan(rng: np.random.Generator, sections: int, calm: bool = False) -> list[Section]:
    """Random sections, each with a caption; only the camera moves if `calm`."""
    made = []
    present = ""
    for _ in range(sections):
        camera = CAMERAS[int(rng.choice(len(CAMERAS), p=[0.13, 0.15, 0.15, 0.145, 0.145, 0.14, 0.14]))]
        speed = ("slow", "normal", "fast")[int(rng.choice(3, p=[0.3, 0.45, 0.25]))] if camera != "hold" else "normal"
        light = LIGHTS[int(rng.integers(4))] if not calm and rng.random() < 0.28 else ""
        weather = ""
        if not calm and rng.random() < 0.28:
            weather = "clear" if present and rng.random() < 0.5 else WEATHERS[int(rng.integers(3))]
            present = "" if weather == "clear" else weather
        section = Section(camera, speed, light, weather)
        made.append(Section(camera, speed, light, weather, caption(rng, section)))
    return made
