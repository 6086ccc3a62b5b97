"""Copy engines: they allocate buffers on the host and on a device, copy between them, and wait for copies.

A ticket is a point in a queue of copies or of computation. On CUDA it is an event; on the CPU it is None, since all work is done
when a call returns.
"""

from __future__ import annotations

import mmap
from typing import Protocol

import torch
from torch import Tensor

Ticket = object


class CopyEngine(Protocol):
    """Copies buffers, which are one-dimensional uint8 tensors, while the device computes."""

    device: torch.device

    def host_buffer(self, size: int) -> Tensor:
        """A buffer of exactly `size` bytes on the host, from which can be copied while the device computes."""
        ...

    def device_buffer(self, size: int) -> Tensor:
        """A buffer of `size` bytes on the device."""
        ...

    def copy(self, target: Tensor, source: Tensor, after: Ticket | None) -> Ticket:
        """Queues a copy from `source` on the host to `target` on the device, to begin after `after`.

        Returns:
            A ticket for the end of the copy.
        """
        ...

    def wait_on_device(self, ticket: Ticket) -> None:
        """Makes the device's computation from now on wait for `ticket`; the host does not wait."""
        ...

    def mark(self) -> Ticket:
        """A ticket for the end of all computation that is queued now."""
        ...

    def wait_on_host(self, ticket: Ticket) -> None:
        """Makes the host wait for `ticket`."""
        ...

    def release(self) -> None:
        """Makes all host buffers ordinary tensors again."""
        ...

    def finish(self) -> None:
        """Makes the host wait for all copies."""
        ...


class HostCopies:
    """A copy engine with the CPU as the device: a copy is done when `copy` returns."""

    device = torch.device("cpu")

    def host_buffer(self, size: int) -> Tensor:
        """A buffer of `size` bytes."""
        return torch.empty(size, dtype=torch.uint8)

    def device_buffer(self, size: int) -> Tensor:
        """A buffer of `size` bytes."""
        return torch.empty(size, dtype=torch.uint8)

    def copy(self, target: Tensor, source: Tensor, after: Ticket | None) -> Ticket:
        """Copies at once."""
        target.copy_(source)
        return None

    def wait_on_device(self, ticket: Ticket) -> None:
        """Does nothing: copies are done at once."""
        return

    def mark(self) -> Ticket:
        """None: nothing is queued."""
        return None

    def wait_on_host(self, ticket: Ticket) -> None:
        """Does nothing: copies are done at once."""
        return

    def release(self) -> None:
        """Does nothing: host buffers are ordinary tensors."""
        return

    def finish(self) -> None:
        """Does nothing: copies are done at once."""
        return


class CudaCopies:
    """A copy engine for CUDA and ROCm: pinned host buffers, and a stream for copies besides the one that computes."""

    def __init__(self, device: torch.device) -> None:
        """Creates the stream for copies on `device`."""
        self.device = device
        self.unpinned = 0
        """Bytes that the system refused to pin. They are copied correctly, but the device does not compute meanwhile."""
        self._copies = torch.cuda.Stream(device)
        self._pinned: list[int] = []

    def host_buffer(self, size: int) -> Tensor:
        """A pinned buffer of `size` bytes, or one that is not pinned if the system refuses; see `unpinned`."""
        # torch rounds pinned memory up to powers of two, which takes half as much again for a 13B model. An anonymous map has its
        # own pages, so registering one buffer never touches another's, and its memory returns to the system at once.
        buffer = torch.frombuffer(mmap.mmap(-1, max(1, size)), dtype=torch.uint8)[:size]
        refused = int(torch.cuda.cudart().cudaHostRegister(buffer.data_ptr(), size, 0))
        if refused:
            self.unpinned += size
            self._swallow_error()
        else:
            self._pinned.append(buffer.data_ptr())
        return buffer

    def device_buffer(self, size: int) -> Tensor:
        """A buffer of `size` bytes on the device."""
        return torch.empty(size, dtype=torch.uint8, device=self.device)

    def copy(self, target: Tensor, source: Tensor, after: Ticket | None) -> Ticket:
        """Queues the copy in the stream for copies."""
        if isinstance(after, torch.cuda.Event):
            self._copies.wait_event(after)
        with torch.cuda.stream(self._copies):
            target.copy_(source, non_blocking=True)
        return self._copies.record_event()

    def wait_on_device(self, ticket: Ticket) -> None:
        """Makes the computing stream wait for `ticket`."""
        if isinstance(ticket, torch.cuda.Event):
            torch.cuda.current_stream(self.device).wait_event(ticket)

    def mark(self) -> Ticket:
        """An event at the end of the computing stream."""
        event = torch.cuda.Event(blocking=True)      # the host sleeps while it waits, instead of spinning
        event.record(torch.cuda.current_stream(self.device))
        return event

    def wait_on_host(self, ticket: Ticket) -> None:
        """Makes the host wait for `ticket`."""
        if isinstance(ticket, torch.cuda.Event):
            ticket.synchronize()

    def release(self) -> None:
        """Unpins all host buffers, after all copies are done."""
        self.finish()
        while self._pinned:
            torch.cuda.check_error(int(torch.cuda.cudart().cudaHostUnregister(self._pinned.pop())))

    def finish(self) -> None:
        """Makes the host wait for all copies."""
        self._copies.synchronize()

    def _swallow_error(self) -> None:
        """Clears the error that CUDA keeps after a refused pinning: the next kernel would report it, so one is run for that."""
        try:
            torch.zeros(1, device=self.device).add_(1)
            torch.cuda.synchronize(self.device)
        except RuntimeError:
            return


def copy_engine(device: torch.device) -> CopyEngine:
    """A new copy engine for a device.

    Raises:
        ValueError: blocks cannot be streamed to this device.
    """
    if device.type == "cuda" and torch.cuda.is_available():
        return CudaCopies(device)
    if device.type == "cpu":
        return HostCopies()
    raise ValueError(f"Blocks can be streamed to an NVIDIA or AMD card, not to {device}. Place the model whole, or on the CPU.")
