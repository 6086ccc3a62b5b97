"""How many latent frames FramePack-F1 keeps beside the start image (arXiv 2504.12626). Imports no torch: the page shows them."""

SIZES = (16, 2, 1)
"""Latent frames kept at 4x, 2x and 1x compression, oldest first: f16k4 f2k2 f1k1."""
RECENT = sum(SIZES)
"""Latent frames kept in all."""
