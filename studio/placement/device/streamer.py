"""The block streamer: blocks of a transformer pass through a few buffers on the device; one is copied while another computes.

A block of FramePack with 13B parameters computes longer than the copy of the next block takes, so the weights may stay on the host.
diffusers' group offload does the same more slowly and needs more memory; `stream_with_diffusers` uses it, and a test compares them.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from studio.diffusion.section import StoppedError
from studio.placement.device.copies import CopyEngine, Ticket
from studio.placement.device.packed_block import PackedBlock
from studio.placement.sizes import resident_blocks

MAX_BLOCKS_AHEAD = 2
"""How many blocks the host may queue ahead of the device. A small number, so that a stop takes effect soon."""


BLOCKS = ("transformer_blocks", "single_transformer_blocks", "blocks")
"""Names of the lists of blocks: FramePack's two, Helios' one."""


def blocks_of(transformer: nn.Module) -> list[nn.Module]:
    """A transformer's blocks in the order in which they run."""
    return [block for name in BLOCKS for block in getattr(transformer, name, ())]


def device_footprint(blocks: Sequence[nn.Module], resident: int, buffers: int) -> int:
    """Bytes on the device that streaming these blocks takes. Works for blocks on the meta device.

    Args:
        blocks: in the order in which they run.
        resident: how many of them stay on the device.
        buffers: as for `Streamer`.
    """
    stay = resident_blocks(len(blocks), resident)
    sizes = [PackedBlock(block).size for block in blocks]
    streamed = [size for index, size in enumerate(sizes) if index not in stay]
    return sum(sizes) - sum(streamed) + min(buffers, len(streamed)) * max(streamed, default=0)


