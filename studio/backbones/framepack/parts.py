"""The typed parts of a loaded model of the FramePack family, for code that is written for this family alone."""

from __future__ import annotations

from dataclasses import dataclass

from studio.backbones.film_model import FilmModel
from studio.backbones.framepack.backbone import FramePackBackbone, require_framepack
from studio.backbones.framepack.codec import HunyuanCodec
from studio.backbones.framepack.conditioner import HunyuanConditioner
from studio.memory.adapter import LongTermMemory


@dataclass(frozen=True)
class FramePackParts:
    """The parts of a `FilmModel` of this family, with their own types."""

    backbone: FramePackBackbone
    codec: HunyuanCodec | None                  # None: the model has another codec
    conditioner: HunyuanConditioner | None      # None: the model has other encoders
    memory: LongTermMemory | None               # None: the model has no long-term memory


def framepack_parts(model: FilmModel) -> FramePackParts:
    """The typed parts of a model of the FramePack family.

    Raises:
        TypeError: the model has no FramePack transformer.
    """
    codec, conditioner, memory = model.codec, model.conditioner, model.memory
    return FramePackParts(
        require_framepack(model.backbone), codec if isinstance(codec, HunyuanCodec) else None,
        conditioner if isinstance(conditioner, HunyuanConditioner) else None,
        memory if isinstance(memory, LongTermMemory) else None,
    )
