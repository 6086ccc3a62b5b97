"""Writes random weights of any size as the hub keeps them: shards with an index, in a cache that the studio's catalogue finds.

A cache is a folder `models--owner--name` with `refs/main`, `snapshots/COMMIT/FILE` and `blobs/ID`; FILE is a link to a blob, whose
ID is the file's SHA-256 or, of small files, its Git id. Tensors are written one after another, so that memory holds one of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from studio.catalogue.cards import CARD, ModelCard, ModelError, check, find_models, read_card
from studio.catalogue.hub.caches import find_caches, git_id
from studio.catalogue.hub.download import plan_download
from studio.catalogue.hub.fetch import fetch
from studio.lab.measure.random_weights import random_tensors
from studio.media.disk import check_room

SHARD_BYTES = 10**10
"""Bytes of a shard, at most; the hub's libraries write shards of 5 to 10 GB."""
COMMIT = "0" * 39 + "1"
NO_HUB = "http://127.0.0.1:9"
"""An address at which no hub answers, so that only the cache is looked at."""
STEM = "diffusion_pytorch_model"
_TYPES = {torch.bfloat16: "BF16", torch.float32: "F32"}
Report = Callable[[str], None]


@dataclass(frozen=True)
class HubModel:
    """Where a model of random weights is."""

    folder: Path                   # everything
    name: str                      # of the model

    @property
    def cache(self) -> Path:
        """The hub's cache."""
        return self.folder / "hub"

    @property
    def models(self) -> Path:
        """The folder of model folders."""
        return self.folder / "models"

    @property
    def repository(self) -> str:
        """The repository that the cache pretends to hold."""
        return f"random/{self.name}"

    @property
    def snapshot(self) -> Path:
        """The repository's files."""
        return self.cache / f"models--{self.repository.replace('/', '--')}" / "snapshots" / COMMIT


def write_weights(
    model: HubModel, config: Mapping[str, Any], layout: Mapping[str, Tensor], report: Report, shard_bytes: int = SHARD_BYTES
) -> int:
    """Writes a transformer's config and its weights in bfloat16 into the cache.

    Args:
        model: where.
        config: of the transformer, in diffusers' format.
        layout: names and shapes of its tensors; may be on meta.
        report: called with a sentence for each shard.
        shard_bytes: of a shard, at most.

    Returns:
        The bytes that were written.

    Raises:
        MediaError: the disk is too full. OSError: it cannot be written.
    """
    layout = {name: like.to(torch.bfloat16) for name, like in layout.items()}
    check_room(_made(model.folder), sum(like.nbytes for like in layout.values()))
    refs = _made(model.snapshot.parents[1] / "refs")
    (refs / "main").write_text(COMMIT, "utf-8")
    _made(model.snapshot)
    shards = list(split(layout, shard_bytes))
    names = [f"{STEM}-{number:05d}-of-{len(shards):05d}.safetensors" for number in range(1, len(shards) + 1)]
    for name, shard in zip(names, shards, strict=True):
        report(f"Writing {name} ...")
        _keep(model, name, *_write_shard(model, {tensor: layout[tensor] for tensor in shard}))
    where = {tensor: name for name, shard in zip(names, shards, strict=True) for tensor in shard}
    size = sum(like.nbytes for like in layout.values())
    index = {"metadata": {"total_size": size}, "weight_map": where}
    for name, values in ((f"{STEM}.safetensors.index.json", index), ("config.json", dict(config))):
        path = _made(model.snapshot.parents[1] / "blobs") / "small"
        path.write_text(json.dumps(values, indent=1), "utf-8")
        _keep(model, name, path, git_id(path))
    return size


def split(layout: Mapping[str, Tensor], shard_bytes: int) -> Iterator[list[str]]:
    """Names of the tensors of each shard, in order: as many as fit, at least one."""
    names: list[str] = []
    room = shard_bytes
    for name, like in layout.items():
        if names and like.nbytes > room:
            yield names
            names, room = [], shard_bytes
        names.append(name)
        room -= like.nbytes
    yield names


def _write_shard(model: HubModel, layout: dict[str, Tensor]) -> tuple[Path, str]:
    """Writes a safetensors file of random values; returns its path and its SHA-256."""
    entries, offset = {}, 0
    for name, like in layout.items():
        entries[name] = {"dtype": _TYPES[like.dtype], "shape": list(like.shape), "data_offsets": [offset, offset + like.nbytes]}
        offset += like.nbytes
    text = json.dumps({"__metadata__": {"format": "pt"}, **entries}).encode()
    text += b" " * (-len(text) % 8)
    path = _made(model.snapshot.parents[1] / "blobs") / "shard"
    sha256 = hashlib.sha256()
    with path.open("wb") as file:
        for part in _parts(text, random_tensors(layout)):
            sha256.update(part)
            file.write(part)
    return path, sha256.hexdigest()


def _parts(header: bytes, tensors: Iterable[tuple[str, Tensor]]) -> Iterator[bytes | memoryview]:
    """The bytes of a safetensors file."""
    yield len(header).to_bytes(8, "little") + header
    for _, value in tensors:
        yield value.contiguous().reshape(-1).view(torch.uint8).numpy().data


def _keep(model: HubModel, name: str, path: Path, blob: str) -> None:
    """Makes a written file a blob, and links it under its name; where the system has no links, it lies there itself."""
    target = path.with_name(blob)
    path.replace(target)
    link = model.snapshot / name
    link.unlink(missing_ok=True)
    try:
        link.symlink_to(Path("..") / ".." / "blobs" / blob)
    except (OSError, NotImplementedError):
        target.replace(link)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def catalogue(model: HubModel, card: str, thorough: bool = False) -> ModelCard:
    """The model's card as the studio's catalogue finds it, with all files checked. No hub is asked.

    Args:
        model: whose weights are written.
        card: text of its model.toml, without [[sources]].
        thorough: compare checksums too, which reads every file.

    Raises:
        ModelError: a file is missing or not what it should be.
    """
    folder = _made(model.models / model.name)
    source = (
        f'\n[[sources]]\nrepository = "{model.repository}"\nfolders = {{ transformer = "." }}\nlicence = "none: random numbers"\n'
        'licence_link = "none"\n')
    (folder / CARD).write_text(card + source, "utf-8")
    download = plan_download(read_card(folder), find_caches(model.models, model.cache), NO_HUB)
    fetch(download.accept("today"), lambda _, __: None)
    cards, problems = find_models(model.models)
    found = next((found for found in cards if found.name == model.name), None)
    if found is None:
        raise ModelError(f"The catalogue does not find {folder}: {' '.join(problems)}")
    check(found, thorough)
    return found
