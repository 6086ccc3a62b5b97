"""The backbone: diffusers' FramePack transformer as a velocity field; it does not know steps, seeds or sections.

Letters: B batch, C latent channels, W window, h and w latent height and width, L text tokens, S image tokens, M memory
tokens, D the transformer's inner width. Flow time is sigma in diffusers' sense: x_t = (1 - sigma) x + sigma noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from diffusers import HunyuanVideoFramepackTransformer3DModel
from torch import Tensor, nn

from studio.memory.framepack import Packed


@dataclass(frozen=True)
class Conditioning:
    """What the prompt and the reference image say, as embeddings."""

    text: Tensor      # [B, L, text_embed_dim]
    mask: Tensor      # [B, L] 1 where a token is
    pooled: Tensor    # [B, pooled_projection_dim]
    image: Tensor     # [B, S, image_proj_dim]


class WithPsi(nn.Module):
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


def reading_psi(transformer: HunyuanVideoFramepackTransformer3DModel) -> HunyuanVideoFramepackTransformer3DModel:
    """The transformer, changed in place so that psi may join its context."""
    if not isinstance(transformer.image_projection, WithPsi):
        transformer.image_projection = WithPsi(transformer.image_projection)
    return transformer


class Backbone(nn.Module):
    """Velocity d x_t / d sigma = noise - x of the section in flight: FramePack's own, the transformer's output as it is."""

    def __init__(self, transformer: HunyuanVideoFramepackTransformer3DModel) -> None:
        super().__init__()
        self.transformer = reading_psi(transformer)

    def prepare(
        self, timesteps: Tensor, conditioning: Conditioning, guidance: Tensor | None, stopped: Callable[[], bool]
    ) -> None:
        """Called once before the steps of a section. A backbone whose weights are not simply there gets ready for them here.

        Args:
            timesteps: [S] 1000 sigma, all that will come.
            conditioning, guidance: as every step will get them.
            stopped: may be looked at within a step; a stop raises `section.StoppedError` out of it.
        """

    @property
    def device(self) -> torch.device:
        """Computes."""
        return next(self.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        return self.transformer.dtype

    @property
    def patch_size(self) -> int:
        return int(self.transformer.config.patch_size)

    @property
    def channels(self) -> int:
        """Of the latents."""
        return int(self.transformer.config.out_channels)

    def forward(
        self,
        x: Tensor,
        timestep: Tensor,
        packed: Packed,
        conditioning: Conditioning,
        guidance: Tensor | None = None,
        psi: Tensor | None = None,
    ) -> Tensor:
        """Velocity of x_t.

        Args:
            x: [B, C, W, h, w] x_t.
            timestep: [B] 1000 sigma.
            packed: the short-term context.
            conditioning: prompt and reference image.
            guidance: [B] distilled guidance times 1000, for a backbone trained with it.
            psi: [B, M, D] long-term memory, or None.

        Returns:
            [B, C, W, h, w].
        """
        return self.network(x, timestep, packed, conditioning, guidance, psi)

    def network(
        self, x: Tensor, timestep: Tensor, packed: Packed, conditioning: Conditioning, guidance: Tensor | None = None,
        psi: Tensor | None = None,
    ) -> Tensor:
        """The transformer's output for latents that are laid out as it wants them."""
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
            latents_history_2x=packed.twice.to(dtype),
            indices_latents_history_2x=packed.twice_index,
            latents_history_4x=packed.fourfold.to(dtype),
            indices_latents_history_4x=packed.fourfold_index,
            return_dict=False,
        )[0]
