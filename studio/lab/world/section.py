"""What one section of a procedural film does, and the words a script may use for it."""

from __future__ import annotations

from dataclasses import dataclass

FRAMES = 36
"""Frames of a section."""
FPS = 12
CELL = 16
"""Side of a cell of the truth, in pixels."""
CAMERAS = ("hold", "left", "right", "up", "down", "in", "out", "dolly in", "dolly out", "shake")
SPEEDS = ("slow", "normal", "fast")
LIGHTS = ("day", "dawn", "dusk", "night", "lamp", "flicker", "bright", "warm", "cold")
WEATHERS = ("clear", "snow", "rain", "fog", "wind")
ACTIONS = ("walk left", "walk right", "hop", "turn", "hide", "return")
PANS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
"""Direction in which the camera moves, x to the right and y downwards. The picture's content moves in the opposite direction."""
OPPOSITE = {
    "left": "right", "right": "left", "up": "down", "down": "up", "in": "out", "out": "in",
    "dolly in": "dolly out", "dolly out": "dolly in",
}


class ScriptError(ValueError):
    """A script or a photograph that cannot be filmed; the message says why and what to do."""


@dataclass(frozen=True)
class Section:
    """What happens in one section. If light, weather or action is empty, the caption does not mention it and nothing changes."""

    camera: str = "hold"     # one of CAMERAS
    speed: str = "normal"    # one of SPEEDS
    eased: bool = False      # the move starts and ends softly, over the same distance
    light: str = ""          # one of LIGHTS
    weather: str = ""        # one of WEATHERS
    action: str = ""         # one of ACTIONS, of the scene's figure if it has one
    caption: str = ""

    def __post_init__(self) -> None:
        for name, value, choices in (
            ("camera", self.camera, CAMERAS), ("speed", self.speed, SPEEDS), ("light", self.light, ("", *LIGHTS)),
            ("weather", self.weather, ("", *WEATHERS)), ("action", self.action, ("", *ACTIONS)),
        ):
            if value not in choices:
                raise ValueError(f"{name} must be one of {', '.join(c for c in choices if c)}, not {value!r}")
