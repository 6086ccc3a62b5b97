"""The lengths of FramePack-F1's history (2504.12626). Imports no torch, so that the page can show them."""

SIZES = (16, 2, 1)
"""Latent frames of the history at 4x, 2x and 1x compression, oldest first. In the paper's notation: f16k4 f2k2 f1k1."""
RECENT = sum(SIZES)
"""Latent frames of the history in all: 19."""
