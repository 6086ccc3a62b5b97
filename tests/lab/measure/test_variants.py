"""A model in arms: the same weights, less to go back to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from studio.backbones.animatic.backbone import AnimaticBackbone
from studio.backbones.animatic.place_memory import EXTRA_CHANNELS
from studio.backbones.animatic.state import with_neutral_state
from studio.backbones.framepack.backbone import FramePackBackbone
from studio.backbones.load import load
from studio.catalogue.cards import ADAPTER, RECALL
from studio.lab import tiny
from studio.lab.measure.variants import variants
from studio.memory.adapter import save_adapter
from studio.memory.context_sizes import RECENT
from studio.memory.framepack import pack_context
from studio.memory.recall import Recall, RecallConfig
from studio.memory.semantic_pack import SemanticPack
from studio.memory.semantic_pack_config import SemanticPackConfig
from tests import folders


def test_arms_share_weights_and_differ_in_what_they_go_back_to(tmp_path: Path) -> None:
    model = load(folders.remembering(tmp_path / "it"))
    arms = variants(model)
    assert [arm.card.name for arm in arms] == ["window", "framepack", "framepack-sink", "full-history", "memorypack"]
    assert [arm.card.name for arm in variants(model, ["memorypack", "window"])] == ["window", "memorypack"]
    with pytest.raises(ValueError, match="no arm 'windows'; there are window, framepack"):
        variants(model, ["windows"])
    assert [arm.memory is not None for arm in arms] == [False, False, False, True, True]
    latents = with_neutral_state(torch.randn(1, folders.CHANNELS, RECENT, 2, 4))
    packed = pack_context(latents[:, :, :1], latents, 3)
    found = []
    for arm in arms:
        assert isinstance(arm.backbone, AnimaticBackbone)
        assert arm.backbone.transformer is model.backbone.transformer
        found.append(len(arm.backbone._read_sources(packed, latents[:, :, :3], None).older))
    assert found == [0, 3, 4, 4, 4]                     # without a psi the whole film is what the packed context holds
    assert isinstance(model.backbone, AnimaticBackbone) and model.backbone.extra_sources == {"older", "start"}


def test_memories_of_a_study_are_arms_that_are_asked_as_its_own_is(tmp_path: Path) -> None:
    model = load(folders.remembering(tmp_path / "it"))
    study = tmp_path / "study"
    for name in ("A-1", "zero-2", "nothing-1"):
        torch.manual_seed(len(name))
        zero = name == "zero-2"
        (study / name).mkdir(parents=True)
        save_adapter(SemanticPack(SemanticPackConfig(
            width=32, channels=folders.DRAWN_CHANNELS + EXTRA_CHANNELS, text=8, image=32, heads=2,
            patch=(1, 1, 1), window=(1, 1, 2), keep=(1, 1, 1),
            text_tokens=2, image_side=2, zero_start=zero,
        )), study / name / ADAPTER)
        save_adapter(Recall(RecallConfig(width=32, channels=folders.DRAWN_CHANNELS, heads=2)), study / name / RECALL)
    arms = {arm.card.name: arm for arm in variants(model, study=study)}
    assert list(arms) == ["window", "framepack", "framepack-sink", "full-history", "A-1", "zero-2", "memorypack"]
    latents = with_neutral_state(torch.randn(1, folders.CHANNELS, RECENT, 2, 4))
    packed = pack_context(latents[:, :, :1], latents, 3)
    said = model.conditioner("pan left", torch.rand(1, 3, 32, 64) * 2 - 1)
    for name in ("A-1", "zero-2"):
        memory, backbone = arms[name].memory, arms[name].backbone
        assert isinstance(backbone, AnimaticBackbone) and memory is not None and backbone.memory is memory
        assert backbone.transformer is model.backbone.transformer
        psi = memory.begin(said)
        assert psi.shape[2] == 32 and bool(psi.any()) == (name == "A-1")
        assert memory.update(psi, latents[:, :, :3]).shape[2] == 32
        assert backbone._read_sources(packed, latents[:, :, :3], psi).psi is psi
    assert isinstance(model.backbone, AnimaticBackbone) and model.backbone.memory is model.memory      # it is left as it was


def test_a_studys_memories_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    model = load(folders.remembering(tmp_path / "it"))
    with pytest.raises(ValueError, match="holds no memories: train them"):
        variants(model, study=tmp_path / "study")
    alone = tmp_path / "study" / "A-1"
    alone.mkdir(parents=True)
    (alone / ADAPTER).write_bytes((tmp_path / "it" / ADAPTER).read_bytes())
    with pytest.raises(ValueError, match=f"{RECALL} is missing"):
        variants(model, study=tmp_path / "study")


def test_a_model_without_a_memory_has_four_and_a_large_one_none(tmp_path: Path) -> None:
    model = load(folders.small(tmp_path / "small"))
    assert [arm.card.name for arm in variants(model)] == ["window", "framepack", "framepack-sink", "full-history"]
    with pytest.raises(ValueError, match="cannot be measured in arms"):
        variants(replace(model, backbone=FramePackBackbone(tiny.transformer())))
