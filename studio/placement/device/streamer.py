"""The block streamer: a transformer's blocks pass through a few buffers of the device, each copied while the one before computes.

FramePack at 13B computes longer on a block than the bus takes to bring the next one, so the weights may stay on the host. How
copies are done is in copies.py. The slow twin is diffusers' group offload, `stream_with_diffusers`.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

import torch
from diffusers import HunyuanVideoFramepackTransformer3DModel
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from studio.diffusion.section import StoppedError
from studio.placement.device.copies import CopyEngine, Ticket
from studio.placement.device.packed_block import PackedBlock

MAX_BLOCKS_AHEAD = 2
"""Blocks that the host may be ahead of the device: so a stop is seen this soon."""


def blocks_of(transformer: HunyuanVideoFramepackTransformer3DModel) -> list[nn.Module]:
    """FramePack's blocks in the order they run."""
    return [*transformer.transformer_blocks, *transformer.single_transformer_blocks]


def spread(count: int, resident: int) -> frozenset[int]:
    """Which of `count` blocks stay on the device: evenly spread, so that every copy has the same time."""
    resident = min(resident, count)
    return frozenset((2 * i + 1) * count // (2 * resident) for i in range(resident))


def device_footprint(blocks: Sequence[nn.Module], resident: int, buffers: int) -> int:
    """Bytes that streaming these blocks holds on the device. Works on a meta model."""
    stay = spread(len(blocks), resident)
    sizes = [PackedBlock(block).size for block in blocks]
    streamed = [size for index, size in enumerate(sizes) if index not in stay]
    return sum(sizes) - sum(streamed) + min(buffers, len(streamed)) * max(streamed, default=0)


class Streamer:
    """Blocks on the host, a few of them at a time on the device. For inference; forwards one after another.

    Attach it, use the model, detach it: then the module is as before. It may also be used as a context.
    """

    def __init__(
        self,
        blocks: Sequence[nn.Module],
        engine: CopyEngine,
        resident: int = 0,
        buffers: int = 2,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Nothing is moved yet.

        Args:
            blocks: in the order they run, weights on the host. What else the model has, the caller puts on the device.
            engine: see `copy_engine`; one for each streamer.
            resident: how many blocks stay on the device; all of them is fine.
            buffers: of the largest streamed block's size, on the device: one computes, the others are filled.
            should_stop: looked at before every block; may be set anew at any time.

        Raises:
            ValueError: fewer than two buffers, a negative number of resident blocks, or blocks that cannot be streamed.
        """
        if buffers < 2 or resident < 0:
            raise ValueError(f"Streaming needs at least 2 buffers and 0 resident blocks, not {buffers} and {resident}")
        self.should_stop = should_stop
        self.engine = engine
        self._blocks = [PackedBlock(block) for block in blocks]
        for index, block in enumerate(self._blocks):
            block.check(index)
        stay = spread(len(blocks), resident)
        self._streamed = [index for index in range(len(blocks)) if index not in stay]
        self._position = {index: position for position, index in enumerate(self._streamed)}
        self._count = min(buffers, len(self._streamed))
        self._buffers: list[_Buffer] = []
        self._hooks: list[RemovableHandle] = []
        self._marks: deque[Ticket] = deque(maxlen=MAX_BLOCKS_AHEAD)
        # Pinned memory outlives whoever forgets to detach, were it not for this.
        weakref.finalize(self, engine.release).atexit = False

    @property
    def is_attached(self) -> bool:
        return bool(self._hooks)

    @property
    def device_bytes(self) -> int:
        """Of weights on the device, while attached: resident blocks and buffers."""
        largest = max((self._blocks[index].size for index in self._streamed), default=0)
        stay = sum(block.size for index, block in enumerate(self._blocks) if index not in self._position)
        return stay + self._count * largest

    @property
    def host_bytes(self) -> int:
        """Of weights on the host, while attached."""
        return sum(self._blocks[index].size for index in self._streamed)

    def attach(self) -> Streamer:
        """Pack every block into its buffer, one block at a time, and stream from now on.

        Raises:
            torch.OutOfMemoryError, MemoryError: device or host are too small; the module is as before.
        """
        if self.is_attached:
            raise RuntimeError("These blocks are streamed already")
        largest = max((self._blocks[index].size for index in self._streamed), default=0)
        try:
            self._buffers = [_Buffer(self.engine.device_buffer(largest)) for _ in range(self._count)]
            for index, block in enumerate(self._blocks):
                allocate = self.engine.host_buffer if index in self._position else self.engine.device_buffer
                block.pack(allocate(block.size))
            # Memory that the allocator has just handed out may still be read by what was queued before.
            begun = self.engine.mark()
            for buffer in self._buffers:
                buffer.used = begun
            for index, block in enumerate(self._blocks):
                self._hooks.append(block.module.register_forward_pre_hook(self._before(index)))
                self._hooks.append(block.module.register_forward_hook(self._after(index), always_call=True))
        except BaseException:
            self.detach()
            raise
        return self

    def detach(self) -> None:
        """Give every parameter its own memory on the host again, and the buffers back. Does nothing when not attached."""
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()
        self._marks.clear()
        self.engine.finish()
        for block in self._blocks:
            block.unpack()
        self.engine.release()
        self._buffers.clear()

    def abandon(self) -> None:
        """Stop streaming without giving the weights back: for a module that nobody will use again. Copies nothing."""
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()
        self._marks.clear()
        self.engine.release()
        self._buffers.clear()

    def copy_all(self) -> int:
        """Bring every streamed block to the device once while nothing computes, to see how long that takes; tells the bytes.

        No more of them than there are buffers stay where they are, and nothing is copied: in forwards neither.
        """
        for index in self._streamed:
            self._bring(index)
            self._leave(index, self.engine.mark())
        self.engine.finish()
        return self.host_bytes if len(self._streamed) > self._count else 0

    def __enter__(self) -> Streamer:
        return self.attach()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.detach()

    def _before(self, index: int) -> Callable[[nn.Module, Any], None]:
        def before(module: nn.Module, _: Any) -> None:
            if self.should_stop():
                raise StoppedError
            if torch.is_grad_enabled() and any(p.requires_grad for p in module.parameters()):
                raise RuntimeError("Streamed blocks are for inference: call the model under torch.no_grad()")
            if len(self._marks) == MAX_BLOCKS_AHEAD:
                self.engine.wait_on_host(self._marks.popleft())
            if index in self._position:
                self._bring(index)

        return before

    def _after(self, index: int) -> Callable[[nn.Module, Any, Any], None]:
        """Runs when the block failed, too."""
        def after(module: nn.Module, _: Any, __: Any) -> None:
            used = self.engine.mark()
            self._marks.append(used)
            self._leave(index, used)

        return after

    def _leave(self, index: int, used: Ticket) -> None:
        """The block has computed: its parameters are at home again, and its buffer may be filled after `used`."""
        for buffer in self._buffers:
            if buffer.holds == index:
                buffer.used = used
        self._blocks[index].rest()

    def _bring(self, index: int) -> None:
        """The block onto the device, and the next ones on their way."""
        position = self._position[index]
        wanted = [self._streamed[(position + ahead) % len(self._streamed)] for ahead in range(self._count)]
        buffer = self._fetch(index, wanted)
        self.engine.wait_on_device(buffer.ready)
        self._blocks[index].bind(buffer.memory)
        for following in wanted[1:]:
            self._fetch(following, wanted)

    def _fetch(self, index: int, wanted: list[int]) -> _Buffer:
        """The buffer that holds or will hold the block. There are as many buffers as wanted blocks, so one is free for it."""
        for buffer in self._buffers:
            if buffer.holds == index:
                return buffer
        buffer = next(buffer for buffer in self._buffers if buffer.holds not in wanted)
        buffer.holds = None                 # should the copy fail, nobody takes this for a block
        home = self._blocks[index].home
        assert home is not None, "hooks are on attached blocks alone"
        buffer.ready = self.engine.copy(buffer.memory[: home.numel()], home, after=buffer.used)
        buffer.holds = index
        return buffer


def stream_with_diffusers(transformer: HunyuanVideoFramepackTransformer3DModel, device: torch.device, stream: bool = False) -> None:
    """diffusers' own group offload, block by block: the same output without our streamer. It cannot be taken off again.

    Args:
        transformer: weights on the host.
        device: computes.
        stream: copy beside computing (CUDA). Pins every tensor separately, which takes half as much host memory again.
    """
    transformer.enable_group_offload(
        onload_device=device, offload_device=torch.device("cpu"), offload_type="block_level", num_blocks_per_group=1,
        use_stream=stream,
    )


class _Buffer:
    """Memory on the device, and what lies in it."""

    def __init__(self, memory: Tensor) -> None:
        self.memory = memory
        self.holds: int | None = None      # index of a block
        self.ready: Ticket = None          # the copy is there
        self.used: Ticket = None           # the block that was there has computed
