"""Weights that are on this machine already: caches of the hub's library, FramePack's own caches them. Only looks.

A cache is a folder with `models--owner--name/snapshots/COMMIT/FILE`. Where the system allows it, FILE is a link to
`models--owner--name/blobs/ID`, and ID is the file's SHA-256 (large files) or its Git id (small ones).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

from huggingface_hub import constants

from studio.catalogue.cards import digest
from studio.catalogue.hub.errors import FetchError
from studio.catalogue.hub.listing import select
from studio.catalogue.hub.record import FetchedRepository, HubFile, HubSource

WITHIN = (".", "hub", "hf_download/hub", "webui/hf_download/hub")
"""Where a cache is in a folder that a person names: itself, an HF_HOME, FramePack's folder, its Windows package."""


def find_caches(studio: Path, named: Path | None = None) -> tuple[Path, ...]:
    """Caches to look in: the one that was named, this account's, and those of FramePack folders beside the studio's own.

    Raises:
        FetchError: there is no cache in the folder that was named.
    """
    mine = _within(named) if named else []
    if named and not mine:
        raise FetchError(
            f"There are no weights in {named}: name a cache of the hub (a folder with models--owner--name in it), an HF_HOME, "
            "or the folder of FramePack with its hf_download."
        )
    siblings = sorted(studio.parent.glob("*/hf_download")) + sorted(studio.parent.glob("*/webui/hf_download"))
    candidates = [*mine, Path(constants.HF_HUB_CACHE), *(folder / "hub" for folder in siblings)]
    return tuple(dict.fromkeys(cache.absolute() for cache in candidates if cache.is_dir()))


def locate(file: HubFile, repository: str, revision: str, caches: tuple[Path, ...]) -> Path | None:
    """The path of a complete file in one of the caches, with the content that the hub describes; None: there is none.

    A snapshot of the same commit holds the same content. In others the name of the blob is compared, or the file is read.
    """
    for cache in caches:
        for snapshot in _snapshots(cache, repository, revision):
            path = snapshot / file.name
            if _size(path) == file.size and (snapshot.name == revision or _same(path, file)):
                return path
    return None


def find_snapshot(source: HubSource, caches: tuple[Path, ...]) -> FetchedRepository | None:
    """A snapshot in a cache that holds all parts of `source`, listed from its own files: for a machine without network."""
    for cache in caches:
        main = cache / _folder(source.repository) / "refs" / source.revision
        first = main.read_text("utf-8").strip() if main.is_file() else source.revision
        for snapshot in _snapshots(cache, source.repository, first):
            names = {path.relative_to(snapshot).as_posix(): path for path in snapshot.rglob("*") if path.is_file()}
            try:
                chosen = select(source, names)
            except FetchError:
                continue
            parts = [{at.name: at for path, at in chosen.items() if path.startswith(f"{part}/")} for part in source.folders]
            if all(map(_part_is_complete, parts)):
                files = tuple(_hub_file(path, at, snapshot) for path, at in chosen.items())
                return FetchedRepository(source.repository, snapshot.name, files)
    return None


def git_id(path: Path) -> str:
    """Git's id of a file, by which the hub identifies small files."""
    return hashlib.sha1(b"blob %d\0" % path.stat().st_size + path.read_bytes(), usedforsecurity=False).hexdigest()


def _folder(repository: str) -> str:
    return f"models--{repository.replace('/', '--')}"


def _within(folder: Path) -> list[Path]:
    try:
        return [folder / at for at in WITHIN if next((folder / at).glob("models--*/snapshots"), None)]
    except OSError:                     # its name is too long, or it may not be looked into
        return []


def _snapshots(cache: Path, repository: str, first: str) -> Iterator[Path]:
    folder = cache / _folder(repository) / "snapshots"
    if folder.is_dir():
        yield from sorted((path for path in folder.iterdir() if path.is_dir()), key=lambda path: (path.name != first, path.name))


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _same(path: Path, file: HubFile) -> bool:
    if path.is_symlink():
        return path.resolve().name in (file.sha256 or file.git, file.git)
    return digest(path) == file.sha256 if file.sha256 else git_id(path) == file.git


def _hub_file(path: str, at: Path, snapshot: Path) -> HubFile:
    blob = at.resolve().name if at.is_symlink() else ""
    sha256 = blob if re.fullmatch("[0-9a-f]{64}", blob) else digest(at)
    git = blob if re.fullmatch("[0-9a-f]{40}", blob) else ""
    return HubFile(path, at.relative_to(snapshot).as_posix(), at.stat().st_size, sha256, git)


def _part_is_complete(files: dict[str, Path]) -> bool:
    """Whether a part could be loaded, as far as its own files tell: all shards there, none cut short."""
    indices = [path for name, path in files.items() if name.endswith(".safetensors.index.json")]
    try:
        shards = {shard for path in indices for shard in json.loads(path.read_text("utf-8"))["weight_map"].values()}
    except (ValueError, KeyError, AttributeError):
        return False
    weights = [path for name, path in files.items() if name.endswith(".safetensors")]
    if "config.json" in files and not weights:
        return False
    if "tokenizer_config.json" in files and not ("tokenizer.json" in files or {"vocab.json", "merges.txt"} <= set(files)):
        return False
    return shards <= set(files) and all(map(_tensors_are_complete, weights))


def _tensors_are_complete(path: Path) -> bool:
    """Whether a safetensors file is as long as its header says."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > path.stat().st_size:
            return False
        try:
            header = json.loads(file.read(length))
            ends = [tensor["data_offsets"][1] for name, tensor in header.items() if name != "__metadata__"]
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            return False
    return path.stat().st_size == 8 + length + max(ends, default=0)
