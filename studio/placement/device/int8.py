"""Weight-only int8: Linear layers with one byte per weight and one scale per row.

The scale of a row is its largest weight divided by 127, rounded up to a bfloat16 value. So no weight is clipped, and int8 times
scale is the same weight in bfloat16 as in float32, up to the rounding to bfloat16 itself. Weights and scales are parameters and not
module buffers, so code that moves a model's parameters (streaming, group offload, files) moves them too.

By hand: the state of bitsandbytes' own int8 layers does not move with the parameters, so these could not be streamed.
"""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from fnmatch import fnmatchcase

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MAX_INT8 = 127
AT_ONCE = 2**16
"""Weights that are rounded at a time, about: in float32 they fit in a processor's cache."""
SKIP = ("*norm*", "x_embedder*", "clean_x_embedder*", "context_embedder*", "time_text_embed*", "image_projection*", "proj_out")
"""Names of FramePack's layers that stay in floating point: AdaLN, embedders, output. In int8 they cause 90 % of the error."""


class Int8Linear(nn.Module):
    """A Linear layer whose weight is int8 [out, in] times a float32 scale [out, 1]. The bias keeps its precision.

    The attribute `product` is the function that multiplies; see `multiply_by_bitsandbytes`.
    """

    product: Callable[[Int8Linear, Tensor], Tensor]

    def __init__(self, linear: nn.Linear) -> None:
        """Quantizes a Linear layer.

        Args:
            linear: in any precision, on any device, also meta.

        Raises:
            ValueError: a weight is not a finite number.
        """
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        weight, scale = quantize_weight(linear.weight.detach())
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.scale = nn.Parameter(scale, requires_grad=False)
        self.bias = None if linear.bias is None else nn.Parameter(linear.bias.detach(), requires_grad=False)
        self.product = multiply_in_float

    def forward(self, x: Tensor) -> Tensor:
        """From x [..., in] to [..., out], in the precision of x."""
        return self.product(self, x)

    def extra_repr(self) -> str:
        """As nn.Linear prints itself."""
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


