"""A snapshot: everything that is needed to continue a film after a section, as a value and as a file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from studio.language import sentence
from studio.memory.context_sizes import RECENT
from studio.memory.framepack import empty_history, slide_history
from studio.memory.psi_blocks import (
    Block,
    BlockError,
    append_block,
    name_block,
    read_blocks,
    write_blocks,
)
from studio.memory.tensors import write_tensors

FORMAT = "1"
COMPACT_FORMAT = "2"
"""Of files that hold values in float16 where that loses nothing."""
BLOCK_FORMAT = "3"
"""Of files that name psi's rows instead of holding them; see `psi_blocks`."""
SHARED_FORMAT = "4"
"""Of files that name their latents too, or a psi that is no list of rows; both lie in blocks."""
READABLE = (FORMAT, COMPACT_FORMAT, BLOCK_FORMAT, SHARED_FORMAT)
SHARED = 2**16
"""Bytes of latents from which on a snapshot is shared with those of other takes."""

ALIGNMENT = 64
"""Bytes at whose multiples torch's buffers on the processor begin."""


class SnapshotError(Exception):
    """A snapshot cannot be read or does not fit the model. The message names the file and the remedy."""


@dataclass(frozen=True)
class Snapshot:
    """Everything that section n + 1 needs. CPU tensors, float32.

    Letters: C latent channels, h and w latent height and width, W window, M memory tokens, D their width.
    """

    start: Tensor                  # [1, C, 1, h, w]  latent of the reference image, or of the film's own first frame
    recent: Tensor                 # [1, C, 19, h, w] newest latent frames, oldest first
    psi: Tensor | None = None      # [1, M, D]        SemanticPack memory after the last finished section
    sections: int = 0              # finished so far
    model: str = ""                # fingerprint of the model that made it
    blocks: tuple[Block, ...] = ()  # names of all rows of psi, for a memory that keeps them; else empty
    window: int = 0                # W of the newest section; 0: it was not made by one
    open: bool = False             # it began from words alone and has no frame yet: the next section's first latent is its start

    def __post_init__(self) -> None:
        """Lay the values out in one way, whether they were computed or read: kernels may round otherwise in another layout."""
        for name in ("start", "recent", "psi"):
            if (tensor := getattr(self, name)) is not None:
                object.__setattr__(self, name, _in_order(tensor))

    @classmethod
    def initial(cls, start: Tensor, model: str = "", newest: Tensor | None = None) -> Snapshot:
        """The snapshot of a film without sections.

        Args:
            start: [1, C, 1, h, w] latent of the reference image.
            model: fingerprint of the model.
            newest: [1, C, 1, h, w] what stands for the film's newest frame; None: the start latent.
        """
        start = start.float().cpu()
        return cls(start=start, recent=empty_history(start if newest is None else newest.float().cpu()), model=model)

    @classmethod
    def empty(cls, channels: int, latent_size: tuple[int, int], model: str = "") -> Snapshot:
        """The snapshot of a film, or a shot, that begins from words alone: zeros, until its first section is its start.

        Args:
            channels: C.
            latent_size: h and w.
            model: fingerprint of the model.
        """
        nothing = torch.zeros(1, channels, 1, *latent_size)
        return cls(start=nothing, recent=empty_history(nothing), model=model, open=True)

    def advance(self, latents: Tensor, psi: Tensor | None = None, appended: bool = False) -> Snapshot:
        """The snapshot after a finished section with `latents` [1, C, W, h, w] and the updated memory `psi` [1, M, D].

        `appended`: psi is the old one with more rows behind it.
        """
        latents = latents.float().cpu()
        start = latents[:, :, :1] if self.open else self.start
        recent = slide_history(self.recent, latents)
        psi = None if psi is None else psi.float().cpu()
        blocks = append_block(psi, self.blocks) if psi is not None and appended else ()
        return Snapshot(start, recent, psi, self.sections + 1, self.model, blocks, latents.shape[2])

    def write(self, path: Path) -> None:
        """Write one safetensors file atomically, after the blocks that it names. It is on the disk when this returns.

        Raises:
            OSError: the disk is full or the folder cannot be written.
        """
        tensors: dict[str, Tensor] = {}
        facts = {"sections": str(self.sections), "model": self.model, **({"open": "1"} if self.open else {})}
        shared = self.window > 0 and self.recent.nbytes >= SHARED
        if shared:
            facts["frame"] = json.dumps([self.start.shape[1], *self.start.shape[3:]])
            facts["start"] = _write_shared(_as_rows(self.start), [1], "latents", path.parent)
            facts["recent"] = _write_shared(_as_rows(self.recent), _pieces(self.window), "latents", path.parent)
        else:
            tensors = {**compact("start", self.start), **compact("recent", self.recent)}
        if self.psi is not None and self.blocks:
            write_blocks(self.psi, self.blocks, path.parent)
            facts |= {"psi": _named(self.blocks), "appended": "1"}
        elif self.psi is not None and shared:
            facts["psi"] = _write_shared(self.psi, [self.psi.shape[1]], "psi", path.parent)
        elif self.psi is not None:
            tensors["psi"] = self.psi.half() if bool(_exact_in_half(self.psi).all()) else self.psi
        plain = all(tensor.dtype == torch.float32 for tensor in tensors.values())
        facts["format"] = SHARED_FORMAT if shared else BLOCK_FORMAT if self.blocks else FORMAT if plain else COMPACT_FORMAT
        write_tensors(tensors, path, facts)


