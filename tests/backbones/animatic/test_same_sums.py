"""The embedded model's operations are the same bit for bit on any number of processor threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from diffusers.models.activations import GELU
from torch import Tensor, nn
from torch.nn import functional as F
from transformers.activations import GELUTanh

from studio.backbones.animatic.same_sums import compute_alike, point_convolution
from studio.engine.processor_share import same_on_any_threads

THREADS = (1, 2, 3, 5, 8)


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    """The number of threads of before is set again afterwards."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def results(work: Callable[[], Tensor]) -> list[Tensor]:
    found = []
    for count in THREADS:
        torch.set_num_threads(count)
        found.append(work())
    return found


def alike(values: list[Tensor]) -> bool:
    return all(torch.equal(values[0], other) for other in values[1:])


def test_a_gelu_of_torch_is_not() -> None:
    """Otherwise the next test could not fail."""
    x = torch.randn(1, 742, 1024, generator=torch.Generator().manual_seed(0))
    assert not alike(results(lambda: F.gelu(x, approximate="tanh")))


@pytest.mark.parametrize("make", [
    lambda: nn.GELU(approximate="tanh"), lambda: nn.GELU(), GELUTanh, lambda: GELU(8, 1024, approximate="tanh"),
], ids=["torch", "erf", "Transformers", "Diffusers"])
def test_gelus_are(make: Callable[[], nn.Module]) -> None:
    torch.manual_seed(0)
    layer, x = make(), torch.randn(1, 743, 8 if make().state_dict() else 1024)
    torch.set_num_threads(1)
    before = layer(x)
    compute_alike(nn.Sequential(layer))
    with torch.no_grad():
        values = results(lambda: layer(x))
    assert alike(values) and torch.equal(values[0], before)


def test_products_and_convolutions_are() -> None:
    """On processors for which MKL has a strict mode; elsewhere the studio does not count on it."""
    if not same_on_any_threads():
        return
    draw = torch.Generator().manual_seed(0)
    for rows, inner, columns in ((43, 1024, 256), (64, 1024, 256), (9, 384, 96)):
        one, other, bias = (torch.randn(*shape, generator=draw) for shape in ((rows, inner), (columns, inner), (columns,)))
        assert alike(results(lambda one=one, other=other, bias=bias: F.linear(one, other, bias))), (rows, inner, columns)
    x, weight = torch.randn(9, 3072, 12, 20, generator=draw), torch.randn(320, 3072, 1, 1, generator=draw)
    values = results(lambda: point_convolution(x, weight))
    assert alike(values)
    torch.testing.assert_close(values[0], F.conv2d(x, weight), rtol=1e-4, atol=1e-3)
