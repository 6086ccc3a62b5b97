"""The procedural world: seeded films of layered scenes with exact truth about camera, light, weather and figures, and captions
that say what happens. It knows nothing of latents or models."""

from studio.training.world.captions import caption
from studio.training.world.film import Film, film, shoot
from studio.training.world.phrases import PHRASES
from studio.training.world.plan import AWAY, plan
from studio.training.world.section import ACTIONS, CAMERAS, CELL, FPS, FRAMES, LIGHTS, SPEEDS, WEATHERS, Section

__all__ = [
    "ACTIONS", "AWAY", "CAMERAS", "CELL", "FPS", "FRAMES", "LIGHTS", "PHRASES", "SPEEDS", "WEATHERS", "Film", "Section", "caption",
    "film", "plan", "shoot",
]
