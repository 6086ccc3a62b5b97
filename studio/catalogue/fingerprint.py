"""Fingerprints: names for weights, computed from the recorded checksums of their files."""

from __future__ import annotations

import hashlib
from pathlib import Path

from studio.catalogue.cards import ADAPTER, LORA, MEMORY, ModelCard, ModelFile

ENDS = 2**20
"""Bytes at either end of a file that are hashed instead of all of it, if its checksum is not recorded."""


def fingerprint(card: ModelCard) -> str:
    """The name of the weights that a snapshot is made with: the model's name, and checksums of transformer, memory and own LoRA.

    A transformer in one file is named by that file's checksum, one in several by all of theirs, so that another shard is another
    model. The same weights have the same name in every folder.
    """
    extras = [_sum(card, file) for file in card.files if file.path in (ADAPTER, MEMORY, LORA)]
    return ":".join([card.name, *part_checksums(card), *extras])


def part_checksums(card: ModelCard, part: str = "transformer") -> list[str]:
    """16 hexadecimal digits for the weights of a part, in a list; an empty list if it has none."""
    shards = sorted((file for file in card.files if _within(file, part)), key=lambda file: file.path)
    if len(shards) < 2:
        return [_sum(card, shard) for shard in shards]
    lines = "".join(f"{shard.path} {shard.size} {_sum(card, shard, 64)}\n" for shard in shards)
    return [hashlib.sha256(lines.encode()).hexdigest()[:16]]


def _within(file: ModelFile, part: str) -> bool:
    return file.path.startswith(f"{part}/") and file.path.endswith(".safetensors")


def _sum(card: ModelCard, file: ModelFile, digits: int = 16) -> str:
    """The recorded checksum, or one of the file's size and both its ends."""
    return (file.sha256 or _ends(card.path(file.path), file.size))[:digits]


def _ends(path: Path, size: int) -> str:
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        digest.update(file.read(ENDS))
        if size > ENDS:
            file.seek(max(ENDS, size - ENDS))
            digest.update(file.read(ENDS))
    return digest.hexdigest()
