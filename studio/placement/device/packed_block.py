"""Buffers: a block's parameters as views of one piece of memory, so that one copy moves the block. It knows no order."""

from __future__ import annotations

import torch
from torch import Tensor, nn

ALIGNMENT = 256
"""Bytes between the beginnings of tensors in a buffer: what CUDA's kernels like, and 64 for the CPU's."""


class PackedBlock:
    """A block whose parameters are views of one buffer."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        self.home: Tensor | None = None    # uint8 [size]
        self._parameters = list(module.parameters())
        self._places: list[tuple[int, int]] = []
        self._packed = 0                   # how many parameters lie in `home`
        offset = 0
        for parameter in self._parameters:
            length = parameter.numel() * parameter.element_size()
            self._places.append((offset, length))
            offset += -(-length // ALIGNMENT) * ALIGNMENT
        self.size = offset

    def check(self, index: int) -> None:
        """ValueError unless the block, the `index`th, can be moved in buffers."""
        for name, buffer in self.module.named_buffers():
            raise ValueError(f"Block {index} has a buffer, {name} {tuple(buffer.shape)}: only parameters are streamed")
        for name, parameter in self.module.named_parameters():
            if parameter.device.type != "cpu":
                raise ValueError(f"Block {index}: {name} is on {parameter.device}. Move it to the host; it is streamed from there")

    def pack(self, buffer: Tensor) -> None:
        """Copy the parameters into a buffer, which is their home from now on; their own memory is freed one by one."""
        self.home, self._packed = buffer, 0
        for parameter, view in self._views(buffer):
            view.copy_(parameter.data)
            parameter.data = view
            self._packed += 1

    def bind(self, buffer: Tensor) -> None:
        """Parameters become views of a buffer that holds a copy of the home."""
        for parameter, view in self._views(buffer):
            parameter.data = view

    def rest(self) -> None:
        """Parameters are views of their home again."""
        if self.home is not None and self._parameters and self._parameters[0].data_ptr() != self.home.data_ptr():
            self.bind(self.home)

    def unpack(self) -> None:
        """Parameters own their memory on the host again, also when packing was cut short. Does nothing twice."""
        if self.home is not None:
            for parameter, view in self._views(self.home)[: self._packed]:
                parameter.data = torch.empty_like(view, device="cpu").copy_(view)
        self.home, self._packed = None, 0

    def _views(self, buffer: Tensor) -> list[tuple[nn.Parameter, Tensor]]:
        places = zip(self._parameters, self._places, strict=True)
        return [(p, buffer[begin : begin + length].view(p.dtype).view(p.shape)) for p, (begin, length) in places]
