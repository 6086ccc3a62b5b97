"""The embedded model's conditioner: a small text encoder and a small image encoder.

Letters: B batch, L text tokens, S image tokens, H and W pixel height and width.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F
from transformers import CLIPTextModel, PreTrainedTokenizerBase, SiglipVisionModel

from studio.diffusion.backbone import Conditioning


class SmallConditioner:
    """A CLIP text transformer and a SigLIP vision transformer, both small and trained together with the film model."""

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, text_encoder: CLIPTextModel, image_encoder: SiglipVisionModel, tokens: int
    ) -> None:
        """`tokens`: L; longer prompts are cut, shorter ones padded."""
        self.tokenizer = tokenizer
        self.text_encoder = text_encoder
        self.image_encoder = image_encoder
        self.tokens = tokens

    def __call__(self, prompt: str, picture: Tensor) -> Conditioning:
        text, mask, pooled = self.encode_prompts([prompt])
        return Conditioning(text, mask, pooled, self.encode_pictures(picture))

    def encode_prompts(self, prompts: list[str]) -> tuple[Tensor, Tensor, Tensor]:
        """Embeddings [B, L, .], mask [B, L] and pooled feature [B, .] of prompts."""
        batch = self.tokenizer(
            prompts, max_length=self.tokens, padding="max_length", truncation=True, return_tensors="pt"
        ).to(self.text_encoder.device)
        out = self.text_encoder(input_ids=batch.input_ids, attention_mask=batch.attention_mask)
        return out.last_hidden_state, batch.attention_mask, out.pooler_output

    def encode_pictures(self, pictures: Tensor) -> Tensor:
        """Embeddings [B, S, .] of pictures [B, 3, H, W] in [-1, 1], squeezed to the encoder's square."""
        side = self.image_encoder.config.image_size
        pictures = pictures.to(self.image_encoder.device, self.image_encoder.dtype)
        square = F.interpolate(pictures, (side, side), mode="bilinear", antialias=True, align_corners=False)
        return self.image_encoder(pixel_values=square).last_hidden_state
