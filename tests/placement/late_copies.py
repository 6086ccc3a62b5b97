"""A card that is imitated: it copies as late as it may, so whoever does not wait for a copy computes from rubbish."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from diffusers import HunyuanVideoFramepackTransformer3DModel
from torch import Tensor, nn

from studio.placement.device.copies import HostCopies, Ticket
from studio.placement.device.streamer import Streamer, blocks_of

Transformer = HunyuanVideoFramepackTransformer3DModel


class LateCopies(HostCopies):
    """A device that copies as late as it may: until somebody waits, a buffer that is being filled holds rubbish."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.device_bytes = self.host_bytes = 0
        self.buffers: list[Tensor] = []
        self.names: dict[int, int] = {}            # address of a home: block
        self.clock = 0
        self.queued: list[tuple[int, Tensor, Tensor]] = []
        self.last_use: dict[int, int] = {}
        self.settled: list[int] = []
        self.released = 0

    def device_buffer(self, size: int) -> Tensor:
        self.device_bytes += size
        self.buffers.append(super().device_buffer(size))
        return self.buffers[-1]

    def host_buffer(self, size: int) -> Tensor:
        self.host_bytes += size
        return super().host_buffer(size)

    def tick(self) -> int:
        self.clock += 1
        return self.clock

    def copy(self, target: Tensor, source: Tensor, after: Ticket | None) -> Ticket:
        # whoever computed from this buffer must be what the copy comes after
        assert isinstance(after, int) and after > self.last_use.get(target.data_ptr(), 0)
        self.log.append(f"copy {self.names[source.data_ptr()]}")
        target.fill_(255)
        self.queued.append((self.tick(), target, source))
        return self.clock

    def wait_on_device(self, ticket: Ticket) -> None:
        assert isinstance(ticket, int)
        while self.queued and self.queued[0][0] <= ticket:
            _, target, source = self.queued.pop(0)
            target.copy_(source)
            self.last_use[target.data_ptr()] = self.tick()

    def mark(self) -> Ticket:
        return self.tick()

    def wait_on_host(self, ticket: Ticket) -> None:
        assert isinstance(ticket, int)
        self.settled.append(ticket)

    def release(self) -> None:
        self.released += 1


def streamed(model: Transformer, resident: int = 0, buffers: int = 2) -> tuple[Streamer, LateCopies]:
    engine = LateCopies()
    streamer = Streamer(blocks_of(model), engine, resident, buffers).attach()
    for index, block in enumerate(blocks_of(model)):
        engine.names[next(block.parameters()).data_ptr()] = index
        block.register_forward_pre_hook(_logs(engine, f"compute {index}"))
    return streamer, engine


def _logs(engine: LateCopies, line: str) -> Callable[[nn.Module, Any], None]:
    def hook(module: nn.Module, _: Any) -> None:
        homes = {buffer.untyped_storage().data_ptr() for buffer in engine.buffers}
        assert all(p.untyped_storage().data_ptr() in homes for p in module.parameters()), "a block computes from the host"
        engine.log.append(line)

    return hook
