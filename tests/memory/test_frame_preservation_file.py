"""Files of history encoders: exact round trips, and errors that say what is wrong with a file."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from studio.memory.adapter import AdapterError, is_frame_preservation, load_adapter, load_frame_preservation, save_adapter
from studio.memory.frame_preservation import FramePreservation
from studio.memory.semantic_pack import SemanticPack
from studio.memory.semantic_pack_config import SemanticPackConfig
from tests.memory.history_encoders import TINY, encoder, only, patchifier, randn


@pytest.fixture()
def path(tmp_path: Path) -> Path:
    save_adapter(encoder(), tmp_path / "memory.safetensors")
    return tmp_path / "memory.safetensors"


def read(path: Path, width: int = 20, channels: int = 4, patch: int = 2) -> FramePreservation:
    return load_frame_preservation(path, patchifier(), width, channels, patch)


def rewrite(path: Path, drop: str = "", **facts: str) -> None:
    """The file with other metadata, or without one of its tensors."""
    with safe_open(path, framework="pt") as file:
        old = file.metadata()
    save_file({k: v for k, v in load_file(path).items() if k != drop}, path, metadata={**old, **facts})


@torch.no_grad()
def test_round_trip_is_exact(path: Path) -> None:
    back, x = read(path), randn(1, 4, 3, 8, 8)
    assert back.config == TINY and torch.equal(back(x), encoder()(x))
    assert not any(p.is_meta or p.requires_grad for p in back.parameters())
    with safe_open(path, framework="pt") as file:
        facts = file.metadata()
    assert (facts["kind"], facts["version"]) == ("memorypack-frame-preservation", "1")
    assert json.loads(facts["config"])["rate"] == [2, 2, 2]


@pytest.mark.parametrize(("other", "words"), [
    ({"width": 3072}, "made for inner width 20, and the backbone has 3072"),
    ({"channels": 16}, "number of latent channels 4, and the backbone has 16"),
    ({"patch": 1}, "patches of latent pixels 2, and the backbone has 1"),
])
def test_another_backbone(path: Path, other: dict[str, int], words: str) -> None:
    with pytest.raises(AdapterError, match=rf"does not fit this backbone: it was .*{words}.*train one"):
        read(path, **other)


def test_kinds_are_told_apart(path: Path, tmp_path: Path) -> None:
    pack = SemanticPack(SemanticPackConfig(width=20, channels=4, text=6, image=8, heads=2))
    save_adapter(pack, tmp_path / "pack.safetensors")
    assert is_frame_preservation(path) and not is_frame_preservation(tmp_path / "pack.safetensors")
    with pytest.raises(AdapterError, match="no history encoder"):
        read(tmp_path / "pack.safetensors")
    with pytest.raises(AdapterError, match="no SemanticPack adapter"):
        load_adapter(path)
    for wrong, words in ((tmp_path / "none.safetensors", "missing"), (tmp_path, "cannot be read")):
        with pytest.raises(AdapterError, match=words):
            is_frame_preservation(wrong)


def test_damaged_files(path: Path, tmp_path: Path) -> None:
    whole = path.read_bytes()
    for keep in (0, 100, 2000, -1):
        path.write_bytes(whole[:keep])
        with pytest.raises(AdapterError, match=r"cannot be read .*cut short"):
            read(path)
    path.write_bytes(whole)
    rewrite(path, version="2")
    with pytest.raises(AdapterError, match="made by a newer studio"):
        read(path)
    path.write_bytes(whole)
    rewrite(path, drop="encoders.0.gate")
    with pytest.raises(AdapterError, match=r"encoders\.0\.gate is missing"):
        read(path)
    path.write_bytes(whole)
    rewrite(path, config=json.dumps(asdict(replace(TINY, stages=(6, 8, 8, 8)))))
    with pytest.raises(AdapterError, match=r"should be \(8"):
        read(path)


@pytest.mark.parametrize(("config", "words"), [
    ("{", "cannot be used"), (json.dumps({**asdict(TINY), "gate": 1}), "unknown key 'gate'"),
    (json.dumps({**asdict(TINY), "heads": 5}), "cannot be shared by 5 heads"),
    (json.dumps({**asdict(TINY), "width": "20"}), "cannot be used"), (json.dumps({**asdict(TINY), "rate": 2}), "cannot be used"),
])
def test_a_config_that_makes_no_sense(path: Path, config: str, words: str) -> None:
    rewrite(path, config=config)
    with pytest.raises(AdapterError, match=rf"The config in the adapter .*{words}"):
        read(path)


def test_weights_that_are_no_numbers(tmp_path: Path) -> None:
    made = encoder()
    with torch.no_grad():
        only(made).gate.fill_(float("nan"))
    save_adapter(made, tmp_path / "memory.safetensors")
    with pytest.raises(AdapterError, match=r"not numbers \(in encoders\.0\.gate\)"):
        read(tmp_path / "memory.safetensors")
