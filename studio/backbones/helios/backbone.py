"""Helios' backbone: diffusers' transformer as a velocity field, with guidance by a second pass where the model has it.

Letters: B batch, C latent channels, W window, h and w latent height and width, L text tokens, M memory tokens, D the transformer's
inner width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from diffusers import HeliosDMDScheduler, HeliosScheduler, HeliosTransformer3DModel
from diffusers.pipelines.helios.pipeline_helios_pyramid import optimized_scale
from torch import Tensor

from studio.backbones.helios.history_tokens import HistoryTokens
from studio.backbones.helios.lora_layers import HeliosLayers
from studio.backbones.helios.sampler import HeliosSampler, Variant
from studio.backbones.large_backbone import LargeBackbone
from studio.diffusion.backbone import Conditioning
from studio.diffusion.magnitude_cache import MagnitudeCache, magnitude_cache
from studio.diffusion.sampler import Sampling
from studio.memory.frame_preservation import FramePreservation
from studio.memory.frame_preservation_config import PsiPositions
from studio.memory.framepack import PackedContext


@dataclass(frozen=True)
class HeliosConditioning(Conditioning):
    """Embeddings of the prompt, and of what guidance leads away from."""

    negative: Tensor           # [B, L, .] of the negative prompt; [B, 0, .] for a model without guidance


class HeliosBackbone(LargeBackbone):
    """A `Backbone` whose velocity is the transformer's output, or a guided combination of two."""

    def __init__(
        self, transformer: HeliosTransformer3DModel, scheduler: HeliosScheduler | HeliosDMDScheduler, variant: Variant
    ) -> None:
        """`scheduler`: for its config, of which each section gets a scheduler of its own."""
        super().__init__(transformer)
        self.scheduler, self.variant = scheduler, variant
        self.history = HistoryTokens(transformer)
        self.psi_positions: Callable[[int, int, int], Tensor] | None = None
        """RoPE indices [M, 3, 2] of a psi of M tokens in films of h, w latents; None: its tokens have no place."""
        self._cache: MagnitudeCache | None = None

    @property
    def lora_layers(self) -> HeliosLayers:
        """The transformer's layers that LoRAs may change."""
        return HeliosLayers(self.transformer.config)

    @property
    def blocks(self) -> int:
        """Number of blocks."""
        return int(self.transformer.config.num_layers)

    @property
    def patch_size(self) -> int:
        """Latent pixels along one edge of a token."""
        return int(self.transformer.config.patch_size[1])

    def sampler(self, sampling: Sampling, noise: Tensor, begins: bool) -> HeliosSampler:
        """See `BringsSampler`. Raises ModelError: sections of this size cannot be sampled."""
        return HeliosSampler(self.scheduler, self.variant, sampling, noise, self.transformer.config.patch_size, begins)

    def patchify(self, latents: Tensor) -> Tensor:
        """Tokens [B, N, D] of latents [B, C, T, h, w] behind the projection of the frames that are denoised, on their device."""
        layer = self.transformer.patch_embedding
        tokens: Tensor = layer(latents.to(layer.weight))
        return tokens.flatten(2).transpose(1, 2).to(latents.device)

    def read_history(self, encoder: FramePreservation, window: int) -> None:
        """Read the psi of a history encoder from now on, in films with sections of `window` latent frames.

        Raises:
            ValueError: its psi is for a stream of context, or for layers of its own in every block: Helios has neither.
        """
        if encoder.config.stream != "history" or encoder.psi_layers:
            raise ValueError(
                "Helios reads psi among its history alone: train the history encoder with stream = history and without layers.")
        self.psi_positions = PsiPositions(encoder.config, window)

    @contextmanager
    def skip_steps(self, skips: Sequence[bool]) -> Iterator[MagnitudeCache]:
        """A context with the step cache of `magnitude_cache.magnitude_cache`; the pass of guidance has residuals of its own."""
        with magnitude_cache(self.transformer, ("blocks",), skips) as self._cache:
            try:
                yield self._cache
            finally:
                self._cache = None

    def forward(
        self, x: Tensor, timestep: Tensor, packed: PackedContext, conditioning: Conditioning, guidance: Tensor | None = None,
        psi: Tensor | None = None,
    ) -> Tensor:
        """Velocity of x_t [B, C, W, ., .], which may be smaller than the context. `guidance` [1]: its strength; up to 1, none.

        Guided by classifier-free guidance (2207.12598), or by CFG-Zero* (2503.18886), which scales the unguided velocity first.
        """
        if self._cache is not None:
            self._cache.choose(0)
        velocity = self.run_transformer(x, timestep, packed, conditioning.text, psi)
        scale = 1.0 if guidance is None else float(guidance)
        if scale <= 1 or not isinstance(conditioning, HeliosConditioning) or not conditioning.negative.shape[1]:
            return velocity
        if self._cache is not None:
            self._cache.choose(1)
        away = self.run_transformer(x, timestep, packed, conditioning.negative, psi)
        if self.variant.zero_star:
            share = optimized_scale(velocity.flatten(1), away.flatten(1)).view(-1, 1, 1, 1, 1)
            away = away * share.to(velocity.dtype)
        return away + scale * (velocity - away)

    def run_transformer(self, x: Tensor, timestep: Tensor, packed: PackedContext, text: Tensor, psi: Tensor | None) -> Tensor:
        """The transformer's output [B, C, W, ., .] for one text [B, L, .]."""
        dtype, film = self.dtype, packed.clean.shape[3:]
        bounds = None if psi is None or self.psi_positions is None else self.psi_positions(psi.shape[1], film[0], film[1])
        self.history.show(psi, bounds)

        def rows(index: Tensor) -> Tensor:
            return index.unsqueeze(0).expand(len(x), -1)

        return self.transformer(
            hidden_states=x.to(dtype),
            timestep=timestep,
            encoder_hidden_states=text.to(dtype),
            indices_hidden_states=rows(packed.index),
            indices_latents_history_short=rows(packed.clean_index),
            indices_latents_history_mid=rows(packed.history_2x_index),
            indices_latents_history_long=rows(packed.history_4x_index),
            latents_history_short=packed.clean.to(dtype),
            latents_history_mid=packed.history_2x.to(dtype),
            latents_history_long=packed.history_4x.to(dtype),
            return_dict=False,
        )[0]
