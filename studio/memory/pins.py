"""Pins: what a long-term memory keeps whatever is shown next. This project's own, not part of the papers.

Of a memory that is a map, places are kept as they were after a take. Of one that keeps every section's rows, those of a pinned take
are always read, and those of a forgotten one never.

Letters: B batch, M tokens of psi, of a map each a cell, D their width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from studio.memory.protocol import ConditioningFeatures, Memory, MemoryView, SectionRows, SelectsSections, appends


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


class SelectedMemory:
    """A `Memory` whose pinned sections are always read, and whose forgotten ones are not. Its psi is the memory's own, bit for bit.

    The rows of a forgotten section stay in psi, so that it can be remembered again, and in what later sections wrote of it.
    """

    def __init__(self, memory: Memory, pinned: Sequence[SectionRows], forgotten: Sequence[SectionRows]) -> None:
        """Read `memory`, which selects sections. What is both pinned and forgotten is not read."""
        assert isinstance(memory, SelectsSections), "asked only where sections can be selected"
        self._memory, self._selects = memory, memory
        self._pinned, self._forgotten = tuple(pinned), tuple(forgotten)

    @property
    def holds_places(self) -> bool:
        """See `Memory`."""
        return self._memory.holds_places

    @property
    def appends(self) -> bool:
        """See `AppendsToPsi`."""
        return appends(self._memory)

    def begin(self, conditioning: ConditioningFeatures) -> Tensor:
        """See `Memory`."""
        return self._memory.begin(conditioning)

    def update(self, psi: Tensor, latents: Tensor) -> Tensor:
        """See `Memory`."""
        return self._memory.update(psi, latents)

    def view(self, psi: Tensor, recent: Tensor) -> MemoryView | None:
        """See `Memory`."""
        return self._memory.view(psi, recent)

    def read(self, psi: Tensor, section: Sequence[int]) -> Tensor:
        """The tokens [1, R, D] that a section with latents of shape `section` is given of psi [1, M, D]."""
        return self._selects.read_selected(psi, section, self._pinned, self._forgotten)
