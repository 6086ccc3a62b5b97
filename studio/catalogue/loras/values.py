"""Whether the weights in a LoRA file are numbers, without torch: read block by block, when the file is put on a segment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import IO

import numpy as np

from studio.catalogue.loras import LoraError
from studio.catalogue.loras.header import AGAIN, BYTES, TensorEntry, printable
from studio.language import sentence

BLOCK = 16 * 2**20
"""Bytes that are read at once; a multiple of every number's size."""
_EXPONENTS = {
    "F64": 0x7FF0000000000000, "F32": 0x7F800000, "F16": 0x7C00, "BF16": 0x7F80, "F8_E5M2": 0x7C, "F8_E4M3": 0x7F,
}
"""The bits that are all set in numbers that are infinite or none, and in no others."""


def check_values(
    path: Path, begin: int, weights: Mapping[str, TensorEntry], alpha: TensorEntry | None, names: tuple[str, str]
) -> None:
    """Check the weights of one layer of a file.

    Args:
        path: of the file.
        begin: the byte where its tensors begin.
        weights: the layer's two matrices.
        alpha: the layer's alpha, if it has one.
        names: what an artist calls the file, and the layer's name.

    Raises:
        LoraError: a weight is infinite or no number, alpha is not one number, or the file cannot be read.
    """
    name, layer = names
    entries = [*weights.values(), *([alpha] if alpha else [])]
    try:
        with path.open("rb") as file:
            finite = all(_is_finite(file, begin, entry) for entry in entries)
    except OSError as error:
        raise LoraError(sentence(
            "{name} cannot be read ({reason}). {again}",
            name=printable(name), reason=error.strerror or str(error), again=AGAIN)) from None
    if not finite or (alpha is not None and alpha.size != BYTES[alpha.dtype]):
        raise values_error(name, layer)


def values_error(name: str, layer: str) -> LoraError:
    """The error for a file with values in this layer that are not numbers."""
    return LoraError(sentence(
        "{name} holds values that are not numbers (in {layer}): its training has failed, and it cannot be used. Use an earlier "
        "one of its training.", name=printable(name), layer=printable(layer)))


def _is_finite(file: IO[bytes], begin: int, entry: TensorEntry) -> bool:
    """Whether all values of a tensor are finite. Whole numbers are."""
    exponent, left = _EXPONENTS.get(entry.dtype), entry.size
    file.seek(begin + entry.begin)
    while exponent is not None and left > 0:
        content = file.read(min(BLOCK, left))
        if not content:
            return True                    # cut short since its header was read; whoever reads the weights says so
        bits = np.frombuffer(content[: len(content) // BYTES[entry.dtype] * BYTES[entry.dtype]], f"<u{BYTES[entry.dtype]}")
        if bool(((bits & exponent) == exponent).any()):
            return False
        left -= len(content)
    return True
