"""Model folders and a request, as the engine's tests have them."""

from tests.engine.conftest import ask, models, renderer

__all__ = ["ask", "models", "renderer"]
