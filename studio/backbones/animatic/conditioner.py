"""The embedded model's conditioner: a small text encoder, a small image encoder, and a reader of words before the text encoder.

Letters: B batch, L text tokens, S image tokens, H and W pixel height and width.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F
from transformers import CLIPTextModel, PreTrainedTokenizerBase, SiglipVisionModel

from studio.backbones.animatic.film_size import is_large
from studio.backbones.animatic.words import WordReader
from studio.diffusion.backbone import Conditioning
from studio.full_prompt import full_prompt


class SmallConditioner:
    """A CLIP text transformer and a SigLIP vision transformer, both small and trained together with the film model."""

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, text_encoder: CLIPTextModel, image_encoder: SiglipVisionModel, tokens: int,
        reader: WordReader | None = None,
    ) -> None:
        """Take the encoders, and perhaps a reader of words.

        Args:
            tokenizer: of the text encoder.
            text_encoder: a CLIP text transformer.
            image_encoder: a SigLIP vision transformer.
            tokens: L; longer prompts are cut, shorter ones padded.
            reader: finds what a prompt asks for, for films of the newer sizes; None: these get the prompt's own words too.
        """
        self.tokenizer = tokenizer
        self.text_encoder = text_encoder
        self.image_encoder = image_encoder
        self.tokens = tokens
        self.reader = reader

    def __call__(self, prompt: str, picture: Tensor) -> Conditioning:
        """Embeddings of a prompt and a picture [1, 3, H, W] in [-1, 1], which has the film's size."""
        if self.reader is not None and reads_words(*picture.shape[-2:]):
            prompt = self.reader.caption(prompt)
        text, mask, pooled = self.encode_prompts([prompt])
        return Conditioning(text, mask, pooled, self.encode_pictures(picture))

    def read_apart(self, prompt: str, style: str, begins: bool, picture: Tensor) -> Conditioning:
        """Embeddings of a prompt and a style, see `ReadsApart`. Without a reader of words the style is read as a prompt is."""
        if self.reader is None:
            return self(full_prompt(prompt, "", style), picture)
        if reads_words(*picture.shape[-2:]):
            prompt = self.reader.styled_caption(prompt, style, begins)
        else:
            prompt = self.reader.styled_prompt(prompt, style, begins)
        text, mask, pooled = self.encode_prompts([prompt])
        return Conditioning(text, mask, pooled, self.encode_pictures(picture))

    def reads_dolly(self, prompt: str, style: str = "") -> bool:
        """Whether a prompt or a style asks for a dolly; without a reader of words, none does."""
        if self.reader is None:
            return False
        wishes = self.reader.read(prompt), self.reader.read_style(prompt, style, False)
        return any(wish.camera.startswith("dolly") for wish in wishes)

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


def reads_words(height: int, width: int) -> bool:
    """Whether prompts for a film of this size go through the reader of words. Older projects' sizes keep the prompt's own words, so
    that they give the same films as before."""
    return is_large((width, height))
