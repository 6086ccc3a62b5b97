"""Helios' family: Wan's blocks with a packed context, sampled in a pyramid of sizes. Imports no torch."""

from studio.backbones.helios.family import FAMILY

__all__ = ["FAMILY"]
