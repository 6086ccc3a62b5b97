"""Reading the header of a safetensors file that is not trusted. By hand: safetensors itself sets no limits and gives no reasons.

A file is 8 bytes that count the header's, a JSON object that names every tensor with its type, shape and place, and the tensors.
The header of a hostile file may be endless, nested without end, or wrong about what follows.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from studio.catalogue.loras import LoraError
from studio.language import join, sentence

LARGEST = 100_000_000
"""Bytes of a header, at most: as many as safetensors reads. Training notes with every picture's caption take many megabytes."""
SHORT = 8 * 2**20
"""Bytes of a header that is parsed without counting its parts first."""
MOST = 20_000
"""Tensors, at most."""
LONGEST = 400
"""Characters of a tensor's name, at most."""
PARTS = 20 * MOST
"""Lists, objects and commas of a long header outside of texts, at most: a hostile one would take gigabytes when it is parsed."""
BYTES = {
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2, "I32": 4, "U32": 4, "F32": 4,
    "I64": 8, "U64": 8, "F64": 8,
}
FLOATING = frozenset({"F8_E4M3", "F8_E5M2", "F16", "BF16", "F32", "F64"})
_BEGINNINGS = (
    (b"PK\x03\x04", sentence("a ZIP archive or a PyTorch checkpoint")),
    (b"\x80\x02", sentence("a PyTorch checkpoint (a pickle)")),
    (b"GGUF", sentence("a GGUF model")), (b"\x89PNG", sentence("a picture")), (b"\xff\xd8\xff", sentence("a picture")),
    (b"RIFF", sentence("a picture or a sound")), (b"\x00\x00\x00", sentence("a film or another kind of file")),
    (b"version https://git-lfs", sentence("a pointer of Git LFS, not the file itself")),
    (b"<", sentence("a page of the web: the download asked for something first")), (b"%PDF", sentence("a PDF")),
)


@dataclass(frozen=True)
class TensorEntry:
    """Type and shape of a tensor, from the header, and its first byte, counted from the end of the header."""

    dtype: str
    shape: tuple[int, ...]
    begin: int = 0

    @property
    def size(self) -> int:
        """Bytes of the tensor."""
        return math.prod(self.shape) * BYTES[self.dtype]


@dataclass(frozen=True)
class Header:
    """Every tensor of a file by its name, the notes (`__metadata__`) of its trainer, and the byte where the tensors begin."""

    tensors: Mapping[str, TensorEntry]
    notes: Mapping[str, str] = field(default_factory=dict)
    begin: int = 0


def read_header(path: Path, name: str = "") -> Header:
    """The header of the file at `path`, which an artist calls `name`.

    Raises:
        LoraError: it is missing, no safetensors file, cut short, longer than its tensors or damaged; the message says which, and
            what it looks like.
    """
    name = printable(name or path.name)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            beginning = file.read(24)
            length = struct.unpack("<Q", beginning[:8])[0] if len(beginning) >= 8 else 0
            if beginning[8:9] != b"{" or not length >= 2:
                raise LoraError(_foreign(name, beginning, size))
            if length > LARGEST:
                raise LoraError(sentence(
                    "{name} is not a LoRA: its header says that it is {length:,} bytes long. {again}",
                    name=name, length=length, again=AGAIN))
            file.seek(8)
            text = file.read(length)
    except FileNotFoundError:
        where = printable(str(path), 200)
        raise LoraError(sentence(
            "{name} is not there any more ({where}). Add the file again, or take the LoRA off the segment.",
            name=name, where=where)) from None
    except OSError as error:
        raise LoraError(sentence(
            "{name} cannot be read ({reason}): {path}.",
            name=name, reason=error.strerror or str(error), path=printable(str(path), 200))) from None
    if len(text) < length:
        raise LoraError(sentence(
            "{name} is cut short: {size:,} bytes are not even its header. {again}", name=name, size=size, again=AGAIN))
    try:
        if length > SHORT and _parts(text) > PARTS:
            raise ValueError("more parts than any LoRA has")
        return _header(json.loads(text), 8 + length, size, name)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise LoraError(sentence("{name} is damaged: its header cannot be read. {again}", name=name, again=AGAIN)) from None


