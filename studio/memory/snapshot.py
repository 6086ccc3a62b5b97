"""A snapshot: everything that is needed to continue a film after a section, as a value and as a file."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from studio.disk import atomic_write
from studio.memory.context_sizes import RECENT
from studio.memory.framepack import empty_history, slide_history
from studio.memory.psi_blocks import PREFIX, SUFFIX, Block, BlockError, append_block, copy_blocks, read_blocks, write_blocks
from studio.memory.tensors import write_tensors

FORMAT = "1"
COMPACT_FORMAT = "2"
"""Of files that hold values in float16 where that loses nothing."""
BLOCK_FORMAT = "3"
"""Of files that name psi's rows instead of holding them; see `psi_blocks`."""


class SnapshotError(Exception):
    """A snapshot cannot be read or does not fit the model. The message names the file and the remedy."""


@dataclass(frozen=True)
class Snapshot:
    """Everything that section n + 1 needs. CPU tensors, float32.

    Letters: C latent channels, h and w latent height and width, W window, M memory tokens, D their width.
    """

    start: Tensor                  # [1, C, 1, h, w]  latent of the reference image
    recent: Tensor                 # [1, C, 19, h, w] newest latent frames, oldest first
    psi: Tensor | None = None      # [1, M, D]        SemanticPack memory after the last finished section
    sections: int = 0              # finished so far
    model: str = ""                # fingerprint of the model that made it
    blocks: tuple[Block, ...] = ()  # names of all rows of psi, for a memory that keeps them; else empty

    @classmethod
    def initial(cls, start: Tensor, model: str = "") -> Snapshot:
        """The snapshot of a film without sections.

        Args:
            start: [1, C, 1, h, w] latent of the reference image.
            model: fingerprint of the model.
        """
        start = start.float().cpu()
        return cls(start=start, recent=empty_history(start), model=model)

    def advance(self, latents: Tensor, psi: Tensor | None = None, appended: bool = False) -> Snapshot:
        """The snapshot after a finished section with `latents` [1, C, W, h, w] and the updated memory `psi` [1, M, D].

        `appended`: psi is the old one with more rows behind it.
        """
        recent = slide_history(self.recent, latents.float().cpu())
        psi = None if psi is None else psi.float().cpu()
        blocks = append_block(psi, self.blocks) if psi is not None and appended else ()
        return Snapshot(self.start, recent, psi, self.sections + 1, self.model, blocks)

    def write(self, path: Path) -> None:
        """Write one safetensors file atomically, after the blocks of psi that it names. It is on the disk when this returns.

        Raises:
            OSError: the disk is full or the folder cannot be written.
        """
        tensors = {**compact("start", self.start), **compact("recent", self.recent)}
        facts = {"sections": str(self.sections), "model": self.model}
        if self.psi is not None and self.blocks:
            write_blocks(self.psi, self.blocks, path.parent)
            facts["psi"] = json.dumps([[block.name, block.rows] for block in self.blocks])
        elif self.psi is not None:
            tensors["psi"] = self.psi.half() if bool(_exact_in_half(self.psi).all()) else self.psi
        plain = all(tensor.dtype == torch.float32 for tensor in tensors.values())
        facts["format"] = BLOCK_FORMAT if self.blocks else FORMAT if plain else COMPACT_FORMAT
        write_tensors(tensors, path, facts)


def compact(name: str, tensor: Tensor) -> dict[str, Tensor]:
    """A tensor [1, C, T, h, w] as it is written: as it is, or without loss in half the room.

    Where most channels are exact in float16, they are written so, the others as they are beside them, and which is which.
    """
    half = _exact_in_half(tensor).flatten(2).all(dim=2)[0]
    if 2 * int(half.sum()) < len(half):
        return {name: tensor}
    return {f"{name}.half": tensor[:, half].half(), f"{name}.rest": tensor[:, ~half], f"{name}.channels": half}


def expand(name: str, tensors: dict[str, Tensor]) -> Tensor | None:
    """The tensor that `compact` wrote; None where it is missing. Raises KeyError or RuntimeError: parts do not fit."""
    if f"{name}.channels" not in tensors:
        return tensors.get(name)
    half, channels = tensors[f"{name}.half"], tensors[f"{name}.channels"]
    whole = half.new_zeros(1, len(channels), *half.shape[2:], dtype=torch.float32)
    whole[:, channels], whole[:, ~channels] = half.float(), tensors[f"{name}.rest"]
    return whole


def _exact_in_half(tensor: Tensor) -> Tensor:
    return tensor.half().float() == tensor


