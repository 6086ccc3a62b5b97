"""Pieces of a shift map: fewer where that costs less, and each with an offset of its own."""

from __future__ import annotations

import numpy as np

from studio.media.pieces import dearer, merge, numbered, split
from studio.media.shift_map import Costs, ShiftMap


def costs(border: float = 0.2) -> Costs:
    """Three labels that cost the same everywhere in a box of 8 by 12 pixels; a border between two costs so much per pixel of it."""
    unary = np.zeros((8, 12, 3), np.float32)
    difference = np.broadcast_to(np.float32(border / 2) * (1 - np.eye(3, dtype=np.float32)), (8, 12, 3, 3)).copy()
    return Costs(unary, difference, np.ones((8, 12), bool))


def with_a_spot() -> np.ndarray:
    labels = np.zeros((8, 12), np.intp)
    labels[:, 6:] = 1
    labels[3:5, 2:4] = 2
    return labels


def test_pieces_are_connected() -> None:
    labels = with_a_spot()
    labels[0, 11] = 2
    inside = np.ones((8, 12), bool)
    inside[7] = False
    numbers, owners = numbered(labels, inside)
    assert owners.tolist() == [0, 1, 2, 2] and (numbers[7] == -1).all()
    assert (owners[numbers[:7]] == labels[:7]).all() and numbers[0, 11] != numbers[3, 2]


def test_a_small_piece_takes_its_neighbours_label() -> None:
    merged = merge(with_a_spot(), costs())
    assert len(np.unique(merged)) == 1, "labels cost nothing here, so every border is one too many"


def test_a_piece_stays_that_is_worth_its_border() -> None:
    worth = costs()
    worth.unary[:, 6:, [0, 2]] = 1
    worth.unary[:, :6, 1:] = 1
    worth.unary[3:5, 2:4] = [1, 1, 0]
    assert (merge(with_a_spot(), worth) == with_a_spot()).all()
    assert merge(with_a_spot(), dearer(worth, np.array([0, 0, 5], np.float32)))[3, 2] == 0, "unless it copies what is avoided"


def test_a_piece_does_not_merge_into_what_is_avoided() -> None:
    extra = np.zeros((8, 12, 3), np.float32)
    extra[:, :6, 1] = 1
    extra[3:5, 2:4, 2] = 1
    merged = merge(with_a_spot(), dearer(costs(), extra))
    assert (merged == 0).all(), "the spot and the right half take the label that copies nothing distinct"


def test_each_piece_moves_by_itself() -> None:
    labels = with_a_spot()
    labels[0, 11] = 2
    hole = np.ones((8, 12), bool)
    shifts = ShiftMap(np.array([[0, 5], [0, 7], [1, 9]], np.int32), labels)
    apart = split(shifts, hole)
    assert (apart.offsets[apart.labels] == shifts.offsets[labels]).all()
    assert apart.labels[0, 11] != apart.labels[3, 2] and len(apart.offsets) == 4 + 3
