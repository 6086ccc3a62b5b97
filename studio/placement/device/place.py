"""Placing a transformer: int8, AdaLN tables and streaming put together, in the order that works. It does not decide what fits."""

from __future__ import annotations

from collections.abc import Callable

import torch
from diffusers import HunyuanVideoFramepackTransformer3DModel
from torch import Tensor

from studio.diffusion.section import StoppedError
from studio.placement.device import int8
from studio.placement.device.adaln import AdalnTables, Kept
from studio.placement.device.copies import CopyEngine, copy_engine
from studio.placement.device.streamer import Streamer, blocks_of, fallback

BLOCKS = ("transformer_blocks", "single_transformer_blocks")


class Placed:
    """A transformer where it can run, and what it must be told."""

    def __init__(self, transformer: HunyuanVideoFramepackTransformer3DModel) -> None:
        self.transformer = transformer
        self.tables: AdalnTables | None = None
        self.streamer: Streamer | None = None
        self.stopped: Callable[[], bool] = lambda: False
        """Asked before every block; a stop raises `StoppedError` out of the forward. To be set by whoever can stop."""
        self._hooks = [block.register_forward_pre_hook(self._look) for block in blocks_of(transformer)]

    def prepare(self, timesteps: Tensor, pooled: Tensor, guidance: Tensor | None = None) -> None:
        """Before every section: timesteps [S], pooled prompt [1, P], guidance [1] times 1000. Works only when they are new."""
        if self.tables is not None:
            self.tables.prepare(timesteps, pooled, guidance)

    def forget(self) -> None:
        """What was prepared is made again: a layer that it was made with has changed."""
        if self.tables is not None:
            self.tables.forget()

    def release(self) -> None:
        """Give the device back: all weights on the host, the transformer whole again (int8 stays int8)."""
        for hook in self._hooks:
            hook.remove()
        if self.streamer is not None:
            self.streamer.detach()
        self.transformer.to("cpu")
        if self.tables is not None:
            self.tables.detach()
        self.streamer = self.tables = None

    def abandon(self) -> None:
        """Give the device back without bringing the weights to the host: the transformer is of no use afterwards."""
        if self.streamer is not None:
            self.streamer.abandon()
        self.streamer = self.tables = None

    def _look(self, *_: object) -> None:
        if self.stopped():
            raise StoppedError


def place(
    transformer: HunyuanVideoFramepackTransformer3DModel,
    device: torch.device,
    resident: int | None = None,
    slabs: int = 2,
    quantize: bool = False,
    tables: bool = True,
    kept: Kept | None = None,
    engine: CopyEngine | None = None,
) -> Placed:
    """Put a transformer, weights on the host, where it can run on `device`. Afterwards nobody may call its `to`.

    Args:
        transformer: for inference; changed in place.
        device: computes.
        resident: how many blocks stay on the device; the others are streamed. None: everything, on any device.
        slabs: on the device, for streaming.
        quantize: make the blocks int8 first; not for one that came int8 from the store.
        tables: keep AdaLN's layers off the device. Then `Placed.prepare` comes before every section.
        kept: where those layers come from, see `adaln.in_file`. None: from the host.
        engine: of copies; None: the device's own.

    Raises:
        ValueError: the device or the blocks cannot be streamed.
        torch.OutOfMemoryError, MemoryError: something does not fit; the weights are on the host again.
    """
    transformer.eval().requires_grad_(False)
    if quantize:
        int8.quantize(transformer)
    placed = Placed(transformer)
    try:
        if tables:
            placed.tables = AdalnTables(transformer, kept)
        if resident is None:
            transformer.to(device)
        else:
            placed.streamer = Streamer(blocks_of(transformer), engine or copy_engine(device), resident, slabs).attach()
            for name, part in transformer.named_children():
                if name not in BLOCKS:
                    part.to(device)
    except BaseException:
        placed.release()
        raise
    return placed


def place_by_diffusers(
    transformer: HunyuanVideoFramepackTransformer3DModel, device: torch.device, tables: bool = True
) -> Placed:
    """The same with diffusers' own group offload, block by block, in place of our streamer: slower, for where ours fails.

    It cannot be taken off again: whoever has enough of it abandons the transformer.
    """
    placed = Placed(transformer.eval().requires_grad_(False))
    if tables:
        placed.tables = AdalnTables(transformer)
    fallback(transformer, device)
    return placed
