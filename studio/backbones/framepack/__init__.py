"""FramePack-F1's family: HunyuanVideo's transformer with a packed context, placed part by part on small GPUs."""

from studio.backbones.framepack.family import FAMILY

__all__ = ["FAMILY"]
