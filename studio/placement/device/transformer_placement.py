"""Placing a transformer: int8, AdaLN tables and streaming put together, in the order that works."""

from __future__ import annotations

from collections.abc import Callable

import torch
from diffusers import HunyuanVideoFramepackTransformer3DModel
from torch import Tensor

from studio.diffusion.section import StoppedError
from studio.placement.device import int8
from studio.placement.device.adaln import AdalnTables, LayerSource
from studio.placement.device.copies import CopyEngine, copy_engine
from studio.placement.device.streamer import Streamer, blocks_of, stream_with_diffusers

BLOCKS = ("transformer_blocks", "single_transformer_blocks")


class TransformerPlacement:
    """A transformer where it can run, and what it must be told."""

    def __init__(self, transformer: HunyuanVideoFramepackTransformer3DModel) -> None:
        self.transformer = transformer
        self.tables: AdalnTables | None = None
        self.streamer: Streamer | None = None
        self.should_stop: Callable[[], bool] = lambda: False
        """Asked before every block; a stop raises `StoppedError` out of the forward. To be set by whoever can stop."""
        self._hooks = [block.register_forward_pre_hook(self._look) for block in blocks_of(transformer)]

    def prepare(self, timesteps: Tensor, pooled: Tensor, guidance: Tensor | None = None) -> None:
        """Before every section: timesteps [S], pooled prompt [1, P], guidance [1] times 1000. Works only when they are new."""
        if self.tables is not None:
            self.tables.prepare(timesteps, pooled, guidance)

    def clear_rows(self) -> None:
        """What was prepared is made again: a layer that it was made with has changed."""
        if self.tables is not None:
            self.tables.clear_rows()

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
        if self.should_stop():
            raise StoppedError


def place_transformer(
    transformer: HunyuanVideoFramepackTransformer3DModel,
    device: torch.device,
    resident: int | None = None,
    buffers: int = 2,
    quantize: bool = False,
    tables: bool = True,
    layer_source: LayerSource | None = None,
    engine: CopyEngine | None = None,
) -> TransformerPlacement:
    """Put a transformer, weights on the host, where it can run on `device`. Afterwards nobody may call its `to`.

    Args:
        transformer: for inference; changed in place.
        device: computes.
        resident: how many blocks stay on the device; the others are streamed. None: everything, on any device.
        buffers: on the device, for streaming.
        quantize: make the blocks int8 first; not for one that came int8 from the store.
        tables: keep AdaLN's layers off the device. Then `TransformerPlacement.prepare` comes before every section.
        layer_source: where those layers come from, see `adaln.layers_from_file`. None: from the host.
        engine: of copies; None: the device's own.

    Raises:
        ValueError: the device or the blocks cannot be streamed.
        torch.OutOfMemoryError, MemoryError: something does not fit; the weights are on the host again.
    """
    transformer.eval().requires_grad_(False)
    if quantize:
        int8.quantize(transformer)
    placed = TransformerPlacement(transformer)
    try:
        if tables:
            placed.tables = AdalnTables(transformer, layer_source)
        if resident is None:
            transformer.to(device)
        else:
            placed.streamer = Streamer(blocks_of(transformer), engine or copy_engine(device), resident, buffers).attach()
            for name, part in transformer.named_children():
                if name not in BLOCKS:
                    part.to(device)
    except BaseException:
        placed.release()
        raise
    return placed


def place_transformer_with_diffusers(
    transformer: HunyuanVideoFramepackTransformer3DModel, device: torch.device, tables: bool = True
) -> TransformerPlacement:
    """The same with diffusers' own group offload, block by block, in place of our streamer: slower, for where ours fails.

    It cannot be taken off again: whoever has enough of it abandons the transformer.
    """
    placed = TransformerPlacement(transformer.eval().requires_grad_(False))
    if tables:
        placed.tables = AdalnTables(transformer)
    stream_with_diffusers(transformer, device)
    return placed