def quantize_weight(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Rounds a weight [out, in] to int8 [out, in] and a float32 scale [out, 1]. The error is at most half a scale.

    Raises:
        ValueError: a weight is not a finite number.
    """
    if weight.is_meta:
        return torch.empty_like(weight, dtype=torch.int8), torch.empty(len(weight), 1, device="meta")
    rounded = torch.empty_like(weight, dtype=torch.int8, memory_format=torch.contiguous_format)
    scales = torch.empty(len(weight), 1, device=weight.device)
    # A few rows at a time, because they stay in the processor's cache: all at once take four times as long.
    rows = max(1, AT_ONCE // max(1, weight.shape[1])) if weight.device.type == "cpu" else max(1, len(weight))
    for some, target, scale in zip(weight.split(rows), rounded.split(rows), scales.split(rows), strict=True):
        _quantize_rows(some, target, scale)
    return rounded, scales


def _quantize_rows(weight: Tensor, rounded: Tensor, scales: Tensor) -> None:
    """Rounds rows [n, in] into `rounded` int8 [n, in] and `scales` float32 [n, 1]. Raises as `quantize_weight`."""
    exact = weight.float()
    largest = exact.abs().amax(dim=1, keepdim=True)
    if not torch.isfinite(largest).all():
        raise ValueError("a weight is not a number, and int8 cannot keep it: get the model's files again")
    scale = _up_to_bfloat16((largest / MAX_INT8).clamp_min(torch.finfo(torch.bfloat16).tiny))
    rounded.copy_(exact.div(scale).round_())
    scales.copy_(scale)


def quantize(module: nn.Module, skip: Collection[str] = SKIP) -> tuple[str, ...]:
    """Replaces the Linear layers of `module` by int8 ones, one after another, so only one layer is in memory twice.

    Args:
        module: is changed in place; in any precision, on any device. On meta it becomes a skeleton for stored weights.
        skip: patterns of full names of layers that are not replaced.

    Returns:
        The names of the layers that were replaced.

    Raises:
        ValueError: a weight is not a finite number; the message names the layer. The layers before it have been replaced.
    """
    names = [name for name, part in module.named_modules() if type(part) is nn.Linear and not _skipped(name, skip)]
    for name in names:
        parent, _, key = name.rpartition(".")
        owner = module.get_submodule(parent)
        try:
            setattr(owner, key, Int8Linear(getattr(owner, key)))
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return tuple(names)


def quantize_tensors(
    tensors: Iterable[tuple[str, Tensor]], layers: Collection[str], dtype: torch.dtype,
    exact: Callable[[str], bool] = lambda _: False,
) -> Iterator[tuple[str, Tensor]]:
    """Quantizes the tensors of a checkpoint one after another, without a model in memory. The values are those of `quantize`.

    Args:
        tensors: (name, value) in any order.
        layers: what `quantize` returned for the skeleton.
        dtype: of the tensors that stay in floating point.
        exact: whether a tensor of this name stays in float32.

    Raises:
        ValueError: a weight is not a finite number; the message names it.
    """
    weights = {f"{name}.weight" for name in layers}
    for name, tensor in tensors:
        # Converted to `dtype` first, so that the result is the same as for a model that was loaded in `dtype`.
        tensor = tensor.to(torch.float32 if exact(name) else dtype) if tensor.is_floating_point() else tensor
        if name in weights:
            try:
                weight, scale = quantize_weight(tensor)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
            yield name, weight
            yield f"{name.removesuffix('weight')}scale", scale
        else:
            yield name, tensor


def recipe(skip: Collection[str] = SKIP) -> str:
    """A text that identifies how weights are quantized, to be stored with them."""
    return f"int8 rows 1, without {' '.join(sorted(skip))}"


def multiply_by_bitsandbytes(module: nn.Module) -> int:
    """Makes every int8 layer of `module` multiply with bitsandbytes' kernels, from the same weights and scales.

    These kernels also round the rows of the input to int8 and multiply integers (LLM.int8, 2208.07339, without its separate
    treatment of outliers, which takes time and matters for language models). Storing and streaming of weights do not change.

    Returns:
        The number of int8 layers.

    Raises:
        ValueError: bitsandbytes is not installed.
    """
    require_bitsandbytes()
    layers = [part for part in module.modules() if isinstance(part, Int8Linear)]
    for layer in layers:
        layer.product = _by_bitsandbytes
    return len(layers)


def require_bitsandbytes() -> None:
    """Checks that bitsandbytes is installed.

    Raises:
        ValueError: it is not; the message says how to install it.
    """
    if importlib.util.find_spec("bitsandbytes") is None:
        raise ValueError("bitsandbytes is not installed. Install it with: pip install 'memorypack-studio[cuda]'")


def multiply_in_float(layer: Int8Linear, x: Tensor) -> Tensor:
    """The layer's output [..., out] for x [..., in]: the weight is converted to the precision of x, then multiplied."""
    weight = layer.weight.to(x.dtype).mul_(layer.scale.to(x.dtype))     # in place: another copy of a 13B model's layer is 75 MB
    return F.linear(x, weight, layer.bias)


def _by_bitsandbytes(layer: Int8Linear, x: Tensor) -> Tensor:
    from bitsandbytes.autograd._functions import MatmulLtState, matmul  # importing it takes seconds

    # It warns at every product that it casts the input to float16; this is intended.
    logging.getLogger("bitsandbytes.autograd._functions").setLevel(logging.ERROR)
    state = MatmulLtState()
    state.has_fp16_weights, state.threshold = False, 0.0
    state.CB, state.SCB = layer.weight.data, layer.scale.data.flatten() * MAX_INT8
    bias = None if layer.bias is None else layer.bias.to(x.dtype)
    out: Tensor = matmul(x, layer.weight, bias=bias, state=state)
    return out


def _skipped(name: str, skip: Collection[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in skip)


def _up_to_bfloat16(x: Tensor) -> Tensor:
    """The smallest bfloat16 value that is not below x, for x > 0, as float32."""
    return ((x.view(torch.int32) + 0xFFFF) & -0x10000).view(torch.float32)
