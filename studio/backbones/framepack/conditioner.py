"""FramePack's conditioner: Llama, CLIP and SigLIP, without the layers of Llama that FramePack does not use."""

from __future__ import annotations

from typing import Any

import torch
from diffusers import HunyuanVideoFramepackPipeline
from torch import Tensor, nn
from transformers import LlamaModel
from transformers.models.llama.modeling_llama import LlamaDecoderLayer

from studio.backbones.framepack.sizes import UNUSED_LAYERS
from studio.diffusion.backbone import Conditioning


class _UnusedLayer(LlamaDecoderLayer):
    """Takes the place of an unused layer: it has no weights and returns its input."""

    def __init__(self) -> None:
        nn.Module.__init__(self)

    def forward(self, hidden_states: Tensor, *_: Any, **__: Any) -> Tensor:
        """The input, unchanged."""
        return hidden_states


def unused_layers(llama: LlamaModel) -> range:
    """Indices of Llama's layers that FramePack does not use."""
    return range(max(0, len(llama.layers) - UNUSED_LAYERS), len(llama.layers))


def drop_unused_layers(llama: LlamaModel) -> LlamaModel:
    """Llama without the layers that FramePack does not use, changed in place. Works on a meta model too.

    The hidden states that FramePack reads stay the same, bit for bit.
    """
    for at in unused_layers(llama):
        llama.layers[at] = _UnusedLayer()
    return llama


class HunyuanConditioner:
    """FramePack's own conditioning: Llama, CLIP and SigLIP, called through diffusers' pipeline (without transformer and VAE)."""

    def __init__(
        self, pipeline: HunyuanVideoFramepackPipeline, tokens: int, template: dict[str, Any] | None = None,
        text_device: torch.device | None = None,
    ) -> None:
        """Wrap a pipeline.

        Args:
            pipeline: diffusers' pipeline with the encoders.
            tokens: longest prompt, in tokens of Llama.
            template: prompt template; None: the pipeline's own.
            text_device: computes the text encoders; None: the device that Llama is on.
        """
        self.pipeline = pipeline
        self.tokens = tokens
        self.text_device = text_device
        self.template = {} if template is None else {"prompt_template": template}

    @torch.no_grad()
    def __call__(self, prompt: str, picture: Tensor) -> Conditioning:
        """Embeddings of a prompt and a picture [1, 3, H, W] in [-1, 1]."""
        device = self.text_device or self.pipeline.text_encoder.device
        text, pooled, mask = self.pipeline.encode_prompt(
            prompt=prompt, max_sequence_length=self.tokens, device=device, **self.template
        )
        image_device = self.pipeline.image_encoder.device
        image = self.pipeline.encode_image(picture.to(image_device), device=image_device)
        return Conditioning(text, mask, pooled, image)
