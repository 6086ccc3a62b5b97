"""Tensors in less room without loss: the bytes of their values sorted by place, and compressed by zlib.

Latents look like noise in the lower bytes of their values, which no coder makes smaller; the higher bytes take a good part less
room. Counting bytes alone (Huffman) is the quickest way there; where much is the same, zlib's search for repetitions is better.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

LEAST = 4096
"""Bytes of a tensor below which nothing is packed."""
_DTYPES = {"float32": torch.float32, "float16": torch.float16, "uint8": torch.uint8}


def pack(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors, the larger ones as packed bytes, and the fact that tells a reader which: their kinds and shapes."""
    packed: dict[str, Tensor] = {}
    kinds: dict[str, list[object]] = {}
    for name, tensor in tensors.items():
        kind = str(tensor.dtype).removeprefix("torch.")
        content = _squeeze(tensor) if kind in _DTYPES and tensor.nbytes >= LEAST else None
        if content is None:
            packed[name] = tensor
        else:
            packed[name] = torch.frombuffer(bytearray(content), dtype=torch.uint8)
            kinds[name] = [kind, *tensor.shape]
    return packed, {"packed": json.dumps(kinds)} if kinds else {}


def unpack(tensors: Mapping[str, Tensor], facts: Mapping[str, str]) -> dict[str, Tensor]:
    """The tensors that `pack` was given. Raises ValueError: they are damaged."""
    whole = dict(tensors)
    try:
        for name, (kind, *shape) in json.loads(facts.get("packed", "{}")).items():
            whole[name] = _unsqueeze(whole[name].numpy().tobytes(), _DTYPES[kind], [int(side) for side in shape])
    except (TypeError, KeyError, AttributeError, RuntimeError, zlib.error) as error:
        raise ValueError(f"what is packed in it cannot be read ({error})") from None
    return whole


def _squeeze(tensor: Tensor) -> bytes | None:
    """The packed bytes of a tensor; None where they are not fewer."""
    plain = tensor.contiguous().numpy()
    planes = plain.reshape(-1).view(np.uint8).reshape(-1, plain.itemsize).T.tobytes()
    squeezer = zlib.compressobj(strategy=zlib.Z_HUFFMAN_ONLY)
    best = squeezer.compress(planes) + squeezer.flush()
    if 2 * len(best) < len(planes):
        best = min(best, zlib.compress(planes, 1), key=len)
    return best if len(best) < len(planes) else None


def _unsqueeze(content: bytes, dtype: torch.dtype, shape: list[int]) -> Tensor:
    """Raises ValueError: it is not as long as a tensor of that shape."""
    item = torch.empty(0, dtype=dtype).element_size()
    size = math.prod(shape) * item
    if min(shape, default=0) < 1 or size > 2**32:
        raise ValueError("what is packed in it has an impossible shape")
    reader = zlib.decompressobj()
    planes = reader.decompress(content, size)           # no more than that: a file from elsewhere may be made to grow without end
    if len(planes) != size or (not reader.eof and reader.decompress(reader.unconsumed_tail, 1)):
        raise ValueError("what is packed in it is not as long as it should be")
    plain = np.frombuffer(planes, np.uint8).reshape(item, -1).T.copy()
    return torch.frombuffer(bytearray(plain.tobytes()), dtype=dtype).reshape(shape)