def _in_order(tensor: Tensor) -> Tensor:
    """The same values in rows, in a buffer that is aligned for vector instructions; also the strides of sides of length 1."""
    if tensor.stride() == torch.empty(tensor.shape, device="meta").stride() and tensor.data_ptr() % ALIGNMENT == 0:
        return tensor
    return tensor.clone(memory_format=torch.contiguous_format)


def _pieces(window: int) -> list[int]:
    """The newest latent frames in pieces that snapshots after further sections of `window` frames hold as well, oldest first.

    Of a section that leaves the snapshot bit by bit, the last piece is what stays longest.
    """
    if window >= RECENT:
        return [RECENT]
    left = RECENT % window
    return [count for count in [left] + [window - left, left] * (RECENT // window) if count]


def _as_rows(latents: Tensor) -> Tensor:
    """Latents [1, C, T, h, w] as rows [1, T, C h w]."""
    return latents.movedim(2, 1).flatten(2)


def _write_shared(rows: Tensor, counts: Sequence[int], kind: str, folder: Path) -> str:
    """Write rows [1, M, D] as blocks of so many; returns their names. Raises OSError."""
    blocks = [name_block(part, kind) for part in rows.split(list(counts), dim=1)]
    write_blocks(rows, blocks, folder)
    return _named(blocks)


def _named(blocks: Iterable[Block]) -> str:
    return json.dumps([[block.name, block.rows] for block in blocks])


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
    remedy = sentence(
        "Rewind to the nearest take before it that has its memory, and render again; the clip itself is not affected.")
    try:
        with safe_open(path, framework="pt") as file:
            facts = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except FileNotFoundError:
        raise SnapshotError(sentence("The snapshot {path} is missing. {remedy}", path=path, remedy=remedy)) from None
    except (SafetensorError, OSError, RuntimeError) as error:
        raise SnapshotError(sentence(
            "The snapshot {path} cannot be read ({error}). {remedy}", path=path, error=str(error), remedy=remedy)) from None
    if facts.get("format") not in READABLE:
        raise SnapshotError(sentence(
            "The snapshot {path} is of format {version}, made by a newer studio. {remedy}",
            path=path, version=facts.get("format"), remedy=remedy))
    try:
        names = _read_names(facts)
        for part in ("start", "recent"):
            if part in names:
                tensors[part] = _as_latents(read_blocks(names[part], path.parent), facts)
        start, recent = expand("start", tensors), expand("recent", tensors)
        if "psi" in names:
            tensors["psi"] = read_blocks(names["psi"], path.parent)
    except BlockError as error:
        raise SnapshotError(sentence(
            "The snapshot {path} cannot be used: of its memory, {error}. {remedy}",
            path=path, error=str(error), remedy=remedy)) from None
    except (KeyError, RuntimeError, IndexError, ValueError, TypeError) as error:
        raise SnapshotError(sentence(
            "The snapshot {path} cannot be read ({error}). {remedy}", path=path, error=str(error), remedy=remedy)) from None
    if start is None or recent is None or recent.shape != (*start.shape[:2], RECENT, *start.shape[3:]):
        raise SnapshotError(sentence(
            "The snapshot {path} does not hold a start latent and {recent} recent ones. {remedy}",
            path=path, recent=RECENT, remedy=remedy))
    psi = tensors.get("psi")
    if psi is not None and (psi.dim() != 3 or len(psi) != 1):
        raise SnapshotError(sentence(
            "The snapshot {path} holds a memory of shape {shape}, not of one film's tokens. {remedy}",
            path=path, shape=tuple(psi.shape), remedy=remedy))
    if not all(torch.isfinite(t).all() for t in tensors.values()):
        raise SnapshotError(sentence("The snapshot {path} holds values that are not numbers. {remedy}", path=path, remedy=remedy))
    psi, sections = None if psi is None else psi.float(), int(facts.get("sections", "0"))
    appended = names.get("psi", ()) if facts["format"] == BLOCK_FORMAT or "appended" in facts else ()
    return Snapshot(start, recent, psi, sections, facts.get("model", ""), appended, open="open" in facts)


def _as_latents(rows: Tensor, facts: Mapping[str, str]) -> Tensor:
    """Rows [1, T, C h w] as latents [1, C, T, h, w]. Raises KeyError, ValueError or RuntimeError: the facts do not fit."""
    return rows.unflatten(2, json.loads(facts["frame"])).movedim(1, 2)


def read_block_names(facts: Mapping[str, str]) -> tuple[Block, ...]:
    """All blocks that a snapshot file's metadata names; none for a file that holds everything itself.

    Raises:
        BlockError: the names cannot be read.
    """
    return tuple(block for blocks in _read_names(facts).values() for block in blocks)


def _read_names(facts: Mapping[str, str]) -> dict[str, tuple[Block, ...]]:
    """The blocks of each part that is named. Raises BlockError: the names cannot be read."""
    if facts.get("format") not in (BLOCK_FORMAT, SHARED_FORMAT):
        return {}
    kinds = {"start": "latents", "recent": "latents", "psi": "psi"}
    try:
        named = {part: tuple(Block(name, rows, kind) for name, rows in json.loads(facts[part]))
                 for part, kind in kinds.items() if part in facts}
    except (ValueError, TypeError, KeyError):
        raise BlockError(sentence("the names cannot be read")) from None
    blocks = [block for part in named.values() for block in part]
    if not blocks or not all(block.is_valid for block in blocks):
        raise BlockError(sentence("the names cannot be read"))
    return named
