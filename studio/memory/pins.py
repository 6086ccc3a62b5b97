"""Pins: places that a long-term memory keeps as they were after a take. This project's own, not part of the papers.

Letters: B batch, M tokens of psi, each a cell of a map, D their width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from studio.memory.protocol import ConditioningFeatures, Memory, MemoryView


@dataclass(frozen=True)
class PinnedPlaces:
    """Cells of a map, and what they hold."""

    psi: Tensor       # [1, M, D] after the pinned take
    cells: Tensor     # [M] bool: those that the take shows


class PinnedMemory:
    """A `Memory` that holds pinned places whatever a section shows there."""

    def __init__(self, memory: Memory, pins: Sequence[PinnedPlaces]) -> None:
        """`memory` is updated, and then `pins` are put in, of which a later one outweighs an earlier one."""
        self._memory = memory
        self._pins = tuple(pins)

    @property
    def holds_places(self) -> bool:
        """See `Memory`."""
        return self._memory.holds_places

    def begin(self, conditioning: ConditioningFeatures) -> Tensor:
        """psi_0 with the pinned places, [B, M, D]."""
        return self.put_in(self._memory.begin(conditioning))

    def update(self, psi: Tensor, latents: Tensor) -> Tensor:
        """psi_{n+1} with the pinned places, from psi_n [B, M, D] and the finished section's latents."""
        return self.put_in(self._memory.update(psi, latents))

    def view(self, psi: Tensor, recent: Tensor) -> MemoryView | None:
        """See `Memory`."""
        return self._memory.view(psi, recent)

    def put_in(self, psi: Tensor) -> Tensor:
        """psi [B, M, D] with the pinned places."""
        for pin in self._pins:
            psi = pin.psi.to(psi).where(pin.cells.to(psi.device)[None, :, None], psi)
        return psi
