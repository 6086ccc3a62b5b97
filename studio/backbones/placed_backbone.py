"""A backbone whose weights lie where a plan says: placed on the device for a section, and taken off to free memory.

What every family's placed backbone shares; each adds the class of its own backbone.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from studio.backbones.large_backbone import LargeBackbone
from studio.diffusion.backbone import Conditioning
from studio.diffusion.lora_branches import ActiveLoras, LoraBranches
from studio.placement import compilation
from studio.placement.attention import NATIVE, require_backend, set_backend
from studio.placement.device.copies import CopyEngine, copy_engine
from studio.placement.device.disk_buffers import DiskBuffers
from studio.placement.device.int8 import multiply_by_bitsandbytes
from studio.placement.device.streamer import blocks_of
from studio.placement.device.transformer_placement import TransformerPlacement, place_transformer, place_transformer_with_diffusers
from studio.placement.plan import Plan

Make = Callable[[Plan], Any]
"""Loads a transformer with the plan's weights on the host. They are memory-mapped, so loading again is cheap."""


class PlacedWeights(LargeBackbone):
    """Comes before a backbone's class: its transformer's blocks may be streamed then. Its `to` must not be called."""

    EMBEDDERS: ClassVar[str] = ""
    """Beginning of the names of layers whose output AdaLN's tables are computed from; empty: the transformer has no such tables."""

    plan: Plan

    def _connect(self, transformer: Any) -> Any:
        """A transformer that was loaded anew, ready to be used by the backbone."""
        return transformer

    def _keep(
        self, load_transformer: Make, plan: Plan, device: torch.device, scratch: Path,
        engine: Callable[[torch.device], CopyEngine] = copy_engine,
    ) -> None:
        """Note where the weights are to lie. Nothing is put on the device yet.

        Args:
            load_transformer: loads a transformer for a plan.
            plan: where the weights lie; see `set_plan`.
            device: computes.
            scratch: folder for blocks that are streamed from disk.
            engine: copies blocks to a device.
        """
        self.plan = plan
        self._load_transformer = load_transformer
        self._device = device
        self._scratch = scratch
        self._engine = engine
        self._placement: TransformerPlacement | None = None

    @property
    def device(self) -> torch.device:
        """The device that computes, wherever the weights are."""
        return self._device

    @property
    def is_in_place(self) -> bool:
        """Whether weights and LoRA branches are where the plan says."""
        return self._placement is not None and (self._branches is not None or not self._loras.layers)

    def apply_loras(self, loras: ActiveLoras) -> None:
        """Replace the active LoRAs by these. `apply_plan` puts their branches on the device, together with the weights."""
        if loras.key == self._loras.key:
            return
        embedders = self.EMBEDDERS
        if self._placement is not None and embedders and (loras.touches(embedders) or self._loras.touches(embedders)):
            self._placement.clear_rows()
        self._remove_loras()
        self._loras = loras

    def set_plan(self, plan: Plan) -> None:
        """Use another plan from now on. Weights that it places differently leave the device at once."""
        ours, theirs = self.plan.profile, plan.profile
        parts = ("resident", "weights", "stream", "adaln_table", "attention", "streamer", "compile", "products")
        moved = any(getattr(ours, part) != getattr(theirs, part) for part in parts)
        self.plan = plan
        if moved:
            self._reload()

    def apply_plan(self) -> TransformerPlacement:
        """Put weights and LoRA branches where the plan says, unless they are there.

        Raises:
            torch.OutOfMemoryError, MemoryError: something does not fit. Nothing, or no branch, is on the device then.
            ValueError: the device does not support streaming. MediaError: there is no room for blocks on disk.
        """
        if self._placement is None:
            self._placement = self._place()
        if self._branches is None and self._loras.layers:
            self._branches = LoraBranches(self.transformer, self._loras, self._device, self.dtype)
        return self._placement

    def prepare(
        self, timesteps: Tensor, conditioning: Conditioning, guidance: Tensor | None, should_stop: Callable[[], bool]
    ) -> None:
        """Apply the plan, and compute what all steps of the section share. Raises as `apply_plan`."""
        placed = self.apply_plan()
        placed.should_stop = should_stop
        placed.prepare(timesteps, conditioning.pooled, guidance)

    def free_device(self) -> None:
        """Take the weights off the device until the next section. They are mapped again, not copied to the host."""
        if self._placement is not None:
            self._reload()

    def release(self) -> None:
        """Free device and host. The backbone cannot be used afterwards."""
        if self._branches is not None:
            self._branches.remove()
            self._branches = None                               # `_loras` stays: `apply_plan` makes the branches again
        if self._placement is not None:
            self._placement.abandon()
            self._placement = None
        self.transformer = None
        gc.collect()                                            # blocks and their hooks refer to each other
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _reload(self) -> None:
        """Take everything off the device, and load the transformer to the host again."""
        self.release()
        self.transformer = self._connect(self._load_transformer(self.plan))

    def _place(self) -> TransformerPlacement:
        """Put the transformer on the device as the plan says. If that fails, it is loaded to the host again."""
        profile = self.plan.profile
        blocks = len(blocks_of(self.transformer))
        streams, tables = profile.resident < blocks, profile.adaln_table and bool(self.EMBEDDERS)
        try:
            if profile.products == "bitsandbytes":
                multiply_by_bitsandbytes(self.transformer)
            attention = require_backend(profile.attention, self.plan.machine.gpu if self._device.type == "cuda" else None)
            if attention != NATIVE:
                set_backend(self.transformer, attention)
            if profile.compile and not compilation.why_not_compiled(profile, blocks):
                compilation.compile_blocks(self.transformer)
            if profile.streamer == "diffusers" and streams:
                return place_transformer_with_diffusers(self.transformer, self._device, tables)
            return place_transformer(
                self.transformer, self._device, profile.resident if streams else None,
                tables=tables, engine=self._copy_engine() if streams else None,
            )
        except BaseException:
            self._reload()
            raise

    def _copy_engine(self) -> CopyEngine:
        """What copies blocks to the device: from memory, or from the disk if the plan streams from there."""
        engine = self._engine(self._device)
        return DiskBuffers(engine, self._scratch) if self.plan.profile.stream == "disk" else engine
