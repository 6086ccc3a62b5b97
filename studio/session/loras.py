"""The studio's shelf of LoRA files: each file once, named by its content, for all projects.

    loras/<sha256>.safetensors      the file
    loras/<sha256>.json             its name, as the artist gave it

LoRA files are too large to be copied into every project, or packed with one: a project names those of its segments by their
content, and the page says which are missing.
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
from studio.catalogue.loras.contents import checksum, inspect, inspect_whole
from studio.disk import remove_unfinished
from studio.language import sentence
from studio.media import disk
from studio.project.edits import EditError
from studio.project.files import read_json, write_json
from studio.project.lora_edits import shown_name
from studio.project.sources import Lora

FOLDER = "loras"
ENDING = ".safetensors"
SHARED_MAX_BYTES = 100 * 2**20
"""Bytes of a file on a shared studio, at most: the largest upload that its page accepts."""
SHARED_MAX_FILES = 40
"""All files of a shared studio together have at most the size of so many of the largest ones."""
UNUSED_SECONDS = 86_400.0
"""Seconds after which a file that no project uses is removed from a shared studio."""


@dataclass(frozen=True)
class LoraEntry:
    """A file on the shelf. `description` says what is in it, or why it does not fit the model."""

    sha256: str
    name: str
    size: int
    fits: bool
    description: str


class LoraShelf:
    """The LoRA files of one studio. Safe to call from several threads: files are written atomically and never changed."""

    def __init__(self, folder: Path, max_bytes: int | None = None) -> None:
        """Keep the files in `folder`. `max_bytes`: of one file, where several people share the studio; None: no limit."""
        self.folder = folder
        self.max_bytes = max_bytes

    def path(self, sha256: str) -> Path:
        """The path of the file with this content; the file may be missing."""
        return self.folder / f"{sha256}{ENDING}"

    def has(self, sha256: str) -> bool:
        """Whether the file with this content is on the shelf."""
        return self.path(sha256).is_file()

    def add(self, path: Path, card: ModelCard, name: str = "") -> tuple[Lora, str]:
        """Copy a file onto the shelf, unless it is there. The file can come from anywhere; its content is not trusted.

        Args:
            path: the file.
            card: the model that it must fit.
            name: what the artist calls it; "": the file's name.

        Returns:
            The LoRA, with a name that can be shown, and a sentence about what of the file is not used ("" when all of it is).

        Raises:
            LoraError: it is no LoRA, does not fit the model, holds values that are not numbers, or is too large for this studio.
            MediaError: the disk is full.
            StoreError: the file with its name cannot be written.
        """
        name = shown_name(name or path.name)
        contents = inspect_whole(path, lora_layers(card), card.title, name)
        size = path.stat().st_size
        content = checksum(path)
        copy = self.path(content)
        if not copy.is_file():
            remove_unfinished(self.folder, UNUSED_SECONDS)
            self._check_room(name, size)
            with disk.atomic_write(copy, size) as temporary:
                shutil.copyfile(path, temporary)
        copy.touch()
        write_json(copy.with_suffix(".json"), {"name": name, "sha256": content})
        unused = contents.unused_summary
        return Lora(name, content), sentence("{name}: {problem}.", name=name, problem=unused) if unused else ""

    def check(self, lora: Lora, card: ModelCard, whole: bool = False) -> None:
        """Check a LoRA before it is used. `whole`: read its weights too, which takes a moment.

        Raises:
            EditError: the file is gone, does not fit the model, or (`whole`) holds values that are not numbers.
        """
        if not self.has(lora.sha256):
            raise EditError(sentence(
                "The LoRA {lora} is not in this studio ({path}). Add the file again, or take it off the segment.",
                lora=lora.name, path=self.path(lora.sha256)))
        try:
            (inspect_whole if whole else inspect)(self.path(lora.sha256), lora_layers(card), card.title, lora.name)
        except LoraError as error:
            raise EditError(sentence(
                "{error} Take it off the segment, or choose the model that it was made for.", error=str(error))) from None

    def find(self, sha256: str) -> Lora:
        """The LoRA of this content. Raises EditError: it is not on the shelf."""
        if not re.fullmatch(r"[0-9a-f]{64}", sha256) or not self.has(sha256):
            raise EditError(sentence("This LoRA is not in the studio any more. Add the file again."))
        self.path(sha256).touch()
        return Lora(self._name(sha256), sha256)

    def list(self, card: ModelCard | None) -> tuple[LoraEntry, ...]:
        """All files, sorted by name, those that fit the model of `card` first."""
        found = []
        for path in self.folder.glob(f"*{ENDING}"):
            if not re.fullmatch(r"[0-9a-f]{64}", path.stem):
                continue
            name = self._name(path.stem)
            try:
                fits, description = True, inspect(path, lora_layers(card), card.title, name).summary if card else ""
            except LoraError as error:
                fits, description = False, str(error)
            found.append(LoraEntry(path.stem, name, path.stat().st_size, fits, description))
        return tuple(sorted(found, key=lambda entry: (not entry.fits, entry.name.lower())))

    def sweep(self, used: Collection[str]) -> int:
        """Remove files that are not in `used` and were not put on a segment for a day; returns how many files were removed."""
        removed = 0
        for path in self.folder.glob(f"*{ENDING}"):
            if path.stem not in used and time.time() - path.stat().st_mtime > UNUSED_SECONDS:
                path.with_suffix(".json").unlink(missing_ok=True)
                path.unlink(missing_ok=True)
                removed += 1
        return removed

    def _check_room(self, name: str, size: int) -> None:
        """Raises LoraError: a file of this size is too large for this studio."""
        if self.max_bytes is None:
            return
        if size > self.max_bytes:
            raise LoraError(sentence(
                "{name} has {size:,.0f} MB, and this shared studio takes LoRAs of up to {most:,.0f} MB. Run the studio on a "
                "machine of your own to use it.", name=name, size=size / 2**20, most=self.max_bytes / 2**20))
        total = sum(path.stat().st_size for path in self.folder.glob(f"*{ENDING}"))
        if total + size > SHARED_MAX_FILES * self.max_bytes:
            raise LoraError(sentence(
                "This shared studio has no room for another LoRA today. Choose one that is there, or come tomorrow."))

    def _name(self, sha256: str) -> str:
        try:
            name = read_json(self.path(sha256).with_suffix(".json")).get("name")
        except (OSError, ValueError):
            name = None
        return name if isinstance(name, str) and name else f"{sha256[:12]}{ENDING}"
