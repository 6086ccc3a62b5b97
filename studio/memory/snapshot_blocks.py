"""The blocks that snapshots in takes' folders name: which to keep when takes go, which can go, and which come along in a copy."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from safetensors import SafetensorError, safe_open

from studio.disk import atomic_write
from studio.language import sentence
from studio.memory.psi_blocks import (
    SUFFIX,
    BlockError,
    block_files,
    copy_blocks,
)
from studio.memory.snapshot import SnapshotError, read_block_names


def keep_blocks(gone: Sequence[Path], kept: Iterable[Path]) -> None:
    """Copy blocks that snapshots in takes' folders `kept` name and only takes' folders `gone` hold, which are to be removed.

    Snapshots that cannot be read are passed over.

    Raises:
        OSError: the disk is full, or a block cannot be read.
    """
    kept = tuple(kept)
    there = {path.name for folder in kept for path in block_files(folder)}
    going = {path.name: path for folder in gone for path in block_files(folder) if path.name not in there}
    if not going:
        return
    for folder in kept:
        for name in named_files(folder) & going.keys():
            with atomic_write(folder / name) as temporary:
                shutil.copyfile(going.pop(name), temporary)


def named_files(folder: Path) -> set[str]:
    """Names of the files of blocks that the snapshots in a take's folder name. Those that cannot be read name none."""
    named: set[str] = set()
    for path in set(folder.glob(f"*{SUFFIX}")) - set(block_files(folder)):
        with contextlib.suppress(SafetensorError, BlockError, FileNotFoundError), safe_open(path, framework="pt") as file:
            named |= {block.file for block in read_block_names(file.metadata() or {})}
    return named


def spare_blocks(folders: Iterable[Path], kept: Iterable[Path]) -> list[Path]:
    """Files of blocks in `folders` that no snapshot in the takes' folders `kept` names: they can be removed."""
    found = [path for folder in folders for path in block_files(folder)]
    if not found:
        return []
    named = {name for folder in kept for name in named_files(folder)}
    return [path for path in found if path.name not in named]


def copy_snapshot(old: Path, new: Path) -> None:
    """Copy a snapshot file, with the blocks that it names, from one take's folder into another.

    A file that cannot be read is copied as it is: whoever reads the copy is told.

    Raises:
        SnapshotError: the file or a block of it is missing. OSError: the disk is full.
    """
    try:
        with contextlib.suppress(SafetensorError), safe_open(old, framework="pt") as file:
            copy_blocks(read_block_names(file.metadata() or {}), old.parent, new.parent)
    except (FileNotFoundError, BlockError) as error:
        raise SnapshotError(sentence("The snapshot {path} cannot be copied: {error}.", path=old, error=str(error))) from None
    with atomic_write(new) as temporary:
        shutil.copyfile(old, temporary)