def read_snapshot(path: Path) -> Snapshot:
    """Read a snapshot file.

    Raises:
        SnapshotError: the file is missing, truncated, of a newer format, or not a snapshot.
    """
    remedy = "Rewind to the take before it and render again; the clip itself is not affected."
    try:
        with safe_open(path, framework="pt") as file:
            facts = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except FileNotFoundError:
        raise SnapshotError(f"The snapshot {path} is missing. {remedy}") from None
    except (SafetensorError, OSError, RuntimeError) as error:
        raise SnapshotError(f"The snapshot {path} cannot be read ({error}). {remedy}") from None
    if facts.get("format") not in (FORMAT, COMPACT_FORMAT, BLOCK_FORMAT):
        raise SnapshotError(f"The snapshot {path} is of format {facts.get('format')}, made by a newer studio. {remedy}")
    try:
        start, recent = expand("start", tensors), expand("recent", tensors)
    except (KeyError, RuntimeError, IndexError) as error:
        raise SnapshotError(f"The snapshot {path} cannot be read ({error}). {remedy}") from None
    if start is None or recent is None or recent.shape != (*start.shape[:2], RECENT, *start.shape[3:]):
        raise SnapshotError(f"The snapshot {path} does not hold a start latent and {RECENT} recent ones. {remedy}")
    try:
        blocks = read_block_names(facts)
        psi = read_blocks(blocks, path.parent) if blocks else tensors.get("psi")
    except BlockError as error:
        raise SnapshotError(f"The snapshot {path} cannot be used: of its memory, {error}. {remedy}") from None
    if psi is not None and (psi.dim() != 3 or len(psi) != 1):
        raise SnapshotError(f"The snapshot {path} holds a memory of shape {tuple(psi.shape)}, not of one film's tokens. {remedy}")
    if not all(torch.isfinite(t).all() for t in tensors.values()):
        raise SnapshotError(f"The snapshot {path} holds values that are not numbers. {remedy}")
    psi, sections = None if psi is None else psi.float(), int(facts.get("sections", "0"))
    return Snapshot(start, recent, psi, sections, facts.get("model", ""), blocks)


def read_block_names(facts: Mapping[str, str]) -> tuple[Block, ...]:
    """The blocks that a snapshot file's metadata names; none for a psi that is in the file itself.

    Raises:
        BlockError: the names cannot be read.
    """
    if facts.get("format") != BLOCK_FORMAT:
        return ()
    try:
        blocks = tuple(Block(name, rows) for name, rows in json.loads(facts["psi"]))
    except (ValueError, TypeError, KeyError):
        raise BlockError("the names cannot be read") from None
    if not blocks or not all(block.is_valid for block in blocks):
        raise BlockError("the names cannot be read")
    return blocks


def keep_blocks(gone: Sequence[Path], kept: Iterable[Path]) -> None:
    """Copy blocks of psi that snapshots in takes' folders `kept` name and only takes' folders `gone` hold, which are to be removed.

    Snapshots that cannot be read are passed over.

    Raises:
        OSError: the disk is full, or a block cannot be read.
    """
    kept = tuple(kept)
    there = {path.name for folder in kept for path in folder.glob(f"{PREFIX}*{SUFFIX}")}
    going = {path.name: path for folder in gone for path in folder.glob(f"{PREFIX}*{SUFFIX}") if path.name not in there}
    if not going:
        return
    for folder in kept:
        for path in sorted(set(folder.glob("*.safetensors")) - set(folder.glob(f"{PREFIX}*{SUFFIX}"))):
            with contextlib.suppress(SafetensorError, BlockError, FileNotFoundError):
                with safe_open(path, framework="pt") as file:
                    named = {block.file for block in read_block_names(file.metadata() or {})}
                for name in named & going.keys():
                    with atomic_write(folder / name) as temporary:
                        shutil.copyfile(going.pop(name), temporary)


def copy_snapshot(old: Path, new: Path) -> None:
    """Copy a snapshot file, with the blocks of psi that it names, from one take's folder into another.

    A file that cannot be read is copied as it is: whoever reads the copy is told.

    Raises:
        SnapshotError: the file or a block of it is missing. OSError: the disk is full.
    """
    try:
        with contextlib.suppress(SafetensorError), safe_open(old, framework="pt") as file:
            copy_blocks(read_block_names(file.metadata() or {}), old.parent, new.parent)
    except (FileNotFoundError, BlockError) as error:
        raise SnapshotError(f"The snapshot {old} cannot be copied: {error}.") from None
    with atomic_write(new) as temporary:
        shutil.copyfile(old, temporary)
