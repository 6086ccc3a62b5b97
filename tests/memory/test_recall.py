"""Queries of psi by place: independent of each other, dependent on distance, and read from a file."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from studio.memory.adapter import AdapterError, load_adapter, load_recall, save_adapter
from studio.memory.recall import Recall, RecallConfig
from studio.memory.scene_positions import POSITION_FEATURES, encode_positions
from studio.memory.semantic_pack import SemanticPack
from studio.memory.semantic_pack_config import SemanticPackConfig

PACK = SemanticPackConfig(width=12, channels=5, text=6, image=8, heads=2)


@pytest.fixture()
def recall() -> Recall:
    torch.manual_seed(0)
    made = Recall(RecallConfig(width=12, channels=5, heads=2))
    made.scale.copy_(torch.linspace(0.5, 2, 5))
    return made.eval()


def test_each_place_is_asked_alone(recall: Recall) -> None:
    psi, places = torch.randn(2, 7, 12), torch.randn(2, 9, 3)
    whole = recall(psi, places)
    alone = recall(psi, places[:, 4:5])
    assert whole.values.shape == (2, 9, 5) and whole.log_variance.shape == (2, 9)
    assert torch.allclose(whole.values[:, 4:5], alone.values, atol=1e-6)
    assert torch.allclose(whole.log_variance[:, 4:5], alone.log_variance, atol=1e-6)
    assert not torch.allclose(whole.values, recall(psi.roll(1, 0), places).values, atol=1e-3)


def test_the_share_is_the_wiener_weight_where_the_memory_is_the_better_guess(recall: Recall) -> None:
    """Of an error a third as large as the other guess's, half; of one that is as large or larger, nothing."""
    found = recall(torch.randn(1, 7, 12), torch.randn(1, 4, 3))
    doubt = torch.tensor([[0.0, -20.0, 20.0, -math.log(3)]])
    assert torch.allclose(recall.trust(type(found)(found.values, doubt)), torch.tensor([[0.0, 1.0, 0.0, 0.5]]), atol=1e-6)


def test_products_of_waves_tell_the_distance_and_not_the_place() -> None:
    ways = [torch.zeros(3), torch.tensor([1.5, 0.5, 0.0]), torch.tensor([9.0, -4.0, 0.0])]
    first = [float(encode_positions(torch.zeros(3)) @ encode_positions(way)) for way in ways]
    for origin in (torch.zeros(3), torch.tensor([37.25, -11.5, 0.0])):
        own = encode_positions(origin)
        assert own.shape == (POSITION_FEATURES,)
        products = [float(own @ encode_positions(origin + way)) for way in ways]
        assert products[0] > products[1] > products[2]
        assert products == pytest.approx(first, abs=1e-3)


@pytest.mark.parametrize("wrong", [{"heads": 5}, {"channels": 0}, {"layers": 0}])
def test_configs_that_cannot_be(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="no Recall"):
        RecallConfig(**{"width": 12, "channels": 5, "heads": 2, **wrong})


def test_a_file_gives_the_same_answers(recall: Recall, tmp_path: Path) -> None:
    save_adapter(recall, tmp_path / "recall.safetensors")
    back = load_recall(tmp_path / "recall.safetensors", SemanticPack(PACK))
    psi, places = torch.randn(1, 7, 12), torch.randn(1, 9, 3)
    assert torch.equal(back(psi, places).values, recall(psi, places).values)
    assert torch.equal(back.scale, recall.scale)


def test_files_of_the_other_kind_or_width_are_refused(recall: Recall, tmp_path: Path) -> None:
    save_adapter(recall, tmp_path / "recall.safetensors")
    save_adapter(SemanticPack(PACK), tmp_path / "pack.safetensors")
    with pytest.raises(AdapterError, match="no SemanticPack adapter"):
        load_adapter(tmp_path / "recall.safetensors")
    with pytest.raises(AdapterError, match="no Recall adapter"):
        load_recall(tmp_path / "pack.safetensors", SemanticPack(PACK))
    wide = SemanticPack(SemanticPackConfig(width=24, channels=5, text=6, image=8, heads=2))
    with pytest.raises(AdapterError, match="asks a memory 12 wide, and this one is 24 wide"):
        load_recall(tmp_path / "recall.safetensors", wide)
    with pytest.raises(AdapterError, match="asks a memory 5 channels deep, and this one is 2 channels deep"):
        load_recall(tmp_path / "recall.safetensors", SemanticPack(PACK), extra_channels=3)
    with pytest.raises(AdapterError, match="missing"):
        load_recall(tmp_path / "nowhere.safetensors", wide)
