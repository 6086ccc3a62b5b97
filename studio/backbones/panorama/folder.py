"""Files of a panorama model's folder beside its memory, and the size of its frames. Imports no torch."""

WEIGHTS = "transformer/model.safetensors"
CONFIG = "transformer/config.json"
PIXELS_PER_LATENT = 16
"""Pixels of film along a side of a pixel of the view."""
