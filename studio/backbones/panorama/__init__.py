"""A toy world of panoramas: a camera pans, and a small network films it with a learned memory. Imports no torch."""

from studio.backbones.panorama.family import FAMILY

__all__ = ["FAMILY"]
