"""The procedural world: seeded films of layered scenes with exact truth about camera, light, weather and figures, and captions
that say what happens. It knows nothing of latents or models."""

from studio.lab.world.captions import caption
from studio.lab.world.film import Film, film, shoot
from studio.lab.world.phrases import PHRASES
from studio.lab.world.plan import AWAY, plan
from studio.lab.world.section import ACTIONS, CAMERAS, CELL, FPS, FRAMES, LIGHTS, SPEEDS, WEATHERS, ScriptError, Section

__all__ = [
    "ACTIONS", "AWAY", "CAMERAS", "CELL", "FPS", "FRAMES", "LIGHTS", "PHRASES", "SPEEDS", "WEATHERS", "Film", "ScriptError",
    "Section", "caption", "film", "plan", "shoot",
]
