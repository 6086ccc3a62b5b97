"""Buffers on disk: for machines whose memory is too small for the blocks that do not stay on the card. It does not know blocks."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import torch
from torch import Tensor

from studio.disk import explain
from studio.media import MediaError
from studio.media.disk import check_room
from studio.placement.device.copies import CopyEngine, Ticket

SUFFIX = ".slab"


class DiskBuffers:
    """Another engine's copies, out of files: the system reads them when a block is wanted, and takes the memory back at will."""

    def __init__(self, engine: CopyEngine, folder: Path) -> None:
        """The files lie in `folder`; those that a killed studio left there go first."""
        self.device = engine.device
        self._engine = engine
        self._folder = folder
        self._files: list[Path] = []
        for old in folder.glob(f"*{SUFFIX}"):
            _remove(old)

    def host_buffer(self, size: int) -> Tensor:
        """`size` bytes of a new file. Raises MediaError: the disk is full, or cannot be written."""
        path = self._folder / f"{secrets.token_hex(8)}{SUFFIX}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            check_room(self._folder, size)
            self._files.append(path)
            with path.open("wb") as file:
                file.truncate(size)
                if hasattr(os, "posix_fallocate"):      # a mapped file that the disk has no room for ends the process
                    os.posix_fallocate(file.fileno(), 0, max(1, size))
            return torch.from_file(str(path), shared=True, size=size, dtype=torch.uint8)
        except OSError as error:
            raise MediaError(explain(path, error)) from error

    def device_buffer(self, size: int) -> Tensor:
        return self._engine.device_buffer(size)

    def copy(self, target: Tensor, source: Tensor, after: Ticket | None) -> Ticket:
        return self._engine.copy(target, source, after)

    def wait_on_device(self, ticket: Ticket) -> None:
        self._engine.wait_on_device(ticket)

    def mark(self) -> Ticket:
        return self._engine.mark()

    def wait_on_host(self, ticket: Ticket) -> None:
        self._engine.wait_on_host(ticket)

    def release(self) -> None:
        """The files go; what is still mapped of them stays readable where the system allows it, and goes next time elsewhere."""
        self._engine.release()
        while self._files:
            _remove(self._files.pop())

    def finish(self) -> None:
        self._engine.finish()


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:          # Windows keeps files that are mapped
        return
