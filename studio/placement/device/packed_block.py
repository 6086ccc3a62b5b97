"""Packs the parameters of a block into one buffer, so that one copy moves the block."""

from __future__ import annotations

import torch
from torch import Tensor, nn

ALIGNMENT = 256
"""Tensors begin at multiples of this many bytes in a buffer. 256 suits CUDA's kernels; those of the CPU want 64."""


class PackedBlock:
    """A block whose parameters are views of one buffer, which can be replaced by a copy of it."""

    def __init__(self, module: nn.Module) -> None:
        """Calculates where each parameter goes; `pack` puts it there.

        Args:
            module: the block.
        """
        self.module = module
        self.home: Tensor | None = None
        """uint8 [size], the buffer that the parameters were packed into; None before `pack`."""
        self._parameters = list(module.parameters())
        self._ranges: list[tuple[int, int]] = []
        self._packed = 0                   # how many parameters are in `home`
        offset = 0
        for parameter in self._parameters:
            length = parameter.numel() * parameter.element_size()
            self._ranges.append((offset, length))
            offset += -(-length // ALIGNMENT) * ALIGNMENT
        self.size = offset
        """Bytes of the buffer that the block needs."""

    def check(self, index: int) -> None:
        """Checks that the block, the `index`th of the transformer, can be packed.

        Raises:
            ValueError: it has module buffers, or parameters that are not on the host.
        """
        for name, buffer in self.module.named_buffers():
            raise ValueError(f"Block {index} has a buffer, {name} {tuple(buffer.shape)}: only parameters are streamed")
        for name, parameter in self.module.named_parameters():
            if parameter.device.type != "cpu":
                raise ValueError(f"Block {index}: {name} is on {parameter.device}. Move it to the host; it is streamed from there")

    def pack(self, buffer: Tensor) -> None:
        """Copies the parameters into a buffer, which becomes `home`. The memory of each parameter is freed when it has been copied.

        Args:
            buffer: uint8 [size].
        """
        self.home, self._packed = buffer, 0
        for parameter, view in self._views(buffer):
            view.copy_(parameter.data)
            parameter.data = view
            self._packed += 1

    def bind(self, buffer: Tensor) -> None:
        """Makes the parameters views of `buffer`, uint8 [size], which is or will be a copy of `home`."""
        for parameter, view in self._views(buffer):
            parameter.data = view

    def bind_home(self) -> None:
        """Makes the parameters views of `home` again."""
        if self.home is not None and self._parameters and self._parameters[0].data_ptr() != self.home.data_ptr():
            self.bind(self.home)

    def unpack(self) -> None:
        """Gives each parameter its own memory on the host again, even if packing was interrupted. Does nothing if not packed."""
        if self.home is not None:
            for parameter, view in self._views(self.home)[: self._packed]:
                parameter.data = torch.empty_like(view, device="cpu").copy_(view)
        self.home, self._packed = None, 0

    def _views(self, buffer: Tensor) -> list[tuple[nn.Parameter, Tensor]]:
        ranges = zip(self._parameters, self._ranges, strict=True)
        return [(p, buffer[begin : begin + length].view(p.dtype).view(p.shape)) for p, (begin, length) in ranges]
