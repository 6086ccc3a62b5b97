"""Throughput counts operations and compares them with a matrix product's rate."""

from __future__ import annotations

import torch

from studio.lab.train.throughput import Throughput, peak_rate


def test_a_matrix_product_reaches_its_own_rate() -> None:
    device, a = torch.device("cpu"), torch.randn(512, 512)
    found = Throughput(device, torch.float32)
    for _ in range(8):
        found.step(lambda: a @ a)
    assert found.operations == 2 * 512**3
    assert 0.02 < found.share() < 5.0      # a shared machine: only the order of magnitude can be held


def test_only_arithmetic_counts() -> None:
    found = Throughput(torch.device("cpu"), torch.float32)
    assert found.step(lambda: torch.ones(3)).sum() == 3
    assert found.operations == 0
    assert found.share() == 0.0


def test_the_peak_is_a_rate() -> None:
    assert peak_rate(torch.device("cpu"), torch.float32, seconds=0.1) > 1e8
