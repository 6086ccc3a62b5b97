"""The backbone: diffusers' FramePack transformer as a velocity field; it does not know steps, seeds or sections.

Letters: B batch, C latent channels, W window, h and w latent height and width, L text tokens, S image tokens, M memory
tokens, D the transformer's inner width. Flow time is sigma in diffusers' sense: x_t = (1 - sigma) x + sigma noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from diffusers import HunyuanVideoFramepackTransformer3DModel
from torch import Tensor, nn
from torch.nn import functional as F

from studio.diffusion.continuation import Continuation
from studio.memory.framepack import Packed

Prediction = Literal["velocity", "change"]


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


class Backbone(nn.Module):
    """Velocity d x_t / d sigma = noise - x of the section in flight.

    `prediction` says what the network's output means. "velocity" is FramePack's own. "change" is for small networks: the
    output is a correction of the best linear guess of x, which continues the newest frame and trusts x_t as far as a
    Wiener filter would: the preconditioning of Karras et al. (2206.00364, section 5) for a flow with a known base,

        x = base + k (x_t - (1 - sigma) base) + c F,   k = (1 - sigma) V / U,   c = sigma sqrt(V / U),
        U = (1 - sigma)^2 V + sigma^2,

    where V[C] is the variance of (x - base) and F the network. The base is the newest frame, or what a learned `continuation`
    makes of it for the prompt; then the network sees the base's first channels beside x_t. Coordinates (frame, row, column)
    may join the latents as three more channels: rotary phases alone are slow to teach a small network how far, and where.
    """

    change_deviation: Tensor

    def __init__(
        self,
        transformer: HunyuanVideoFramepackTransformer3DModel,
        prediction: Prediction = "velocity",
        coordinates: bool = False,
        change_deviation: Tensor | None = None,
        continuation: Continuation | None = None,
    ) -> None:
        super().__init__()
        self.transformer = transformer
        self.prediction = prediction
        self.coordinates = coordinates
        self.continuation = continuation
        channels = transformer.config.out_channels
        deviation = torch.ones(channels) if change_deviation is None else change_deviation
        self.register_buffer("change_deviation", deviation.float(), persistent=False)  # [C], sqrt of V
        if not isinstance(transformer.image_projection, WithPsi):
            transformer.image_projection = WithPsi(transformer.image_projection)

    @property
    def dtype(self) -> torch.dtype:
        return self.transformer.dtype

    @property
    def patch_size(self) -> int:
        return int(self.transformer.config.patch_size)

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
            [B, C, W, h, w], in the transformer's dtype for "velocity", float32 for "change".
        """
        if self.prediction == "velocity":
            return self._network(x, timestep, packed, conditioning, guidance, psi)
        sigma = (timestep.float() / 1000).clamp(min=1e-3).view(-1, 1, 1, 1, 1)
        return (x.float() - self.clean(x, sigma, packed, conditioning, guidance, psi)) / sigma

    def clean(
        self, x: Tensor, sigma: Tensor, packed: Packed, conditioning: Conditioning, guidance: Tensor | None = None,
        psi: Tensor | None = None,
    ) -> Tensor:
        """x from x_t for the "change" prediction, [B, C, W, h, w]; sigma [B, 1, 1, 1, 1]."""
        base = self.base(packed, conditioning)
        beside = base[:, : self.transformer.config.in_channels - x.shape[1] - 3 * self.coordinates]
        seen = x if self.continuation is None else torch.cat([x, beside.to(x)], dim=1)
        output = self._network(seen, 1000 * sigma.flatten(), packed, conditioning, guidance, psi)
        return self.guess(x, sigma, base, output)

    def base(self, packed: Packed, conditioning: Conditioning) -> Tensor:
        """What x would be if the film just went on: [B, C, W, h, w], or [B, C, 1, h, w] for a standing frame."""
        newest = packed.clean[:, :, -1:].float()
        return newest if self.continuation is None else self.continuation(newest, conditioning.pooled, len(packed.index))

    def guess(self, x: Tensor, sigma: Tensor, base: Tensor, output: Tensor) -> Tensor:
        """x from x_t, the base and the network's output F (see the class)."""
        variance = self.change_deviation.view(1, -1, 1, 1, 1) ** 2
        total = (1 - sigma) ** 2 * variance + sigma**2
        wiener = (1 - sigma) * variance / total
        return base + wiener * (x.float() - (1 - sigma) * base) + sigma * (variance / total).sqrt() * output.float()

    def _network(
        self, x: Tensor, timestep: Tensor, packed: Packed, conditioning: Conditioning, guidance: Tensor | None,
        psi: Tensor | None,
    ) -> Tensor:
        dtype = self.dtype
        self.transformer.image_projection.psi = psi

        def place(latents: Tensor, index: Tensor) -> Tensor:
            wanted = x.shape[1] - latents.shape[1]       # clean frames have no base beside them
            whole = F.pad(latents.to(dtype), (0, 0, 0, 0, 0, 0, 0, wanted)) if wanted else latents.to(dtype)
            return self._placed(whole, index) if self.coordinates else whole

        return self.transformer(
            hidden_states=place(x, packed.index),
            timestep=timestep,
            encoder_hidden_states=conditioning.text.to(dtype),
            encoder_attention_mask=conditioning.mask.to(dtype),
            pooled_projections=conditioning.pooled.to(dtype),
            image_embeds=conditioning.image.to(dtype),
            indices_latents=packed.index,
            guidance=guidance,
            latents_clean=place(packed.clean, packed.clean_index),
            indices_latents_clean=packed.clean_index,
            latents_history_2x=place(packed.twice, packed.twice_index),
            indices_latents_history_2x=packed.twice_index,
            latents_history_4x=place(packed.fourfold, packed.fourfold_index),
            indices_latents_history_4x=packed.fourfold_index,
            return_dict=False,
        )[0]

    def _placed(self, latents: Tensor, index: Tensor) -> Tensor:
        """Latents with frame, row and column as three more channels, [B, C + 3, T, h, w]."""
        b, _, t, h, w = latents.shape
        frame = (index.to(latents) / 10 - 2).view(1, 1, t, 1, 1).expand(b, 1, t, h, w)
        row = ((torch.arange(h, device=latents.device) - (h - 1) / 2) / 8).to(latents).view(1, 1, 1, h, 1).expand(b, 1, t, h, w)
        column = ((torch.arange(w, device=latents.device) - (w - 1) / 2) / 8).to(latents).view(1, 1, 1, 1, w).expand(b, 1, t, h, w)
        return torch.cat([latents, frame, row, column], dim=1)

