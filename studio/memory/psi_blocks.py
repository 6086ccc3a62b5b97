"""psi in blocks: a memory that keeps all it was is stored once, however many snapshots name it.

A memory that appends (`AppendsToPsi`) adds rows to psi with every section and changes none. Its snapshot files name those rows by
their content instead of holding them: each section's rows are one block, a file beside the snapshot of the take that made them, and
later snapshots find it there or in the folders of the other takes of the film. So a section costs the same bytes in films of any
length, and a take's folder can be copied with all it needs (`copy_blocks`).

Letters: M rows of psi, m of them in a block, D their width.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from studio.disk import atomic_write
from studio.memory.tensors import write_tensors

PREFIX, SUFFIX, NAME = "psi-", ".safetensors", re.compile("[0-9a-f]{64}")


class BlockError(Exception):
    """A block is missing or is not what its name says."""


@dataclass(frozen=True)
class Block:
    """Rows of psi, by their content."""

    name: str       # SHA-256 of shape and values
    rows: int       # m

    @property
    def is_valid(self) -> bool:
        """Whether it is what a block can be: names come from files."""
        return isinstance(self.name, str) and bool(NAME.fullmatch(self.name)) and isinstance(self.rows, int) and self.rows > 0

    @property
    def file(self) -> str:
        """Name of its file."""
        return f"{PREFIX}{self.name}{SUFFIX}"


def name_block(rows: Tensor) -> Block:
    """The block of rows [1, m, D], in float32."""
    digest = hashlib.sha256(repr(tuple(rows.shape)).encode())
    digest.update(rows.float().cpu().contiguous().numpy().tobytes())
    return Block(digest.hexdigest(), rows.shape[1])


def append_block(psi: Tensor, blocks: Sequence[Block]) -> tuple[Block, ...]:
    """`blocks` of the first rows of psi [1, M, D], and one block for all rows behind them.

    Raises:
        ValueError: psi has no rows behind them.
    """
    named = sum(block.rows for block in blocks)
    if named >= psi.shape[1]:
        raise ValueError(f"a memory that appends has {psi.shape[1]} rows of psi after a section, and had {named} before it")
    return (*blocks, name_block(psi[:, named:]))


def write_blocks(psi: Tensor, blocks: Sequence[Block], folder: Path) -> None:
    """Write those blocks of psi [1, M, D] that lie neither in this take's folder nor beside it.

    Raises:
        OSError: the disk is full or the folder cannot be written.
    """
    missing = [block for block in blocks if not (folder / block.file).is_file()]
    found = _find(missing[:-1], folder)         # the last one is the newest section's, which no other take has
    at = 0
    for block in blocks:
        if block in missing and block not in found:
            write_tensors({"psi": psi[:, at : at + block.rows].float()}, folder / block.file, {"format": "psi-block"})
        at += block.rows


def read_blocks(blocks: Sequence[Block], folder: Path) -> Tensor:
    """psi [1, M, D] of blocks that lie in a take's folder, or in those beside it.

    Raises:
        BlockError: a block is missing, cannot be read, or holds other values than its name says.
    """
    files, rows = _find(blocks, folder), []
    for block in blocks:
        if block not in files:
            raise BlockError(f"{block.file} is missing")
        try:
            read = load_file(files[block])["psi"]
        except (OSError, RuntimeError, SafetensorError, KeyError) as error:
            raise BlockError(f"{files[block]} cannot be read ({error})") from None
        if read.dim() != 3 or name_block(read) != block:
            raise BlockError(f"{files[block]} holds other values than its name says")
        rows.append(read)
    return torch.cat(rows, dim=1)


def copy_blocks(blocks: Iterable[Block], old: Path, new: Path) -> None:
    """Give a take's folder all blocks that a snapshot in the take's folder `old` names.

    Raises:
        BlockError: one is missing. OSError: the disk is full.
    """
    wanted = tuple(blocks)
    files = _find(wanted, old)
    for block in wanted:
        if block not in files:
            raise BlockError(f"{block.file} is missing")
        if not (new / block.file).is_file():
            with atomic_write(new / block.file) as temporary:
                shutil.copyfile(files[block], temporary)


def _find(blocks: Iterable[Block], folder: Path) -> dict[Block, Path]:
    """The files of blocks, in a take's folder first, else in the folders beside it."""
    found = {block: folder / block.file for block in blocks if (folder / block.file).is_file()}
    rest = {block.file: block for block in blocks if block not in found}
    if rest:
        for path in folder.parent.glob(f"*/{PREFIX}*{SUFFIX}"):
            if path.name in rest:
                found[rest[path.name]] = path
    return found
