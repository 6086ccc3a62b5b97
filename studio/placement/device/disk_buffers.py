"""Host buffers in files: for machines whose memory is too small for the blocks that are streamed."""

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
    """A copy engine whose host buffers are mapped files.

    The system reads a file when its block is copied, and may free that memory at any time. Another engine does the copies.
    """

    def __init__(self, engine: CopyEngine, folder: Path) -> None:
        """Removes the files that a killed studio left in the folder.

        Args:
            engine: does the copies.
            folder: for the files; is created when the first buffer is.
        """
        self.device = engine.device
        self._engine = engine
        self._folder = folder
        self._files: list[Path] = []
        for old in folder.glob(f"*{SUFFIX}"):
            _remove(old)

    def host_buffer(self, size: int) -> Tensor:
        """A buffer of `size` bytes in a new file.

        Raises:
            MediaError: the disk is full or cannot be written.
        """
        path = self._folder / f"{secrets.token_hex(8)}{SUFFIX}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            check_room(self._folder, size)
            self._files.append(path)
            with path.open("wb") as file:
                file.truncate(size)
                if hasattr(os, "posix_fallocate"):      # writing to a mapped file that the disk has no room for kills the process
                    os.posix_fallocate(file.fileno(), 0, max(1, size))
            return torch.from_file(str(path), shared=True, size=size, dtype=torch.uint8)
        except OSError as error:
            raise MediaError(explain(path, error)) from error

    def device_buffer(self, size: int) -> Tensor:
        """As the other engine's."""
        return self._engine.device_buffer(size)

    def copy(self, target: Tensor, source: Tensor, after: Ticket | None) -> Ticket:
        """As the other engine's."""
        return self._engine.copy(target, source, after)

    def wait_on_device(self, ticket: Ticket) -> None:
        """As the other engine's."""
        self._engine.wait_on_device(ticket)

    def mark(self) -> Ticket:
        """As the other engine's."""
        return self._engine.mark()

    def wait_on_host(self, ticket: Ticket) -> None:
        """As the other engine's."""
        self._engine.wait_on_host(ticket)

    def release(self) -> None:
        """Removes the files. Tensors that map them stay readable; Windows keeps such files until the next start."""
        self._engine.release()
        while self._files:
            _remove(self._files.pop())

    def finish(self) -> None:
        """As the other engine's."""
        self._engine.finish()


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:          # Windows does not remove files that are mapped
        return
