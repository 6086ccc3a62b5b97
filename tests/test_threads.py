"""OpenMP's threads soon sleep when they wait, in the app and the lab: a busy neighbour keeps its share of the cores."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

ROOT = Path(__file__).parents[1]
LOAD = """
import ctypes, sys
assert "torch" not in sys.modules, "torch was loaded before the setting was made"
ctypes.CDLL(sys.argv[1])
"""
"""Loads OpenMP as torch will: with the environment variables of this moment."""


@pytest.fixture(scope="module")
def openmp() -> str:
    """GNU's OpenMP, as torch brings it."""
    spec = importlib.util.find_spec("torch")
    assert spec is not None and spec.origin is not None
    folder = Path(spec.origin).parent
    libraries = [*folder.glob("lib/libgomp*.so*"), *folder.parent.glob("torch.libs/libgomp*.so*")]
    if not libraries:
        pytest.skip("this torch was not built with GNU's OpenMP")
    return str(libraries[0])


def settings(openmp: str, code: str, **variables: str) -> str:
    """What OpenMP says of itself when a new process that ran `code` loads it: one line for each setting."""
    environment = {key: value for key, value in os.environ.items() if key not in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")}
    done = subprocess.run([sys.executable, "-c", code + LOAD, openmp], cwd=ROOT, capture_output=True, text=True, check=True,
                          env={**environment, "OMP_DISPLAY_ENV": "VERBOSE", **variables})
    return done.stderr


def test_without_the_studio_threads_spin(openmp: str) -> None:
    """Otherwise the other tests of this file could not fail."""
    assert "GOMP_SPINCOUNT = '300000'" in settings(openmp, "pass")


@pytest.mark.parametrize("code", [
    "import app; from studio.engine.engine import Engine",
    "import app; from studio.commands.render import render",
    "import studio.lab.__main__",
], ids=["page", "render", "lab"])
def test_threads_sleep_while_they_wait(openmp: str, code: str) -> None:
    assert "GOMP_SPINCOUNT = '10000'" in settings(openmp, code)


def test_a_users_own_setting_is_respected(openmp: str) -> None:
    assert "GOMP_SPINCOUNT = '300'" in settings(openmp, "import studio", GOMP_SPINCOUNT="300")
    assert "GOMP_SPINCOUNT = '0'" in settings(openmp, "import studio", OMP_WAIT_POLICY="PASSIVE")
    assert "GOMP_SPINCOUNT = '10000'" not in settings(openmp, "import studio", OMP_WAIT_POLICY="ACTIVE")


def test_the_tests_themselves_run_so() -> None:
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"


def test_products_do_not_depend_on_where_their_operands_lie() -> None:
    """Without MKL_CBWR some of these are rounded otherwise on some processors."""
    draw = torch.Generator().manual_seed(0)
    for rows, inner, columns in ((3, 24, 24), (31, 24, 24), (37, 100, 60), (1, 64, 128), (129, 31, 77)):
        one, other, bias = (torch.randn(*shape, generator=draw) for shape in ((rows, inner), (columns, inner), (columns,)))
        product, layer = one @ other.T, F.linear(one, other, bias)
        for floats in (1, 2, 4, 8, 12):
            moved, beside = _moved(one, floats), _moved(other, floats)
            assert torch.equal(moved @ beside.T, product) and torch.equal(F.linear(moved, beside, bias), layer), (rows, floats)


def _moved(values: torch.Tensor, floats: int) -> torch.Tensor:
    """The same values, so many floats behind a multiple of 64 bytes."""
    buffer = torch.empty(values.numel() + 64)
    begin = -buffer.data_ptr() % 64 // 4 + floats
    return buffer[begin : begin + values.numel()].view(values.shape).copy_(values)
