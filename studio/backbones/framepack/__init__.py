"""FramePack-F1's family: HunyuanVideo's transformer with a packed context, placed on GPUs of any size. Imports no torch."""

from studio.backbones.framepack.family import FAMILY

__all__ = ["FAMILY"]
