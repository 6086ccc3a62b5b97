"""A snapshot: everything that is needed to continue a film after a section, as a value and as a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from studio.memory.context_sizes import RECENT
from studio.memory.framepack import empty_history, slide_history
from studio.memory.tensors import write_tensors

FORMAT = "1"
COMPACT_FORMAT = "2"
"""Of files that hold values in float16 where that loses nothing."""


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

    @classmethod
    def initial(cls, start: Tensor, model: str = "") -> Snapshot:
        """The snapshot of a film without sections.

        Args:
            start: [1, C, 1, h, w] latent of the reference image.
            model: fingerprint of the model.
        """
        start = start.float().cpu()
        return cls(start=start, recent=empty_history(start), model=model)

    def advance(self, latents: Tensor, psi: Tensor | None = None) -> Snapshot:
        """The snapshot after a finished section with `latents` [1, C, W, h, w] and the updated memory `psi` [1, M, D]."""
        recent = slide_history(self.recent, latents.float().cpu())
        psi = None if psi is None else psi.float().cpu()
        return Snapshot(self.start, recent, psi, self.sections + 1, self.model)

    def write(self, path: Path) -> None:
        """Write one safetensors file atomically. It is on the disk when this returns.

        Raises:
            OSError: the disk is full or the folder cannot be written.
        """
        tensors = {**compact("start", self.start), **compact("recent", self.recent)}
        if self.psi is not None:
            tensors["psi"] = self.psi.half() if bool(_exact_in_half(self.psi).all()) else self.psi
        plain = all(tensor.dtype == torch.float32 for tensor in tensors.values())
        facts = {"format": FORMAT if plain else COMPACT_FORMAT, "sections": str(self.sections), "model": self.model}
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
    if facts.get("format") not in (FORMAT, COMPACT_FORMAT):
        raise SnapshotError(f"The snapshot {path} is of format {facts.get('format')}, made by a newer studio. {remedy}")
    try:
        start, recent = expand("start", tensors), expand("recent", tensors)
    except (KeyError, RuntimeError, IndexError) as error:
        raise SnapshotError(f"The snapshot {path} cannot be read ({error}). {remedy}") from None
    if start is None or recent is None or recent.shape != (*start.shape[:2], RECENT, *start.shape[3:]):
        raise SnapshotError(f"The snapshot {path} does not hold a start latent and {RECENT} recent ones. {remedy}")
    psi = tensors.get("psi")
    if psi is not None and (psi.dim() != 3 or len(psi) != 1):
        raise SnapshotError(f"The snapshot {path} holds a memory of shape {tuple(psi.shape)}, not of one film's tokens. {remedy}")
    if not all(torch.isfinite(t).all() for t in tensors.values()):
        raise SnapshotError(f"The snapshot {path} holds values that are not numbers. {remedy}")
    return Snapshot(start, recent, None if psi is None else psi.float(), int(facts.get("sections", "0")), facts.get("model", ""))
