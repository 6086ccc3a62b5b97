"""The files of a weight store: one for a small model, shards with an index for a large one, named as published weights are.

    transformer-int8-bfloat16.safetensors                    all tensors in one file, or
    transformer-int8-bfloat16-00001-of-00004.safetensors     some of them, and
    transformer-int8-bfloat16.safetensors.index.json         which tensor is in which file
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from studio.media.disk import atomic_write

SHARD_BYTES = 4 * 10**9 - 2**24
"""Bytes of the tensors in one file, at most. With its header a file stays below 4 GB, which every disk and copying tool takes."""


def split(layout: Mapping[str, Tensor]) -> list[list[str]]:
    """The names of a layout's tensors, for each file. A tensor that is larger than `SHARD_BYTES` has a file of its own."""
    shards: list[list[str]] = [[]]
    room = SHARD_BYTES
    for name, tensor in layout.items():
        if shards[-1] and tensor.nbytes > room:
            shards.append([])
            room = SHARD_BYTES
        shards[-1].append(name)
        room -= tensor.nbytes
    return shards


def shard_paths(path: Path, count: int) -> list[Path]:
    """The paths of a store's files: `path` alone, or so many numbered ones beside it."""
    if count == 1:
        return [path]
    return [path.with_name(f"{path.stem}-{number:05d}-of-{count:05d}{path.suffix}") for number in range(1, count + 1)]


def index_path(path: Path) -> Path:
    """The path of the index of the store at `path`."""
    return path.with_name(f"{path.name}.index.json")


def stored_files(path: Path) -> tuple[Path, ...]:
    """The files of the store at `path`; empty if nothing is stored. A file that the index names may be missing.

    Raises:
        ValueError: the index is damaged.
    """
    index = index_path(path)
    if not index.exists():
        return (path,) if path.exists() else ()
    try:
        names = sorted(set(json.loads(index.read_text("utf-8"))["weight_map"].values()))
        files = tuple(path.with_name(name) for name in names)
    except (OSError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{index.name} cannot be read") from error
    if not files:
        raise ValueError(f"{index.name} names no files")
    return files


def finish(path: Path, files: Sequence[Path], shards: Sequence[Iterable[str]], size: int) -> None:
    """Make files that were written the store at `path`: write their index, then remove the files of an earlier store.

    Args:
        path: of the store.
        files: of `shard_paths`.
        shards: the names of the tensors in each file.
        size: bytes of all tensors.

    Raises:
        MediaError: the disk is full.
    """
    index = index_path(path)
    if len(files) > 1:
        where = {name: file.name for file, names in zip(files, shards, strict=True) for name in names}
        content: dict[str, Any] = {"metadata": {"total_size": size}, "weight_map": where}
        with atomic_write(index) as temporary:
            temporary.write_text(json.dumps(content, indent=1), "utf-8")
    else:
        index.unlink(missing_ok=True)
    for old in [path, *path.parent.glob(f"{path.stem}-?????-of-?????{path.suffix}")]:
        if old not in files:
            with contextlib.suppress(OSError):          # Windows does not remove files that are mapped
                old.unlink(missing_ok=True)
