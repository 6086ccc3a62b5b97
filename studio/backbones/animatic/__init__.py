"""The embedded family: a small animatic model, trained by this project, that runs on any machine. Imports no torch."""

from studio.backbones.animatic.family import FAMILY

__all__ = ["FAMILY"]
