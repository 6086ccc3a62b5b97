"""The embedded model's operations are the same bit for bit on any number of processor threads."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

import pytest
import torch
from diffusers.models.activations import GELU
from torch import Tensor, nn
from torch.nn import functional as F
from transformers.activations import GELUTanh

from studio.backbones.animatic import same_sums
from studio.backbones.animatic.same_sums import (
    CONVOLUTIONS,
    FEW_ROWS,
    bilinear,
    compute_alike,
    layer_products,
    point_convolution,
    same_on_any_threads,
)

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


@pytest.mark.parametrize("shape", [(16383,), (16385,), (17, 1001), (3, 40000), (7, 5, 4001)])
def test_gelus_of_any_size_are(shape: tuple[int, ...]) -> None:
    layer, x = nn.GELU(approximate="tanh"), torch.randn(*shape, generator=torch.Generator().manual_seed(0))
    torch.set_num_threads(1)
    before = layer(x)
    compute_alike(nn.Sequential(layer))
    values = results(lambda: layer(x))
    assert alike(values) and torch.equal(values[0], before)
    turned = results(lambda: layer(x.T if x.ndim == 2 else x))
    assert alike(turned)


def test_products_are_where_it_is_said() -> None:
    """Whatever the processor: of a layer with two or three rows, and of the sizes that were tried."""
    draw = torch.Generator().manual_seed(0)
    network = nn.Sequential(*(nn.Linear(inner, columns) for _, inner, columns in FEW_ROWS))
    plain = copy.deepcopy(network)
    compute_alike(network)
    for layer, before in zip(network, plain, strict=True):
        for shape in ((1,), (2,), (3,), (1, 3), (2, 1), (4,), (2, 3)):
            x = torch.randn(*shape, layer.in_features, generator=draw)
            with torch.no_grad():
                values = results(lambda layer=layer, x=x: layer(x))
                torch.testing.assert_close(values[0], before(x))
            assert alike(values) and values[0].shape == (*shape, layer.out_features)
    if same_on_any_threads(products := layer_products(network)):
        for rows, inner, columns in products:
            one, other, bias = (torch.randn(*shape, generator=draw) for shape in ((rows, inner), (columns, inner), (columns,)))
            assert alike(results(lambda one=one, other=other, bias=bias: F.linear(one, other, bias))), (rows, inner, columns)


def test_what_was_tried_is_not_the_same_without_rows_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(same_sums, "same_on_any_threads", lambda products: False)
    layer, calls = nn.Linear(8, 4), []
    layer.register_forward_pre_hook(lambda module, inputs: calls.append(inputs[0].shape))
    forward = layer.forward
    layer.forward = lambda x: calls.append(tuple(x.shape)) or forward(x)  # type: ignore[method-assign, func-returns-value]
    compute_alike(nn.Sequential(layer))
    with torch.no_grad():
        assert layer(torch.zeros(1, 3, 8)).shape == (1, 3, 4)
    assert calls == [(1, 3, 8), (1, 8), (1, 8), (1, 8)], "the call, and then each row"


@pytest.mark.parametrize("mode", ["AUTO", ""])
def test_without_the_strict_mode_nothing_is_promised(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    monkeypatch.setenv("MKL_CBWR", mode)
    assert not same_on_any_threads.__wrapped__(CONVOLUTIONS)


def test_convolutions_are() -> None:
    assert same_on_any_threads(CONVOLUTIONS)
    draw = torch.Generator().manual_seed(0)
    x, weight = torch.randn(9, 3072, 12, 20, generator=draw), torch.randn(320, 3072, 1, 1, generator=draw)
    values = results(lambda: point_convolution(x, weight))
    assert alike(values)
    torch.testing.assert_close(values[0], F.conv2d(x, weight), rtol=1e-4, atol=1e-3)


def test_enlarging_is_and_torch_has_the_same_picture() -> None:
    draw = torch.Generator().manual_seed(0)
    for shape, size in (((8, 3, 12, 20), (384, 640)), ((2, 1, 7, 5), (24, 30)), ((1, 2, 1, 1), (3, 4))):
        x = torch.randn(*shape, generator=draw)
        values = results(lambda x=x, size=size: bilinear(x, *size))
        assert alike(values)
        torch.testing.assert_close(values[0], F.interpolate(x, size, mode="bilinear", align_corners=False), rtol=0, atol=2e-6)


def test_enlarging_by_torch_is_not() -> None:
    """Otherwise the test before could not fail."""
    x = torch.randn(8, 3, 12, 20, generator=torch.Generator().manual_seed(0))
    assert not alike(results(lambda: F.interpolate(x, (384, 640), mode="bilinear", align_corners=False)))
