"""FramePack's backbone: diffusers' transformer as a velocity field, with room for psi; it does not know steps, seeds or sections.

Letters: B batch, C latent channels, W window, h and w latent height and width, S image tokens, M memory tokens, D the
transformer's inner width.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import torch
from diffusers import HunyuanVideoFramepackTransformer3DModel
from torch import Tensor, nn

from studio.backbones.framepack.lora_layers import FramePackLayers
from studio.diffusion.backbone import Backbone, Conditioning
from studio.diffusion.lora_branches import NO_LORAS, ActiveLoras, LoraBranches
from studio.diffusion.step_cache import StepCache, first_block_cache
from studio.memory.framepack import PackedContext


class PsiProjection(nn.Module):
    """`image_projection` with memory tokens behind the image tokens: psi joins the context stream (2510.01784, figure 1).

    The transformer sizes its context mask from this module's output, so nothing else changes; without psi the output is
    the inner projection's, bit for bit.
    """

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner
        self.psi: Tensor | None = None     # [B, M, D]

    def forward(self, image: Tensor) -> Tensor:
        tokens: Tensor = self.inner(image)  # [B, S, D]
        return tokens if self.psi is None else torch.cat([tokens, self.psi.to(tokens)], dim=1)


def add_psi_input(transformer: HunyuanVideoFramepackTransformer3DModel) -> HunyuanVideoFramepackTransformer3DModel:
    """The transformer, changed in place so that psi may join its context."""
    if not isinstance(transformer.image_projection, PsiProjection):
        transformer.image_projection = PsiProjection(transformer.image_projection)
    return transformer


class FramePackBackbone(nn.Module):
    """A `Backbone`: FramePack's own velocity, the transformer's output as it is."""

    def __init__(self, transformer: HunyuanVideoFramepackTransformer3DModel) -> None:
        super().__init__()
        self.transformer = add_psi_input(transformer)
        self._loras = NO_LORAS
        self._branches: LoraBranches | None = None

    @property
    def lora_layers(self) -> FramePackLayers:
        """The transformer's layers that LoRAs may change."""
        return FramePackLayers(self.transformer.config)

    def apply_loras(self, loras: ActiveLoras) -> None:
        """Run these LoRAs beside the transformer's layers from now on, instead of those before; `NO_LORAS` for none.

        Raises:
            torch.OutOfMemoryError: the device is too small for them; then none is on.
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

    def prepare(
        self, timesteps: Tensor, conditioning: Conditioning, guidance: Tensor | None, should_stop: Callable[[], bool]
    ) -> None:
        """Nothing: the weights are simply there."""

    def skip_blocks(self, threshold: float) -> AbstractContextManager[StepCache]:
        """Blocks are skipped (see `step_cache`)."""
        return first_block_cache(self.transformer, threshold)

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        return self.transformer.dtype

    @property
    def patch_size(self) -> int:
        return int(self.transformer.config.patch_size)

    @property
    def channels(self) -> int:
        return int(self.transformer.config.out_channels)

    def forward(
        self,
        x: Tensor,
        timestep: Tensor,
        packed: PackedContext,
        conditioning: Conditioning,
        guidance: Tensor | None = None,
        psi: Tensor | None = None,
    ) -> Tensor:
        """Velocity of x_t [B, C, W, h, w]; arguments as for every `Backbone`."""
        return self.network(x, timestep, packed, conditioning, guidance, psi)

    def network(
        self, x: Tensor, timestep: Tensor, packed: PackedContext, conditioning: Conditioning, guidance: Tensor | None = None,
        psi: Tensor | None = None,
    ) -> Tensor:
        """The transformer's output for latents that are plan out as it wants them."""
        dtype = self.dtype
        self.transformer.image_projection.psi = psi
        return self.transformer(
            hidden_states=x.to(dtype),
            timestep=timestep,
            encoder_hidden_states=conditioning.text.to(dtype),
            encoder_attention_mask=conditioning.mask.to(dtype),
            pooled_projections=conditioning.pooled.to(dtype),
            image_embeds=conditioning.image.to(dtype),
            indices_latents=packed.index,
            guidance=guidance,
            latents_clean=packed.clean.to(dtype),
            indices_latents_clean=packed.clean_index,
            latents_history_2x=packed.history_2x.to(dtype),
            indices_latents_history_2x=packed.history_2x_index,
            latents_history_4x=packed.history_4x.to(dtype),
            indices_latents_history_4x=packed.history_4x_index,
            return_dict=False,
        )[0]


def require_framepack(backbone: Backbone) -> FramePackBackbone:
    """The backbone, for those who need FramePack's own transformer.

    Raises:
        TypeError: it is of another kind.
    """
    if not isinstance(backbone, FramePackBackbone):
        kind = type(backbone).__name__
        raise TypeError(f"{kind} has no FramePack transformer. Use a model of the kind 'animatic' or 'framepack'.")
    return backbone
