"""A backbone whose weights lie where a plan says: put there when they are wanted, taken off when room is. It makes no plan."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path

import torch
from diffusers import HunyuanVideoFramepackTransformer3DModel
from torch import Tensor

from studio.backbones.framepack.backbone import FramePackBackbone, add_psi_input
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

Make = Callable[[Plan], HunyuanVideoFramepackTransformer3DModel]
"""A transformer with the plan's weights on the host, mapped, so that making it again costs next to nothing."""
EMBEDDERS = "time_text_embed."
"""What AdaLN's tables are made from."""


class PlacedBackbone(FramePackBackbone):
    """FramePack's velocity, from a transformer that may be streamed. Nobody may call its `to`."""

    def __init__(
        self, load_transformer: Make, plan: Plan, device: torch.device, scratch: Path,
        engine: Callable[[torch.device], CopyEngine] = copy_engine,
    ) -> None:
        """Nothing is put on the device yet.

        Args:
            make: the weights.
            plan: where they lie; see `set_plan`.
            device: computes.
            scratch: folder for blocks that wait on disk.
            engine: of copies.
        """
        super().__init__(load_transformer(plan))
        self.plan = plan
        self._load_transformer = load_transformer
        self._device = device
        self._scratch = scratch
        self._engine = engine
        self._placement: TransformerPlacement | None = None

    @property
    def device(self) -> torch.device:
        return self._device

    @property
    def is_in_place(self) -> bool:
        """Whether the weights are where the plan says, and the branches beside them."""
        return self._placement is not None and (self._branches is not None or not self._loras.layers)

    def apply_loras(self, loras: ActiveLoras) -> None:
        """As every FramePack backbone; the branches are on the device when the weights are: see `apply_plan`."""
        if loras.key == self._loras.key:
            return
        if self._placement is not None and (loras.touches(EMBEDDERS) or self._loras.touches(EMBEDDERS)):
            self._placement.clear_rows()
        self._remove_loras()
        self._loras = loras

    def set_plan(self, plan: Plan) -> None:
        """Another plan from now on. What lies elsewhere by it leaves the device at once, and is placed anew when wanted."""
        ours, theirs = self.plan.profile, plan.profile
        parts = ("resident", "weights", "stream", "adaln_table", "attention", "streamer", "compile", "products")
        moved = any(getattr(ours, part) != getattr(theirs, part) for part in parts)
        self.plan = plan
        if moved:
            self._reload()

    def apply_plan(self) -> TransformerPlacement:
        """Put the weights where the plan says, unless they are.

        Raises:
            torch.OutOfMemoryError, MemoryError: something does not fit; nothing is on the device then, or no branch.
            ValueError: the device cannot be streamed to. MediaError: there is no room for blocks on disk.
        """
        if self._placement is None:
            self._placement = self._place()
        if self._branches is None and self._loras.layers:
            self._branches = LoraBranches(self.transformer, self._loras, self._device, self.dtype)
        return self._placement

    def prepare(
        self, timesteps: Tensor, conditioning: Conditioning, guidance: Tensor | None, should_stop: Callable[[], bool]
    ) -> None:
        placed = self.apply_plan()
        placed.should_stop = should_stop
        placed.prepare(timesteps, conditioning.pooled, guidance)

    def free_device(self) -> None:
        """Give the device back until the next section. No weights are brought to the host: they are mapped again."""
        if self._placement is not None:
            self._reload()

    def release(self) -> None:
        """Give device and host back for good."""
        if self._branches is not None:
            self._branches.remove()
            self._branches = None                               # what is worn is put on again where the weights come back
        if self._placement is not None:
            self._placement.abandon()
            self._placement = None
        self.transformer = None
        gc.collect()                                            # hooks hold the blocks that hold them
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _reload(self) -> None:
        self.release()
        self.transformer = add_psi_input(self._load_transformer(self.plan))

    def _place(self) -> TransformerPlacement:
        profile = self.plan.profile
        blocks = len(blocks_of(self.transformer))
        whole = profile.resident >= blocks
        try:
            if profile.products == "bitsandbytes":
                multiply_by_bitsandbytes(self.transformer)
            attention = require_backend(profile.attention, self.plan.machine.gpu if self._device.type == "cuda" else None)
            if attention != NATIVE:
                set_backend(self.transformer, attention)
            if profile.compile and not compilation.why_not_compiled(profile, blocks):
                compilation.compile_blocks(self.transformer)
            if profile.streamer == "diffusers" and not whole:
                return place_transformer_with_diffusers(self.transformer, self._device, profile.adaln_table)
            return place_transformer(
                self.transformer, self._device, None if whole else profile.resident,
                tables=profile.adaln_table, engine=None if whole else self._copy_engine(),
            )
        except BaseException:
            self._reload()
            raise

    def _copy_engine(self) -> CopyEngine:
        engine = self._engine(self._device)
        return DiskBuffers(engine, self._scratch) if self.plan.profile.stream == "disk" else engine
