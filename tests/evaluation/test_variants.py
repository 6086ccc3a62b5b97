"""A model in arms: the same weights, less to go back to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from studio.diffusion.animatic import AnimaticBackbone
from studio.diffusion.framepack import FramePackBackbone
from studio.diffusion.state import at_rest
from studio.engine.load import load
from studio.evaluation import tiny
from studio.evaluation.variants import variants
from studio.memory.framepack import RECENT, pack
from tests.engine import folders


def test_arms_share_weights_and_differ_in_what_they_go_back_to(tmp_path: Path) -> None:
    model = load(folders.remembering(tmp_path / "it"))
    arms = variants(model)
    assert [arm.card.name for arm in arms] == ["window", "framepack", "framepack-sink", "full-history", "memorypack"]
    assert [arm.card.name for arm in variants(model, ["memorypack", "window"])] == ["window", "memorypack"]
    with pytest.raises(ValueError, match="no arm 'windows'; there are window, framepack"):
        variants(model, ["windows"])
    assert [arm.memory is not None for arm in arms] == [False, False, False, True, True]
    latents = at_rest(torch.randn(1, folders.CHANNELS, RECENT, 2, 4))
    packed = pack(latents[:, :, :1], latents, 3)
    found = []
    for arm in arms:
        assert isinstance(arm.backbone, AnimaticBackbone)
        assert arm.backbone.transformer is model.backbone.transformer
        found.append(len(arm.backbone._look(packed, latents[:, :, :3], None).older))
    assert found == [0, 3, 4, 4, 4]                     # without a psi the whole film is what the packed context holds
    assert isinstance(model.backbone, AnimaticBackbone) and model.backbone.looks == {"older", "start"}


def test_a_model_without_a_memory_has_four_and_a_large_one_none(tmp_path: Path) -> None:
    model = load(folders.small(tmp_path / "small"))
    assert [arm.card.name for arm in variants(model)] == ["window", "framepack", "framepack-sink", "full-history"]
    with pytest.raises(ValueError, match="cannot be measured in arms"):
        variants(replace(model, backbone=FramePackBackbone(tiny.transformer())))
