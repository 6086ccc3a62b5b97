"""Parts of snapshots in blocks: what several snapshots hold is stored once, however many name it.

A memory that appends (`AppendsToPsi`) adds rows to psi with every section and changes none. Its snapshot files name those rows by
their content instead of holding them: each section's rows are one block, a file beside the snapshot of the take that made them, and
later snapshots find it there or in the folders of the other takes of the film. So a section costs the same bytes in films of any
length, and a take's folder can be copied with all it needs (`copy_blocks`).

Latents are rows as well, one for each latent frame: of the newest ones, which every snapshot holds, more than half were in the
snapshot before it. So is the latent of the reference picture, and a psi that does not change.

Letters: M rows of psi, m of them in a block, D their width.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from studio.disk import atomic_write
from studio.language import sentence
from studio.memory.packed import pack, unpack
from studio.memory.tensors import write_tensors

SUFFIX, NAME = ".safetensors", re.compile("[0-9a-f]{64}")
KINDS = ("psi", "latents")


class BlockError(Exception):
    """A block is missing or is not what its name says."""


@dataclass(frozen=True)
class Block:
    """Rows of psi, by their content."""

    name: str       # SHA-256 of shape and values
    rows: int       # m
    kind: str = "psi"           # or "latents": how its file's name begins

    @property
    def is_valid(self) -> bool:
        """Whether it is what a block can be: names come from files."""
        return isinstance(self.name, str) and bool(NAME.fullmatch(self.name)) and isinstance(self.rows, int) and self.rows > 0 and (
            self.kind in KINDS)

    @property
    def file(self) -> str:
        """Name of its file."""
        return f"{self.kind}-{self.name}{SUFFIX}"


def block_files(folder: Path) -> list[Path]:
    """The files of blocks in a take's folder."""
    return [path for kind in KINDS for path in folder.glob(f"{kind}-*{SUFFIX}")]


def name_block(rows: Tensor, kind: str = "psi") -> Block:
    """The block of rows [1, m, D], in float32."""
    digest = hashlib.sha256(repr(tuple(rows.shape)).encode())
    digest.update(rows.float().cpu().contiguous().numpy().tobytes())
    return Block(digest.hexdigest(), rows.shape[1], kind)


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
    found = _find(missing, folder)
    at = 0
    for block in blocks:
        if block in missing and block not in found:
            tensors, facts = pack(_halved(psi[:, at : at + block.rows].float()))
            write_tensors(tensors, folder / block.file, {"format": "psi-block", **facts})
        at += block.rows


def read_blocks(blocks: Sequence[Block], folder: Path) -> Tensor:
    """psi [1, M, D] of blocks that lie in a take's folder, or in those beside it.

    Raises:
        BlockError: a block is missing, cannot be read, or holds other values than its name says.
    """
    files, rows = _find(blocks, folder), []
    for block in blocks:
        if block not in files:
            raise BlockError(sentence("{file} is missing", file=block.file))
        try:
            with safe_open(files[block], framework="pt") as file:
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
                read = _whole(unpack(tensors, file.metadata() or {}))
        except (OSError, RuntimeError, SafetensorError, KeyError, IndexError, ValueError) as error:
            raise BlockError(sentence("{file} cannot be read ({error})", file=files[block], error=str(error))) from None
        if read.dim() != 3 or name_block(read, block.kind) != block:
            raise BlockError(sentence("{file} holds other values than its name says", file=files[block]))
        rows.append(read)
    return torch.cat(rows, dim=1)


def _halved(rows: Tensor) -> dict[str, Tensor]:
    """Rows [1, m, D] as they are written: the columns that float16 holds without loss in half the room, where most are such."""
    half = (rows.half().float() == rows).all(dim=1)[0]
    if 2 * int(half.sum()) < len(half):
        return {"psi": rows}
    columns = torch.from_numpy(np.packbits(half.numpy()))
    return {"half": rows[:, :, half].half(), "columns": columns, **({} if bool(half.all()) else {"psi": rows[:, :, ~half]})}


def _whole(tensors: dict[str, Tensor]) -> Tensor:
    """The rows [1, m, D] that `_halved` took apart. Raises KeyError, RuntimeError or ValueError: the parts do not fit."""
    if "half" not in tensors:
        return tensors["psi"]
    half, rest = tensors["half"], tensors.get("psi")
    count = half.shape[2] + (0 if rest is None else rest.shape[2])
    columns = torch.from_numpy(np.unpackbits(tensors["columns"].numpy(), count=count).astype(bool))
    whole = torch.zeros(1, half.shape[1], count)
    whole[:, :, columns] = half.float()
    if rest is not None:
        whole[:, :, ~columns] = rest
    return whole


def copy_blocks(blocks: Iterable[Block], old: Path, new: Path) -> None:
    """Give a take's folder all blocks that a snapshot in the take's folder `old` names.

    Raises:
        BlockError: one is missing. OSError: the disk is full.
    """
    wanted = tuple(blocks)
    files = _find(wanted, old)
    for block in wanted:
        if block not in files:
            raise BlockError(sentence("{file} is missing", file=block.file))
        if not (new / block.file).is_file():
            with atomic_write(new / block.file) as temporary:
                shutil.copyfile(files[block], temporary)


def _find(blocks: Iterable[Block], folder: Path) -> dict[Block, Path]:
    """The files of blocks, in a take's folder first, else in the folders beside it."""
    found = {block: folder / block.file for block in blocks if (folder / block.file).is_file()}
    rest = {block.file: block for block in blocks if block not in found}
    if rest:
        for kind in {block.kind for block in rest.values()}:
            for path in folder.parent.glob(f"*/{kind}-*{SUFFIX}"):
                if path.name in rest:
                    found[rest[path.name]] = path
    return found
