"""Copy engines: buffers on the host and on a device, copies between them, and who waits for which. They do not know blocks.

A ticket is a point in a queue: of copies or of computation. On CUDA it is an event; on the CPU everything happened already.
"""

from __future__ import annotations

import mmap
from typing import Protocol

import torch
from torch import Tensor

Ticket = object


class CopyEngine(Protocol):
    """Moves buffers, one-dimensional uint8 tensors, while the device computes."""

    device: torch.device

    def host_buffer(self, size: int) -> Tensor:
        """`size` bytes on the host that the device can be fed from; nothing is rounded up."""
        ...

    def device_buffer(self, size: int) -> Tensor:
        """`size` bytes on the device."""
        ...

    def copy(self, target: Tensor, source: Tensor, after: Ticket | None) -> Ticket:
        """Queue host `source` to be copied into device `target`, not before `after`."""
        ...

    def wait_on_device(self, ticket: Ticket) -> None:
        """What is computed from now on comes after `ticket`; the host goes on."""
        ...

    def mark(self) -> Ticket:
        """The end of everything queued for computing so far."""
        ...

    def wait_on_host(self, ticket: Ticket) -> None:
        """The host waits for `ticket`."""
        ...

    def release(self) -> None:
        """Every host buffer is an ordinary tensor again."""
        ...

    def finish(self) -> None:
        """The host waits for every copy."""
        ...


class HostCopies:
    """A CPU in place of the device: copies are done when they are asked for."""

    device = torch.device("cpu")

    def host_buffer(self, size: int) -> Tensor:
        return torch.empty(size, dtype=torch.uint8)

    def device_buffer(self, size: int) -> Tensor:
        return torch.empty(size, dtype=torch.uint8)

    def copy(self, target: Tensor, source: Tensor, after: Ticket | None) -> Ticket:
        target.copy_(source)
        return None

    def wait_on_device(self, ticket: Ticket) -> None:
        return

    def mark(self) -> Ticket:
        return None

    def wait_on_host(self, ticket: Ticket) -> None:
        return

    def release(self) -> None:
        return

    def finish(self) -> None:
        return


class CudaCopies:
    """Pinned buffers and a stream of copies beside the stream that computes."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.unpinned = 0
        """Bytes that the system would not pin: right, but copied while nothing computes."""
        self._copies = torch.cuda.Stream(device)
        self._pinned: list[int] = []

    def host_buffer(self, size: int) -> Tensor:
        # torch's own pinned memory comes in powers of two (half as much again at 13B). An anonymous map has pages of its own,
        # so that registering one buffer never touches another's, and goes back to the system at once.
        buffer = torch.frombuffer(mmap.mmap(-1, max(1, size)), dtype=torch.uint8)[:size]
        refused = int(torch.cuda.cudart().cudaHostRegister(buffer.data_ptr(), size, 0))
        if refused:
            self.unpinned += size
            self._swallow_error()
        else:
            self._pinned.append(buffer.data_ptr())
        return buffer

    def device_buffer(self, size: int) -> Tensor:
        return torch.empty(size, dtype=torch.uint8, device=self.device)

    def copy(self, target: Tensor, source: Tensor, after: Ticket | None) -> Ticket:
        if isinstance(after, torch.cuda.Event):
            self._copies.wait_event(after)
        with torch.cuda.stream(self._copies):
            target.copy_(source, non_blocking=True)
        return self._copies.record_event()

    def wait_on_device(self, ticket: Ticket) -> None:
        if isinstance(ticket, torch.cuda.Event):
            torch.cuda.current_stream(self.device).wait_event(ticket)

    def mark(self) -> Ticket:
        event = torch.cuda.Event(blocking=True)      # a host that waits sleeps
        event.record(torch.cuda.current_stream(self.device))
        return event

    def wait_on_host(self, ticket: Ticket) -> None:
        if isinstance(ticket, torch.cuda.Event):
            ticket.synchronize()

    def release(self) -> None:
        self.finish()
        while self._pinned:
            torch.cuda.check_error(int(torch.cuda.cudart().cudaHostUnregister(self._pinned.pop())))

    def finish(self) -> None:
        self._copies.synchronize()

    def _swallow_error(self) -> None:
        """CUDA remembers that pinning was refused and would blame the next kernel for it: give it one to blame."""
        try:
            torch.zeros(1, device=self.device).add_(1)
            torch.cuda.synchronize(self.device)
        except RuntimeError:
            return


def copy_engine(device: torch.device) -> CopyEngine:
    """The engine for a device.

    Raises:
        ValueError: blocks cannot be streamed there.
    """
    if device.type == "cuda" and torch.cuda.is_available():
        return CudaCopies(device)
    if device.type == "cpu":
        return HostCopies()
    raise ValueError(f"Blocks can be streamed to an NVIDIA or AMD card, not to {device}. Place the model whole, or on the CPU.")
