"""Helios' conditioner: umt5-xxl reads the prompt, and for a model with guidance once more what it leads away from."""

from __future__ import annotations

import html
import re
import unicodedata

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import PreTrainedTokenizerBase, UMT5EncoderModel

from studio.backbones.helios.backbone import HeliosConditioning

NEGATIVE = (
    "Bright tones, overexposed, static, blurred details, subtitles, style, works, paintings, images, static, overall gray, "
    "worst quality, low quality, JPEG compression residue, ugly, incomplete, extra fingers, poorly drawn hands, poorly drawn "
    "faces, deformed, disfigured, misshapen limbs, fused fingers, still picture, messy background, three legs, many people in the "
    "background, walking backwards"
)
"""What guidance leads away from: the negative prompt of all of its makers' examples."""
QUOTES = str.maketrans({"‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"'})


SIDE, CELL = 8, 8
"""The picture's features: so many cells along an edge, of so many pixels along an edge."""
IMAGE_WIDTH = 3 * CELL**2


def picture_features(picture: Tensor) -> Tensor:
    """Features [1, SIDE^2, IMAGE_WIDTH] of a picture [1, 3, H, W] in [-1, 1]: the pixels of a small copy, cell by cell.

    For SemanticPack's psi_0 alone, which joins features of the reference (2510.01784, equation 1): Helios has no image encoder.
    """
    small = F.interpolate(picture.float(), size=(SIDE * CELL, SIDE * CELL), mode="area")
    return F.unfold(small, kernel_size=CELL, stride=CELL).transpose(1, 2)


class HeliosConditioner:
    """Text embeddings. The picture itself enters through the latents; its features are for a long-term memory."""

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, encoder: UMT5EncoderModel, tokens: int, guided: bool,
        device: torch.device | None = None,
    ) -> None:
        """Wrap an encoder.

        Args:
            tokenizer, encoder: of the text.
            tokens: longest prompt. All embeddings are as long, with zeros where there is no token.
            guided: whether the model has guidance, for which the negative prompt is read too.
            device: computes; None: the device that the encoder is on.
        """
        self.tokenizer, self.encoder, self.tokens, self.guided, self.device = tokenizer, encoder, tokens, guided, device

    @torch.no_grad()
    def __call__(self, prompt: str, picture: Tensor) -> HeliosConditioning:
        """Embeddings of a prompt and a picture [1, 3, H, W] in [-1, 1]."""
        text, mask = self._read(prompt)
        negative = self._read(NEGATIVE)[0] if self.guided else text[:, :0]
        return HeliosConditioning(text, mask, text.new_zeros(1, 0), picture_features(picture).to(text), negative)

    def _read(self, prompt: str) -> tuple[Tensor, Tensor]:
        """Embeddings [1, L, .] and mask [1, L] of a text."""
        device = self.device or self.encoder.device
        found = self.tokenizer(
            [clean_prompt(prompt)], padding="max_length", max_length=self.tokens, truncation=True, add_special_tokens=True,
            return_attention_mask=True, return_tensors="pt")
        mask = found.attention_mask.to(device)
        text = self.encoder(found.input_ids.to(device), mask).last_hidden_state
        # Zeros after the last token: the network was trained without a mask.
        return text * mask.unsqueeze(2).to(text), mask.to(text)


def clean_prompt(text: str) -> str:
    """A prompt as the model saw prompts in training: HTML's entities as characters, single spaces, straight quotes.

    diffusers does so with ftfy, which also repairs text that was decoded wrongly; what is typed needs no such repair.
    """
    plain = html.unescape(html.unescape(unicodedata.normalize("NFC", text.translate(QUOTES))))
    return re.sub(r"\s+", " ", plain).strip()
