"""The procedural world: films of drawn scenes by seed, with exact truth about camera, light, weather and figures, and captions.

The embedded model is trained on these films and measured with them.
"""

from studio.lab.world.captions import caption
from studio.lab.world.film import Film, film, shoot, still
from studio.lab.world.phrases import PHRASES
from studio.lab.world.random_script import RECENT_SECTIONS, random_script
from studio.lab.world.section import ACTIONS, CAMERAS, CELL, FPS, FRAMES, LIGHTS, SPEEDS, WEATHERS, ScriptError, Section

__all__ = [
    "ACTIONS",
    "CAMERAS",
    "CELL",
    "FPS",
    "FRAMES",
    "LIGHTS",
    "PHRASES",
    "RECENT_SECTIONS",
    "SPEEDS",
    "WEATHERS",
    "Film",
    "ScriptError",
    "Section",
    "caption",
    "film",
    "random_script",
    "shoot",
    "still",
]
