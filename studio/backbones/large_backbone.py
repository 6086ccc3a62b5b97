"""What the backbones of the large families share: a transformer of diffusers, and the LoRAs that act on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from studio.diffusion.backbone import Conditioning
from studio.diffusion.lora_branches import NO_LORAS, ActiveLoras, LoraBranches


class LargeBackbone(nn.Module):
    """A backbone whose transformer lies on one device. Each family adds how its transformer is called."""

    def __init__(self, transformer: Any) -> None:
        """`transformer`: one of diffusers'."""
        super().__init__()
        self.transformer = transformer
        self._loras = NO_LORAS
        self._branches: LoraBranches | None = None

    @property
    def device(self) -> torch.device:
        """The device of the weights, which computes."""
        return next(self.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """The transformer's precision; a few layers may be in float32 always."""
        return self.transformer.dtype       # type: ignore[no-any-return]

    @property
    def channels(self) -> int:
        """C, the channels of the latents."""
        return int(self.transformer.config.out_channels)

    def prepare(
        self, timesteps: Tensor, conditioning: Conditioning, guidance: Tensor | None, should_stop: Callable[[], bool]
    ) -> None:
        """Does nothing: all weights are on the device."""

    def apply_loras(self, loras: ActiveLoras) -> None:
        """Replace the active LoRAs by these; `NO_LORAS` for none.

        Raises:
            torch.OutOfMemoryError: they do not fit on the device. No LoRA is active then.
        """
        if loras.key == self._loras.key:
            return
        self._remove_loras()
        self._branches = LoraBranches(self.transformer, loras, self.device, self.dtype)
        self._loras = loras

    def _remove_loras(self) -> None:
        if self._branches is not None:
            self._branches.remove()
        self._branches, self._loras = None, NO_LORAS
