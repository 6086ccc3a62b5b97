"""The studio's shelf of LoRA files: each once, named by its content, for all projects. It knows neither weights nor the page.

    loras/<sha256>.safetensors      the file
    loras/<sha256>.json             what its artist called it

They are too large to be copied into every project, or packed with one: a project names what it wears, and says what is missing.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from studio.backbones.registry import lora_layers
from studio.catalogue.cards import ModelCard
from studio.catalogue.loras import LoraError
from studio.catalogue.loras.contents import content_of, inspect
from studio.media import disk
from studio.project import limits
from studio.project.edits import EditError
from studio.project.files import read_json, write_json
from studio.project.model import Lora

FOLDER = "loras"
ENDING = ".safetensors"
SHARED = 100 * 2**20
"""Bytes of a file on a shared studio, at most: what its page takes as an upload."""
ROOM = 40
"""Times as many bytes for all files of a shared studio."""
QUIET = 86_400.0
"""Seconds after which a file that nobody uses leaves a shared studio."""


@dataclass(frozen=True)
class Shelved:
    """A file on the shelf. `told` says what is in it, or why it does not fit the model that was asked for."""

    sha256: str
    name: str
    size: int
    fits: bool
    told: str


class LoraShelf:
    """The files of one studio. Safe to call from several threads: files come whole, and stay as they are."""

    def __init__(self, folder: Path, most: int | None = None) -> None:
        """`most`: bytes of a file, at most, where several people share the studio."""
        self.folder = folder
        self.most = most

    def path(self, sha256: str) -> Path:
        """Where the file of this content lies, if it is there."""
        return self.folder / f"{sha256}{ENDING}"

    def has(self, sha256: str) -> bool:
        return self.path(sha256).is_file()

    def keep(self, path: Path, card: ModelCard, name: str = "") -> tuple[Lora, str]:
        """Copy a file onto the shelf, unless it is there; it comes from anywhere, and its content is not trusted.

        Returns the LoRA, and what of it is left aside, in a sentence.

        Args:
            path: of the file.
            card: of the model that it is meant for.
            name: what the artist calls it.

        Raises:
            LoraError: it is no LoRA, does not fit the model, or is too large here. MediaError: the disk is full.
            StoreError: its name cannot be written.
        """
        name = limits.name(name or path.name, "LoRA")
        held = inspect(path, lora_layers(card), card.title, name)
        size = path.stat().st_size
        content = content_of(path)
        kept = self.path(content)
        if not kept.is_file():
            self._check_room(name, size)
            with disk.atomic_write(kept, size) as temporary:
                shutil.copyfile(path, temporary)
        kept.touch()
        write_json(kept.with_suffix(".json"), {"name": name, "sha256": content})
        return Lora(name, content), f"{name}: {held.aside}." if held.aside else ""

    def check(self, lora: Lora, card: ModelCard) -> None:
        """Raises EditError: the file is gone, or does not fit the model."""
        if not self.has(lora.sha256):
            raise EditError(
                f"The LoRA {lora.name} is not in this studio ({self.path(lora.sha256)}). Add the file again, or take it off the "
                "segment."
            )
        try:
            inspect(self.path(lora.sha256), lora_layers(card), card.title, lora.name)
        except LoraError as error:
            raise EditError(f"{error} Take it off the segment, or choose the model that it was made for.") from None

    def named(self, sha256: str) -> Lora:
        """The LoRA of this content. Raises EditError: it is not there."""
        if not re.fullmatch(r"[0-9a-f]{64}", sha256) or not self.has(sha256):
            raise EditError("This LoRA is not in the studio any more. Add the file again.")
        self.path(sha256).touch()
        return Lora(self._name(sha256), sha256)

    def list(self, card: ModelCard | None) -> tuple[Shelved, ...]:
        """All files, by name, those first that fit the model of `card`."""
        found = []
        for path in self.folder.glob(f"*{ENDING}"):
            if not re.fullmatch(r"[0-9a-f]{64}", path.stem):
                continue
            name = self._name(path.stem)
            try:
                fits, told = True, inspect(path, lora_layers(card), card.title, name).told if card else ""
            except LoraError as error:
                fits, told = False, str(error)
            found.append(Shelved(path.stem, name, path.stat().st_size, fits, told))
        return tuple(sorted(found, key=lambda shelved: (not shelved.fits, shelved.name.lower())))

    def sweep(self, used: Collection[str]) -> int:
        """Remove what nobody uses and nobody has put on a segment for a day; returns how many files."""
        removed = 0
        for path in self.folder.glob(f"*{ENDING}"):
            if path.stem not in used and time.time() - path.stat().st_mtime > QUIET:
                path.with_suffix(".json").unlink(missing_ok=True)
                path.unlink(missing_ok=True)
                removed += 1
        return removed

    def _check_room(self, name: str, size: int) -> None:
        if self.most is None:
            return
        if size > self.most:
            raise LoraError(
                f"{name} has {size / 2**20:,.0f} MB, and this shared studio takes LoRAs of up to {self.most / 2**20:,.0f} MB. "
                "Run the studio on a machine of your own to use it."
            )
        there = sum(path.stat().st_size for path in self.folder.glob(f"*{ENDING}"))
        if there + size > ROOM * self.most:
            raise LoraError("This shared studio has no room for another LoRA today. Choose one that is there, or come tomorrow.")

    def _name(self, sha256: str) -> str:
        try:
            name = read_json(self.path(sha256).with_suffix(".json")).get("name")
        except (OSError, ValueError):
            name = None
        return name if isinstance(name, str) and name else f"{sha256[:12]}{ENDING}"