AGAIN = sentence("Get the file again from where it came.")


def printable(name: str, most: int = 80) -> str:
    """A name from an untrusted file, for use in a sentence: printable, on one line, at most `most` characters."""
    clean = "".join(c if c.isprintable() else "?" for c in name[: 5 * most])
    return clean if len(clean) <= most else f"{clean[: most - 4]}..."


def _foreign(name: str, beginning: bytes, size: int) -> str:
    if not size:
        return sentence("{name} is empty. {again}", name=name, again=AGAIN)
    what = next((what for begins, what in _BEGINNINGS if beginning.startswith(begins)), None)
    return join(
        sentence("{name} is not a safetensors file.", name=name), sentence("It looks like {what}.", what=what) if what else "",
        sentence("A LoRA for this studio ends in .safetensors."))


def _parts(text: bytes) -> int:
    """How many lists, objects and commas JSON has outside of its texts, without parsing it."""
    letters = np.frombuffer(text.replace(b"\\\\", b"").replace(b'\\"', b""), np.uint8)
    outside = np.cumsum(letters == ord('"'), dtype=np.uint8) % 2 == 0
    return int(sum((outside & (letters == part)).sum() for part in b"[{,"))


def _header(table: Any, start: int, size: int, name: str) -> Header:
    """The header in a JSON table. `start`: the byte where the tensors begin; `size`: of the file. Raises as `read_header`."""
    if not isinstance(table, dict):
        raise ValueError("not an object")
    notes = table.pop("__metadata__", {})
    if not isinstance(notes, dict):
        raise ValueError("the notes are no object")
    if len(table) > MOST:
        raise LoraError(sentence("{name} is not a LoRA: it holds {number:,} tensors.", name=name, number=len(table)))
    tensors: dict[str, TensorEntry] = {}
    for key, entry in table.items():
        if len(key) > LONGEST:
            raise ValueError("a name is endless")
        dtype, shape, (begin, after) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
        if dtype not in BYTES:
            raise LoraError(sentence(
                "{name} keeps its weights as {dtype}, which this studio does not read.", name=name, dtype=printable(str(dtype))))
        counts = (*shape, begin, after)
        if len(shape) > 8 or not all(type(count) is int and 0 <= count < 2**48 for count in counts):
            raise ValueError("a shape or a place is no whole number")
        if after - begin != math.prod(shape) * BYTES[dtype]:
            raise ValueError("a tensor is not as long as its shape")
        tensors[key] = TensorEntry(dtype, shape, begin)
    _check_places(tensors, size - start, name)
    return Header(tensors, {str(key): str(value) for key, value in notes.items() if isinstance(value, str)}, start)


def _check_places(tensors: Mapping[str, TensorEntry], room: int, name: str) -> None:
    """Check that tensors lie one after another and fill the file, as safetensors demands. Raises LoraError: they do not."""
    end, joined = 0, True
    for entry in sorted(tensors.values(), key=lambda entry: (entry.begin, entry.size)):
        joined = joined and entry.begin == end
        end = max(end, entry.begin + entry.size)
    if end > room:
        raise LoraError(sentence(
            "{name} is cut short: {room:,} of {end:,} bytes of its weights are there. {again}",
            name=name, room=room, end=end, again=AGAIN))
    if not joined:
        raise LoraError(sentence(
            "{name} is damaged: its tensors overlap, or there are gaps between them. {again}", name=name, again=AGAIN))
    if end < room:
        raise LoraError(sentence(
            "{name} is damaged: {room:,} bytes follow after its last tensor. {again}", name=name, room=room - end, again=AGAIN))
