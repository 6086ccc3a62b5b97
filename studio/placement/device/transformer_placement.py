"""Puts a transformer where it can compute: int8 weights, AdaLN tables and streaming, applied in the order that works."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from studio.diffusion.section import StoppedError
from studio.placement.device import int8
from studio.placement.device.adaln import AdalnTables, LayerSource
from studio.placement.device.copies import CopyEngine, copy_engine
from studio.placement.device.streamer import BLOCKS, Streamer, blocks_of, stream_with_diffusers


class TransformerPlacement:
    """A transformer that is ready to compute on a device, and how to use and remove it."""

    def __init__(self, transformer: Any) -> None:
        """Adds the hooks that check for a stop. `place_transformer` does the rest.

        Args:
            transformer: its blocks get hooks.
        """
        self.transformer = transformer
        self.tables: AdalnTables | None = None
        self.streamer: Streamer | None = None
        self.should_stop: Callable[[], bool] = lambda: False
        """Called before every block. If it returns True, the forward raises `StoppedError`. The caller may set it."""
        self._hooks = [block.register_forward_pre_hook(self._check_stop) for block in blocks_of(transformer)]

    def prepare(self, timesteps: Tensor, pooled: Tensor, guidance: Tensor | None = None) -> None:
        """Computes the AdaLN tables of a section; call it before every section. Nothing is done if the inputs are as before.

        Args:
            timesteps: [S], 1000 sigma.
            pooled: [1, P], the pooled prompt.
            guidance: [1], distilled guidance times 1000, for a transformer that takes it.
        """
        if self.tables is not None:
            self.tables.prepare(timesteps, pooled, guidance)

    def clear_rows(self) -> None:
        """Drops the rows of the tables, because a layer that they were computed with has changed."""
        if self.tables is not None:
            self.tables.clear_rows()

    def release(self) -> None:
        """Frees the device: all weights are on the host, and the AdaLN layers are in the transformer again. int8 stays int8."""
        for hook in self._hooks:
            hook.remove()
        if self.streamer is not None:
            self.streamer.detach()
        self.transformer.to("cpu")
        if self.tables is not None:
            self.tables.detach()
        self.streamer = self.tables = None

    def abandon(self) -> None:
        """Frees the device without bringing the weights to the host. The transformer cannot be used afterwards."""
        if self.streamer is not None:
            self.streamer.abandon()
        self.streamer = self.tables = None

    def _check_stop(self, *_: object) -> None:
        if self.should_stop():
            raise StoppedError


def place_transformer(
    transformer: Any,
    device: torch.device,
    resident: int | None = None,
    buffers: int = 2,
    quantize: bool = False,
    tables: bool = True,
    layer_source: LayerSource | None = None,
    engine: CopyEngine | None = None,
) -> TransformerPlacement:
    """Makes a transformer with weights on the host ready to compute on `device`. Its method `to` must not be called afterwards.

    Args:
        transformer: for inference; is changed in place.
        device: on which it computes.
        resident: how many blocks stay on the device; the others are streamed. None: all, on any device.
        buffers: how many of them on the device, for streaming.
        quantize: make the blocks int8 first; not for a transformer that came as int8 from the weight store.
        tables: replace FramePack's AdaLN layers by tables. Then call `TransformerPlacement.prepare` before every section.
        layer_source: gives the AdaLN layers, see `adaln.layers_from_file`. None: they stay on the host.
        engine: for copies; None: the device's own.

    Raises:
        ValueError: the blocks cannot be streamed, or not to this device.
        torch.OutOfMemoryError, MemoryError: memory ran out; the weights are on the host again.
    """
    transformer.eval().requires_grad_(False)
    if quantize:
        int8.quantize(transformer)
    placement = TransformerPlacement(transformer)
    try:
        if tables:
            placement.tables = AdalnTables(transformer, layer_source)
        if resident is None:
            transformer.to(device)
        else:
            placement.streamer = Streamer(blocks_of(transformer), engine or copy_engine(device), resident, buffers).attach()
            for name, part in transformer.named_children():
                if name not in BLOCKS:
                    part.to(device)
    except BaseException:
        placement.release()
        raise
    return placement


def place_transformer_with_diffusers(
    transformer: Any, device: torch.device, tables: bool = True
) -> TransformerPlacement:
    """As `place_transformer`, with diffusers' group offload instead of our streamer: slower, for machines where ours fails.

    It cannot be undone: call `abandon` when the transformer is no longer needed.
    """
    placement = TransformerPlacement(transformer.eval().requires_grad_(False))
    if tables:
        placement.tables = AdalnTables(transformer)
    stream_with_diffusers(transformer, device)
    return placement