class Streamer:
    """Keeps blocks on the host and brings them to the device when they run. For inference, one forward at a time.

    `attach`, use the model, then `detach`, after which the blocks are as before. It can also be used in a `with` statement.
    """

    def __init__(
        self,
        blocks: Sequence[nn.Module],
        engine: CopyEngine,
        resident: int = 0,
        buffers: int = 2,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Checks the blocks; `attach` moves them.

        Args:
            blocks: in the order in which they run, with weights on the host. The caller puts the rest of the model on the device.
            engine: see `copy_engine`; every streamer needs its own.
            resident: how many blocks stay on the device; all of them are allowed.
            buffers: how many of them on the device, each as large as the largest streamed block. From one the device computes, the
                others are filled.
            should_stop: called before every block; if it returns True, the forward raises StoppedError. The attribute can be set at
                any time.

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
        stay = resident_blocks(len(blocks), resident)
        self._streamed = [index for index in range(len(blocks)) if index not in stay]
        self._position = {index: position for position, index in enumerate(self._streamed)}
        self._count = min(buffers, len(self._streamed))
        self._buffers: list[_Buffer] = []
        self._hooks: list[RemovableHandle] = []
        self._marks: deque[Ticket] = deque(maxlen=MAX_BLOCKS_AHEAD)
        # Without this, pinned memory would stay pinned if nobody calls `detach`.
        weakref.finalize(self, engine.release).atexit = False

    @property
    def is_attached(self) -> bool:
        """Whether blocks are being streamed."""
        return bool(self._hooks)

    @property
    def device_bytes(self) -> int:
        """Bytes of resident blocks and buffers on the device, while attached."""
        largest = max((self._blocks[index].size for index in self._streamed), default=0)
        stay = sum(block.size for index, block in enumerate(self._blocks) if index not in self._position)
        return stay + self._count * largest

    @property
    def host_bytes(self) -> int:
        """Bytes of streamed blocks on the host, while attached."""
        return sum(self._blocks[index].size for index in self._streamed)

    def attach(self) -> Streamer:
        """Packs every block into a buffer, on the device or on the host, one block at a time. From now on blocks are streamed.

        Raises:
            torch.OutOfMemoryError, MemoryError: device or host have not enough memory; the blocks are as before.
        """
        if self.is_attached:
            raise RuntimeError("These blocks are streamed already")
        largest = max((self._blocks[index].size for index in self._streamed), default=0)
        try:
            self._buffers = [_Buffer(self.engine.device_buffer(largest)) for _ in range(self._count)]
            for index, block in enumerate(self._blocks):
                allocate = self.engine.host_buffer if index in self._position else self.engine.device_buffer
                block.pack(allocate(block.size))
            # Kernels that were queued before may still read the memory that the allocator has reused for the buffers.
            start = self.engine.mark()
            for buffer in self._buffers:
                buffer.used = start
            for index, block in enumerate(self._blocks):
                self._hooks.append(block.module.register_forward_pre_hook(self._before(index)))
                self._hooks.append(block.module.register_forward_hook(self._after(index), always_call=True))
        except BaseException:
            self.detach()
            raise
        return self

    def detach(self) -> None:
        """Gives every parameter its own memory on the host again and frees the buffers. Does nothing when not attached."""
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
        """Stops streaming without bringing the weights to the host, for a module that will not be used again."""
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()
        self._marks.clear()
        self.engine.release()
        self._buffers.clear()

    def copy_all(self) -> int:
        """Copies every streamed block to the device once while nothing computes, to measure how long that takes.

        Returns:
            The bytes that are copied; 0 if there are as many buffers as streamed blocks: then blocks stay in their buffers, in
            forwards too.
        """
        for index in self._streamed:
            self._bring(index)
            self._free(index, self.engine.mark())
        self.engine.finish()
        return self.host_bytes if len(self._streamed) > self._count else 0

    def __enter__(self) -> Streamer:
        """Attaches."""
        return self.attach()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Detaches."""
        self.detach()

    def _before(self, index: int) -> Callable[[nn.Module, Any], None]:
        """A hook that runs before the block: checks for a stop and brings the block to the device."""

        def before(module: nn.Module, _: Any) -> None:
            """Ends the step where a stop is wanted, waits while too many blocks are queued, and brings a streamed block."""
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
        """A hook that runs after the block, even if the block raised an error."""

        def after(module: nn.Module, _: Any, __: Any) -> None:
            used = self.engine.mark()
            self._marks.append(used)
            self._free(index, used)

        return after

    def _free(self, index: int, used: Ticket) -> None:
        """The block has computed: its parameters are views of `home` again, and its buffer may be filled after `used`."""
        for buffer in self._buffers:
            if buffer.holds == index:
                buffer.used = used
        self._blocks[index].bind_home()

    def _bring(self, index: int) -> None:
        """Makes the block's parameters views of its buffer on the device, and queues copies of the next blocks."""
        position = self._position[index]
        next_blocks = [self._streamed[(position + ahead) % len(self._streamed)] for ahead in range(self._count)]
        buffer = self._fetch(index, next_blocks)
        self.engine.wait_on_device(buffer.ready)
        self._blocks[index].bind(buffer.memory)
        for following in next_blocks[1:]:
            self._fetch(following, next_blocks)

    def _fetch(self, index: int, next_blocks: list[int]) -> _Buffer:
        """The buffer that holds or will hold the block; a copy is queued if needed.

        There are as many buffers as next blocks, so one of them holds none of these and is free.
        """
        for buffer in self._buffers:
            if buffer.holds == index:
                return buffer
        buffer = next(buffer for buffer in self._buffers if buffer.holds not in next_blocks)
        buffer.holds = None                 # if the copy fails, the buffer must not count as this block
        home = self._blocks[index].home
        assert home is not None, "only attached blocks have hooks"
        buffer.ready = self.engine.copy(buffer.memory[: home.numel()], home, after=buffer.used)
        buffer.holds = index
        return buffer


def stream_with_diffusers(transformer: Any, device: torch.device, stream: bool = False) -> None:
    """Streams with diffusers' own group offload, block by block. The output is the same. It cannot be undone.

    Args:
        transformer: with weights on the host.
        device: on which it computes.
        stream: copy while the device computes (CUDA only). Pins every tensor separately, which takes 1.5 times the memory.
    """
    transformer.enable_group_offload(
        onload_device=device, offload_device=torch.device("cpu"), offload_type="block_level", num_blocks_per_group=1,
        use_stream=stream,
    )


class _Buffer:
    """A buffer on the device, and which block it holds."""

    def __init__(self, memory: Tensor) -> None:
        self.memory = memory
        self.holds: int | None = None      # index of a block
        self.ready: Ticket = None          # when the copy is done
        self.used: Ticket = None           # when the block that it held has computed
