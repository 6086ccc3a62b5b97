"""Weight-only int8: Linear layers kept as one byte per weight and one scale per row. It does not know devices or files.

The scale of a row is its largest weight over 127, rounded up to a bfloat16 value: so nothing clips, and int8 times scale is the
same weight in bfloat16 compute as in float32 compute, up to the rounding that bfloat16 does to any weight. Parameters, never
buffers: what moves a model's parameters (streams, group offload, disk) moves these too.
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
SKIP = ("*norm*", "x_embedder*", "clean_x_embedder*", "context_embedder*", "time_text_embed*", "image_projection*", "proj_out")
"""Names of FramePack's layers that stay as they are: AdaLN, embedders, the output layer. They hold nine tenths of int8's error."""


class Int8Linear(nn.Module):
    """A Linear whose weight is int8 [out, in] times scale [out, 1], float32. Its bias keeps the precision it had.

    `product` multiplies; see `multiply_by_bitsandbytes`.
    """

    product: Callable[[Int8Linear, Tensor], Tensor]

    def __init__(self, linear: nn.Linear) -> None:
        """Takes a Linear in any precision, on any device, meta too.

        Raises:
            ValueError: a weight is not a number.
        """
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        weight, scale = quantize_weight(linear.weight.detach())
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.scale = nn.Parameter(scale, requires_grad=False)
        self.bias = None if linear.bias is None else nn.Parameter(linear.bias.detach(), requires_grad=False)
        self.product = multiply_in_float

    def forward(self, x: Tensor) -> Tensor:
        """[..., in] to [..., out], in the precision of x."""
        return self.product(self, x)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


def quantize_weight(weight: Tensor) -> tuple[Tensor, Tensor]:
    """[out, in] to int8 [out, in] and scale float32 [out, 1]; every weight is within half a scale of what it was.

    Raises:
        ValueError: a weight is not a number.
    """
    exact = weight.float()
    largest = exact.abs().amax(dim=1, keepdim=True)
    if not largest.is_meta and not torch.isfinite(largest).all():
        raise ValueError("a weight is not a number, and int8 cannot keep it: get the model's files again")
    scale = _up_to_bfloat16((largest / MAX_INT8).clamp_min(torch.finfo(torch.bfloat16).tiny))
    return exact.div(scale).round_().to(torch.int8), scale


def quantize(module: nn.Module, skip: Collection[str] = SKIP) -> tuple[str, ...]:
    """Replace the Linear layers of `module` by int8 ones, in place, one at a time: the peak is one layer above the model.

    Args:
        module: in any precision, on any device; on meta it becomes the skeleton that stored weights are loaded into.
        skip: patterns of full names that stay.

    Returns:
        The names of the layers that were replaced.

    Raises:
        ValueError: a weight is not a number; the message names the layer. Those before it are int8 already.
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
    tensors: Iterable[tuple[str, Tensor]], layers: Collection[str], dtype: torch.dtype
) -> Iterator[tuple[str, Tensor]]:
    """A checkpoint's tensors as `quantize` would have left them, one after another: no model need be in memory.

    Args:
        tensors: name and value, in any order.
        layers: what `quantize` returned for the skeleton.
        dtype: of everything that stays floating.

    Raises:
        ValueError: a weight is not a number; the message names it.
    """
    weights = {f"{name}.weight" for name in layers}
    for name, tensor in tensors:
        # In `dtype` first: so a checkpoint gives the bytes that a model loaded in `dtype` gives.
        tensor = tensor.to(dtype) if tensor.is_floating_point() else tensor
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
    """Says how weights were made int8, for whoever stores them."""
    return f"int8 rows 1, without {' '.join(sorted(skip))}"


def multiply_by_bitsandbytes(module: nn.Module) -> int:
    """Let bitsandbytes multiply in every int8 layer of `module`, from the same weights and scales; returns how many there are.

    Its kernels round the rows of the input to int8 as well and multiply integers (LLM.int8, 2208.07339, without outliers kept
    apart: that path costs time and matters to language models), where ours widen the weights. Nothing else changes: the weights
    are stored and streamed as before, which bitsandbytes' own layers cannot be (their state does not move with the parameters).

    Raises:
        ValueError: bitsandbytes is not installed.
    """
    require_bitsandbytes()
    layers = [part for part in module.modules() if isinstance(part, Int8Linear)]
    for layer in layers:
        layer.product = _by_bitsandbytes
    return len(layers)


def require_bitsandbytes() -> None:
    """Raises ValueError: it is not installed, and how to get it."""
    if importlib.util.find_spec("bitsandbytes") is None:
        raise ValueError("bitsandbytes is not installed. Install it with: pip install 'memorypack-studio[cuda]'")


def multiply_in_float(layer: Int8Linear, x: Tensor) -> Tensor:
    """The product in the precision of x: weights are multiply_in_float, one layer at a time."""
    weight = layer.weight.to(x.dtype).mul_(layer.scale.to(x.dtype))     # in place: a second copy of a layer is 75 MB at 13B
    return F.linear(x, weight, layer.bias)


def _by_bitsandbytes(layer: Int8Linear, x: Tensor) -> Tensor:
    from bitsandbytes.autograd._functions import MatmulLtState, matmul  # seconds, and only for those who asked for it

    # It says for every product that it casts the input to float16, which is what it is for.
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
