"""HunyuanVideo's codec and FramePack's conditioning, for models of the large kind. It does not know how latents are made.

Letters: C latent channels, h and w latent height and width, H and W pixel height and width.
"""

from __future__ import annotations

from typing import Any, Protocol

import torch
from diffusers import AutoencoderKLHunyuanVideo, HunyuanVideoFramepackPipeline
from torch import Tensor, nn
from transformers import LlamaModel
from transformers.models.llama.modeling_llama import LlamaDecoderLayer

from studio.backbones.framepack.family import UNUSED_LAYERS
from studio.diffusion.backbone import Conditioning
from studio.diffusion.codec import FrameStream


class PreviewMethod(Protocol):
    """How latents are looked at before they are decoded."""

    @property
    def description(self) -> str:
        """How, in words."""

    def __call__(self, latents: Tensor) -> Tensor:
        """[n, 3, ., .] in [-1, 1] of latents [1, C, n, h, w]."""

    def learn(self, latents: Tensor, frames: Tensor) -> None:
        """Latents [1, C, n, h, w] were decoded to frames [1, 3, 4 n, H, W]."""


def rough_preview(latents: Tensor) -> Tensor:
    """The first three latent channels [n, 3, h, w], scaled to [-1, 1]: nothing is known of their colours."""
    channels = latents[0, :3].movedim(1, 0)
    return channels / channels.abs().amax().clamp(min=1e-6)


class HunyuanCodec:
    """HunyuanVideo's autoencoder: temporal tiles of 5 latents every 3, so a section of 9 is 3 new tiles."""

    def __init__(self, autoencoder: AutoencoderKLHunyuanVideo, window: int, previews: PreviewMethod | None = None) -> None:
        """`previews`: for previews, taught by what is decoded; None: a rough one."""
        self.autoencoder = autoencoder
        self.previews = previews
        self.pixels_per_latent = int(autoencoder.spatial_compression_ratio)
        self.stride = autoencoder.tile_sample_stride_num_frames // autoencoder.temporal_compression_ratio
        if window % self.stride:
            raise ValueError(f"a window of {window} latent frames is not a whole number of temporal tiles of {self.stride}")

    def set_tile_size(self, edge: int) -> None:
        """Decode in tiles of `edge` pixels from now on, a quarter of each blended into the next."""
        stride = edge * 3 // 4
        self.autoencoder.enable_tiling(
            tile_sample_min_height=edge, tile_sample_min_width=edge,
            tile_sample_stride_height=stride, tile_sample_stride_width=stride,
        )

    def encode(self, picture: Tensor) -> Tensor:
        pixels = picture.unsqueeze(2).to(self.autoencoder.device, self.autoencoder.dtype)
        # The same picture always begins the same film: the mode, not a sample as in the stock pipeline, and never in tiles,
        # whatever frames are decoded in.
        tiled, self.autoencoder.use_tiling = self.autoencoder.use_tiling, False
        try:
            latents = self.autoencoder.encode(pixels).latent_dist.mode()
        finally:
            self.autoencoder.use_tiling = tiled
        return (latents * self.autoencoder.config.scaling_factor).float()

    def stream(self, recent: Tensor, sections: int) -> FrameStream:
        return HunyuanStream(self.autoencoder, recent, self.stride, begun=sections > 0, previews=self.previews)

    def preview(self, latents: Tensor) -> Tensor:
        return rough_preview(latents) if self.previews is None else self.previews(latents)


class HunyuanStream:
    """diffusers' temporal tiling, tile by tile: each new tile is blended over the end of the one before.

    Each section's frames are those of the one-shot decode of the film up to its end, bit for bit. The decoder's group norms
    see the whole tile, so one that a later section makes longer would come out slightly different; a clip never waits for that.
    """

    def __init__(
        self, autoencoder: AutoencoderKLHunyuanVideo, recent: Tensor, stride: int, begun: bool,
        previews: PreviewMethod | None = None,
    ) -> None:
        self._autoencoder = autoencoder
        self._previews = previews
        self._stride = stride
        self._size = autoencoder.tile_sample_min_num_frames // autoencoder.temporal_compression_ratio
        self._overlap = autoencoder.tile_sample_min_num_frames - autoencoder.tile_sample_stride_num_frames
        # The last tile before the section, which is one latent longer now, is decoded again to blend over its end.
        keep = stride + 1 if begun else 1
        self._tail = recent[:, :, -keep:]

    def push(self, latents: Tensor) -> Tensor:
        context = torch.cat([self._tail.to(latents), latents], dim=2)
        first = self._tail.shape[2] > 1
        offset = self._stride if first else 0
        previous = self._decode(context[:, :, : self._size + 1]) if first else None
        out = []
        for at in range(offset, context.shape[2] - 1, self._stride):
            frames = self._decode(context[:, :, at : at + self._size + 1])[:, :, 1:]
            if previous is not None:
                frames = self._autoencoder.blend_t(previous, frames, self._overlap)
            out.append(frames[:, :, : self._stride * self._autoencoder.temporal_compression_ratio])
            previous = frames
        self._tail = context[:, :, -(self._stride + 1) :]
        made = torch.cat(out, dim=2).float()
        if self._previews is not None:
            self._previews.learn(latents, made)
        return made

    def _decode(self, latents: Tensor) -> Tensor:
        latents = latents.to(self._autoencoder.device, self._autoencoder.dtype) / self._autoencoder.config.scaling_factor
        if self._autoencoder.use_tiling:
            return self._autoencoder.tiled_decode(latents).sample
        return self._autoencoder.decoder(self._autoencoder.post_quant_conv(latents))


class _UnusedLayer(LlamaDecoderLayer):
    """In the place of such a layer: no weights, and nothing is computed."""

    def __init__(self) -> None:
        nn.Module.__init__(self)

    def forward(self, hidden_states: Tensor, *_: Any, **__: Any) -> Tensor:
        return hidden_states


def unused_layers(llama: LlamaModel) -> range:
    """Which of its layers."""
    return range(max(0, len(llama.layers) - UNUSED_LAYERS), len(llama.layers))


def drop_unused_layers(llama: LlamaModel) -> LlamaModel:
    """Llama without these layers, changed in place; what FramePack reads stays the same, bit for bit. Works on a meta model."""
    for at in unused_layers(llama):
        llama.layers[at] = _UnusedLayer()
    return llama


class HunyuanConditioner:
    """FramePack's own: Llama, CLIP and SigLIP, read through diffusers' pipeline (with neither transformer nor VAE in it)."""

    def __init__(
        self, pipeline: HunyuanVideoFramepackPipeline, tokens: int, template: dict[str, Any] | None = None,
        text_device: torch.device | None = None,
    ) -> None:
        """`text_device` computes the text; None: the device that the text encoder is on."""
        self.pipeline = pipeline
        self.tokens = tokens
        self.text_device = text_device
        self.template = {} if template is None else {"prompt_template": template}

    @torch.no_grad()
    def __call__(self, prompt: str, picture: Tensor) -> Conditioning:
        device = self.text_device or self.pipeline.text_encoder.device
        text, pooled, mask = self.pipeline.encode_prompt(
            prompt=prompt, max_sequence_length=self.tokens, device=device, **self.template
        )
        seeing = self.pipeline.image_encoder.device
        return Conditioning(text, mask, pooled, self.pipeline.encode_image(picture.to(seeing), device=seeing))
