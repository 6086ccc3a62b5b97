"""FramePack's backbone: diffusers' transformer as a velocity field, with an input for psi in its context or beside its history.

Letters: B batch, C latent channels, W window, h and w latent height and width, S image tokens, M memory tokens, D the
transformer's inner width.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import torch
from diffusers import HunyuanVideoFramepackTransformer3DModel
from torch import Tensor, nn

from studio.backbones.framepack.history_input import HistoryInput
from studio.backbones.framepack.lora_layers import FramePackLayers
from studio.backbones.framepack.psi_layers import PsiLayers
from studio.backbones.large_backbone import LargeBackbone
from studio.diffusion.backbone import Backbone, Conditioning
from studio.diffusion.magnitude_cache import MagnitudeCache, magnitude_cache
from studio.diffusion.step_cache import StepCache, first_block_cache
from studio.memory.frame_preservation import FramePreservation
from studio.memory.frame_preservation_config import PsiPositions
from studio.memory.framepack import PackedContext


class PsiProjection(nn.Module):
    """`image_projection` with memory tokens after the image tokens: psi joins the context stream (2510.01784, figure 1).

    The transformer sizes its context mask by this module's output, so nothing else needs to change. Without psi the output is that
    of the wrapped projection, bit for bit.
    """

    def __init__(self, inner: nn.Module) -> None:
        """`inner`: the transformer's own image projection."""
        super().__init__()
        self.inner = inner
        self.psi: Tensor | None = None     # [B, M, D]; None: no memory

    def forward(self, image: Tensor) -> Tensor:
        """Image tokens [B, S, D] of image features, followed by psi: [B, S + M, D]."""
        tokens: Tensor = self.inner(image)  # [B, S, D]
        return tokens if self.psi is None else torch.cat([tokens, self.psi.to(tokens)], dim=1)


def add_psi_input(transformer: HunyuanVideoFramepackTransformer3DModel) -> HunyuanVideoFramepackTransformer3DModel:
    """The transformer, changed in place so that psi can join its context or its history. Does nothing the second time."""
    if not isinstance(transformer.image_projection, PsiProjection):
        transformer.image_projection = PsiProjection(transformer.image_projection)
        transformer._pack_history_states = HistoryInput(transformer._pack_history_states, transformer.rope)
    return transformer


class FramePackBackbone(LargeBackbone):
    """A `Backbone` whose velocity is the transformer's output."""

    def __init__(self, transformer: HunyuanVideoFramepackTransformer3DModel) -> None:
        """`transformer` is changed in place, see `add_psi_input`."""
        super().__init__(add_psi_input(transformer))
        self.psi_positions: Callable[[int, int, int], Tensor] | None = None
        """RoPE indices [M, 3, 2] of a psi of M tokens in films of h, w latents, which then joins the history; None: the context."""
        self._psi_layers: PsiLayers | None = None

    @property
    def lora_layers(self) -> FramePackLayers:
        """The transformer's layers that LoRAs may change."""
        return FramePackLayers(self.transformer.config)

    @property
    def blocks(self) -> int:
        """Number of blocks of both kinds."""
        return int(self.transformer.config.num_layers + self.transformer.config.num_single_layers)

    def read_history(self, encoder: FramePreservation, window: int) -> None:
        """Read the psi of a history encoder from now on, as its config says, in films with sections of `window` latent frames."""
        self.psi_positions = PsiPositions(encoder.config, window) if encoder.config.stream == "history" else None
        if self._psi_layers is not None:
            self._psi_layers.detach()
        self._psi_layers = PsiLayers(encoder.psi_layers) if encoder.psi_layers else None

    def skip_blocks(self, threshold: float) -> AbstractContextManager[StepCache]:
        """A context with the step cache of `step_cache.first_block_cache`."""
        return first_block_cache(self.transformer, threshold)

    def skip_steps(self, skips: Sequence[bool]) -> AbstractContextManager[MagnitudeCache]:
        """A context with the step cache of `magnitude_cache.magnitude_cache`."""
        return magnitude_cache(self.transformer, ("transformer_blocks", "single_transformer_blocks"), skips)

    @property
    def patch_size(self) -> int:
        """Latent pixels along one edge of a token."""
        return int(self.transformer.config.patch_size)

    def patchify(self, latents: Tensor) -> Tensor:
        """Tokens [B, N, D] of latents [B, C, T, h, w] behind the transformer's first projection, on the latents' device.

        The projection for the frames that are denoised, which reads noise of any level: so memories are shown masked frames too.
        """
        layer = self.transformer.x_embedder
        weight = next(layer.parameters())
        tokens: Tensor = layer(latents.to(weight))
        return tokens.to(latents.device)

    def forward(
        self,
        x: Tensor,
        timestep: Tensor,
        packed: PackedContext,
        conditioning: Conditioning,
        guidance: Tensor | None = None,
        psi: Tensor | None = None,
    ) -> Tensor:
        """Velocity of x_t [B, C, W, h, w]. Arguments as for every `Backbone`."""
        return self.run_transformer(x, timestep, packed, conditioning, guidance, psi)

    def run_transformer(
        self, x: Tensor, timestep: Tensor, packed: PackedContext, conditioning: Conditioning, guidance: Tensor | None = None,
        psi: Tensor | None = None,
    ) -> Tensor:
        """The transformer's output [B, ., W, h, w] for inputs in the channels that it takes."""
        dtype = self.dtype
        bounds = None if psi is None or self.psi_positions is None else self.psi_positions(psi.shape[1], *x.shape[3:])
        self.transformer.image_projection.psi = psi if bounds is None else None
        self.transformer._pack_history_states.show(psi, bounds)
        if self._psi_layers is not None:
            self._psi_layers.show(self.transformer, psi)
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
    """The backbone as a FramePackBackbone, for code that needs FramePack's own transformer.

    Raises:
        TypeError: it is of another class.
    """
    if not isinstance(backbone, FramePackBackbone):
        kind = type(backbone).__name__
        raise TypeError(f"{kind} has no FramePack transformer. Use a model of the kind 'animatic' or 'framepack'.")
    return backbone
