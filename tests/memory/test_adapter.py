"""Adapter files: exact round trips, and errors that say what is wrong with a file."""

from __future__ import annotations

import errno
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from studio.memory.adapter import KIND, AdapterError, load_adapter, read_config, save_adapter
from studio.memory.semantic_pack import SemanticPack
from studio.memory.semantic_pack_config import FRAMEPACK_F1, SemanticPackConfig, Widths

TINY = SemanticPackConfig(
    width=12, channels=4, text=6, image=8, heads=2, patch=(1, 2, 2), window=(3, 2, 2), keep=(1, 1, 2), structure="B",
    text_tokens=3, image_side=2, trained_index=64,
)


@pytest.fixture()
def pack() -> SemanticPack:
    torch.manual_seed(0)
    return SemanticPack(TINY)


@pytest.fixture()
def path(pack: SemanticPack, tmp_path: Path) -> Path:
    save_adapter(pack, tmp_path / "memory.safetensors")
    return tmp_path / "memory.safetensors"


def rewrite(path: Path, drop: str = "", **facts: str) -> None:
    """The file with other metadata, or without one of its tensors."""
    with safe_open(path, framework="pt") as file:
        old = file.metadata()
    save_file({k: v for k, v in load_file(path).items() if k != drop}, path, metadata={**old, **facts})


def test_round_trip_is_exact(path: Path, pack: SemanticPack) -> None:
    back = load_adapter(path, TINY.widths)
    assert back.config == TINY == read_config(path)
    assert not any(p.is_meta or p.requires_grad for p in back.parameters())
    psi, latents = torch.randn(1, 7, 12), torch.randn(1, 4, 3, 4, 4)
    assert torch.equal(back.update(psi, latents), pack.update(psi, latents))
    assert [p.name for p in path.parent.iterdir()] == ["memory.safetensors"]


def test_precision_is_kept(pack: SemanticPack, tmp_path: Path) -> None:
    save_adapter(pack.bfloat16(), tmp_path / "half.safetensors")
    back = load_adapter(tmp_path / "half.safetensors")
    assert {p.dtype for p in back.parameters()} == {torch.bfloat16}
    assert back.update(torch.randn(1, 7, 12), torch.randn(1, 4, 3, 4, 4)).isfinite().all()


@pytest.mark.parametrize(("changes", "words"), [
    ({"width": 3072}, "made for inner width 12, and the backbone has 3072"),
    ({"channels": 16}, "made for number of latent channels 4, and the backbone has 16"),
    ({"text": 4096}, "width of prompt features 6, and the backbone has 4096"),
    ({"image": 1152}, "width of image features 8, and the backbone has 1152"),
])
def test_another_backbone(path: Path, changes: dict[str, int], words: str) -> None:
    with pytest.raises(AdapterError, match=rf"memory\.safetensors does not fit this backbone: it was .*{words}.*train one"):
        load_adapter(path, replace(TINY.widths, **changes))


def test_the_large_backbones_widths() -> None:
    assert FRAMEPACK_F1.widths == Widths(width=3072, channels=16, text=4096, image=1152)


@pytest.mark.parametrize("keep", [0, 5, 100, 2000, -1])
def test_a_cut_file(path: Path, keep: int) -> None:
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(AdapterError, match=r"memory\.safetensors cannot be read .*cut short"):
        load_adapter(path)


def test_a_newer_format(path: Path) -> None:
    rewrite(path, version="2")
    with pytest.raises(AdapterError, match=r"of format 2, made by a newer studio\. Update"):
        load_adapter(path)


def test_foreign_files(tmp_path: Path) -> None:
    path = tmp_path / "lora.safetensors"
    save_file({"lora_A": torch.zeros(2)}, path)
    with pytest.raises(AdapterError, match="no SemanticPack adapter"):
        load_adapter(path)
    path.write_bytes(b"PK\x03\x04 a zip file, or what is left of it")
    with pytest.raises(AdapterError, match="cannot be read"):
        load_adapter(path)
    with pytest.raises(AdapterError, match="missing"):
        load_adapter(tmp_path / "none.safetensors")
    with pytest.raises(AdapterError, match="cannot be read"):
        load_adapter(tmp_path)


@pytest.mark.parametrize(("config", "words"), [
    ("{", "cannot be used"),
    ("[]", "cannot be used"),
    (json.dumps({**asdict(TINY), "rank": 4}), "unknown key 'rank'"),
    (json.dumps({k: v for k, v in asdict(TINY).items() if k != "heads"}), "heads"),
    (json.dumps({**asdict(TINY), "heads": 5}), "cannot be shared by 5 heads"),
    (json.dumps({**asdict(TINY), "width": "12"}), "cannot be used"),
    (json.dumps({**asdict(TINY), "window": 3}), "cannot be used"),
])
def test_a_config_that_makes_no_sense(path: Path, config: str, words: str) -> None:
    rewrite(path, config=config)
    with pytest.raises(AdapterError, match=rf"The config in the adapter .*{words}"):
        load_adapter(path)


def test_weights_that_are_not_the_configs(path: Path, pack: SemanticPack) -> None:
    rewrite(path, config=json.dumps(asdict(replace(TINY, feed_forward=2))))
    with pytest.raises(AdapterError, match=r"feed_forward.* is \(48.* and should be \(24"):
        load_adapter(path)
    save_adapter(pack, path)
    rewrite(path, drop="memorize.patches.weight")
    with pytest.raises(AdapterError, match=r"memorize\.patches\.weight is missing"):
        load_adapter(path)
    save_adapter(pack, path)
    rewrite(path, config=json.dumps(asdict(replace(TINY, zero_start=True))))
    with pytest.raises(AdapterError, match="should be absent"):
        load_adapter(path)


def test_weights_that_are_no_numbers(path: Path, pack: SemanticPack) -> None:
    with torch.no_grad():
        pack.squeeze.norm.weight[3] = float("nan")
    save_adapter(pack, path)
    with pytest.raises(AdapterError, match=r"not numbers \(in squeeze\.norm\.weight\)"):
        load_adapter(path)


def test_a_full_disk_leaves_the_old_file(path: Path, pack: SemanticPack, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("studio.disk.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        save_adapter(pack, path)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == ["memory.safetensors"]


def test_a_folder_that_is_not_there(pack: SemanticPack, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        save_adapter(pack, tmp_path / "none" / "memory.safetensors")


def test_the_metadata_can_be_read_without_this_studio(path: Path) -> None:
    with safe_open(path, framework="pt") as file:
        facts = file.metadata()
    assert (facts["kind"], facts["version"]) == (KIND, "1")
    assert json.loads(facts["config"])["structure"] == "B"
