"""FramePack's packing, against the layout of the paper's F1 order."""

from __future__ import annotations

import pytest
import torch

from studio.memory.context_sizes import RECENT
from studio.memory.framepack import empty_history, pack_context, slide_history


def numbered(first: int, count: int) -> torch.Tensor:
    return torch.arange(first, first + count, dtype=torch.float32).view(1, 1, count, 1, 1).expand(1, 2, count, 4, 4)


def frames(tensor: torch.Tensor) -> list[int]:
    return [int(v) for v in tensor[0, 0, :, 0, 0]]


def test_f1_order_and_rotary_indices() -> None:
    packed = pack_context(numbered(100, 1), numbered(1, RECENT), window=9)
    assert frames(packed.history_4x) == list(range(1, 17))
    assert frames(packed.history_2x) == [17, 18]
    assert frames(packed.clean) == [100, 19]
    assert packed.clean_index.tolist() == [0, 19]
    assert packed.history_4x_index.tolist() == list(range(1, 17))
    assert packed.history_2x_index.tolist() == [17, 18]
    assert packed.index.tolist() == list(range(20, 29))


def test_a_new_film_holds_only_its_start() -> None:
    recent = empty_history(numbered(7, 1))
    assert frames(recent) == [0] * 18 + [7]


def test_the_window_slides() -> None:
    recent = empty_history(numbered(1, 1))
    for section in range(4):
        recent = slide_history(recent, numbered(2 + 9 * section, 9))
    assert frames(recent) == list(range(19, 38))


def test_a_wrong_history_is_refused() -> None:
    with pytest.raises(ValueError, match="19"):
        pack_context(numbered(0, 1), numbered(0, 18), 9)
