"""The protocol of a long-term memory (psi), and the picture of a memory that a person can look at.

Letters: B batch, C latent channels, T latent frames, h and w latent height and width, H and W pixel height and width,
L text tokens, S image tokens, M memory tokens, D the width of psi.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import Tensor


class ConditioningFeatures(Protocol):
    """The features of prompt and reference image that psi_0 is computed from."""

    @property
    def text(self) -> Tensor:
        """[B, L, .] features of the prompt."""

    @property
    def mask(self) -> Tensor:
        """[B, L] 1 for tokens, 0 for padding."""

    @property
    def image(self) -> Tensor:
        """[B, S, .] features of the reference image."""


@dataclass(frozen=True)
class MapPart:
    """Which part of a map a picture of it shows, in cells. The cells are numbered row by row; beyond the map's edges it repeats."""

    rows: int                                   # of the whole map
    columns: int
    left: float                                 # of the picture's edges
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class MemoryView:
    """The content of a memory as a picture, with the camera's view in it."""

    frame: Tensor                               # [3, H, W] in [-1, 1], in daylight and clear air
    known: Tensor                               # [H, W] how much the memory holds of each pixel, 0 to 1
    window: tuple[float, float, float, float]   # the camera's view: left, top, right, bottom, in pixels
    part: MapPart | None = None                 # of a memory that is a map


@dataclass(frozen=True)
class RememberedPlace:
    """What a memory holds of one place."""

    frame: Tensor                               # [3, H, W] in [-1, 1], in daylight and clear air
    known: Tensor                               # [H, W] how much the memory holds of each pixel, 0 to 1


class Memory(Protocol):
    """A long-term memory (psi). All methods are pure: the same arguments give the same result, bit for bit."""

    @property
    def holds_places(self) -> bool:
        """Whether psi holds what was seen at places of one scene, so that another scene needs a psi of its own."""

    def begin(self, conditioning: ConditioningFeatures) -> Tensor:
        """psi_0 of a film without sections, [B, M, D]."""

    def update(self, psi: Tensor, latents: Tensor) -> Tensor:
        """psi_{n+1} [B, M', D] from psi_n [B, M, D] and the finished section's latents [B, C, T, h, w]."""

    def view(self, psi: Tensor, recent: Tensor) -> MemoryView | None:
        """A picture of what psi [1, M, D] holds; None for a memory that cannot be shown.

        Args:
            psi: the memory after the film's last section.
            recent: [1, C, T, h, w] the film's newest latents; the last of them tells where the camera looks.
        """


@runtime_checkable
class ReadsPsi(Protocol):
    """A memory that gives a section other tokens than psi's own rows."""

    def read(self, psi: Tensor, section: Sequence[int]) -> Tensor:
        """What a section with latents of shape `section`, [B, C, T, h, w], is given of psi [B, M, D]: tokens [B, R, D]."""


@runtime_checkable
class AppendsToPsi(Protocol):
    """A memory that may keep all it was: psi_{n+1} is then psi_n with more rows behind it."""

    @property
    def appends(self) -> bool:
        """Whether a section adds rows to psi and changes none of those before it."""


def read_psi(memory: Memory | None, psi: Tensor, section: Sequence[int]) -> Tensor:
    """The tokens that a section with latents of this shape is given: psi itself, unless the memory reads it otherwise."""
    return memory.read(psi, section) if isinstance(memory, ReadsPsi) else psi


def appends(memory: Memory | None) -> bool:
    """Whether a memory keeps all rows of psi."""
    return isinstance(memory, AppendsToPsi) and memory.appends


@dataclass(frozen=True)
class SectionRows:
    """What sections that follow each other wrote into a psi that keeps every section's rows."""

    rows: Tensor      # [k, m, D] of k sections, m rows each
    before: int       # sections of their film before them


@runtime_checkable
class SelectsSections(Protocol):
    """A memory that may keep every section's rows, of which some are always read and others never. Its methods are pure.

    What is not read may still act: psi_{n+1} is computed from the newest psi, so later rows hold traces of earlier sections.
    """

    @property
    def selects(self) -> bool:
        """Whether it keeps every section's rows, so that sections can be pinned and forgotten."""

    def newest_sections(self, psi: Tensor, section: Sequence[int], count: int) -> SectionRows:
        """What the newest `count` sections, with latents of shape `section`, wrote into psi [1, M, D]; fewer where it has fewer."""

    def read_selected(
        self, psi: Tensor, section: Sequence[int], pinned: Sequence[SectionRows], forgotten: Sequence[SectionRows]
    ) -> Tensor:
        """As `ReadsPsi.read`, but with all rows of `pinned`, also where psi does not hold them, and with none of `forgotten`."""


@runtime_checkable
class AnswersPlaces(Protocol):
    """A memory that can be asked what it holds of the place that a frame of the film showed. Its methods are pure."""

    def answers(self, psi: Tensor) -> bool:
        """Whether this psi [1, M, D] can be asked: a memory may answer only in films of some sizes."""

    def answer(self, psi: Tensor, latent: Tensor) -> RememberedPlace:
        """What psi [1, M, D] holds of the place that a latent [1, C, 1, h, w] of the film shows. Only its place is looked at."""


@runtime_checkable
class EditsPlaces(Protocol):
    """A memory whose psi may be a map of places: some can be forgotten, others kept as they are. Its methods are pure."""

    def is_map(self, psi: Tensor) -> bool:
        """Whether this psi [1, M, D] is a map: a memory may be one only in films of some sizes."""

    def forget(self, psi: Tensor, cells: Sequence[int]) -> Tensor:
        """psi [1, M, D], a map, as if nothing had been shown at these cells."""

    def shown_cells(self, psi: Tensor, latents: Tensor) -> Tensor:
        """[M] bool: the cells of a map psi [1, M, D] that latents [1, C, T, h, w] show, and psi holds."""
