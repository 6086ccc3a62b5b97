"""What the film model is trained for: the loss of a batch of sections, with the network in it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from transformers import CLIPTextModel, PreTrainedTokenizerFast, SiglipVisionModel

from studio.backbones.animatic.backbone import AnimaticBackbone, precondition
from studio.backbones.animatic.conditioner import SmallConditioner
from studio.backbones.animatic.state import split_latents
from studio.diffusion.backbone import Conditioning
from studio.lab.train.film_pool import SectionBatch
from studio.lab.train.film_recipe import FilmRecipe
from studio.lab.train.losses import FilmLoss, film_loss
from studio.memory.framepack import pack_context


class FilmObjective(nn.Module):
    """The film model's networks, and the loss that they are trained with."""

    def __init__(
        self, backbone: AnimaticBackbone, tokenizer: PreTrainedTokenizerFast, text_encoder: CLIPTextModel,
        image_encoder: SiglipVisionModel, recipe: FilmRecipe,
    ) -> None:
        super().__init__()
        self.backbone, self.text_encoder, self.image_encoder = backbone, text_encoder, image_encoder
        self.tokenizer, self.recipe = tokenizer, recipe

    def conditioner(self) -> SmallConditioner:
        """The conditioner of the same encoders, as the engine uses it."""
        return SmallConditioner(self.tokenizer, self.text_encoder, self.image_encoder, self.tokenizer.model_max_length)

    def condition(self, batch: SectionBatch) -> Conditioning:
        """The same embeddings as the conditioner's, padded to the batch's longest caption only."""
        words = self.tokenizer(
            batch.captions, max_length=self.tokenizer.model_max_length, padding=True, truncation=True, return_tensors="pt"
        ).to(batch.start.device)
        text = self.text_encoder(input_ids=words.input_ids, attention_mask=words.attention_mask)
        picture = self.image_encoder(pixel_values=batch.picture).last_hidden_state
        return Conditioning(text.last_hidden_state, words.attention_mask, text.pooler_output, picture)

    def forward(self, batch: SectionBatch, draw: torch.Generator, psi: Tensor | None = None) -> FilmLoss:
        """The loss of the network's predictions for a batch of sections, at random sigmas.

        Args:
            batch: the sections.
            draw: for sigmas and noise.
            psi: [B, M, width] long-term memory that joins the network's context.
        """
        truth, b = batch.truth, len(batch.start)
        even = torch.rand(b, generator=draw)
        even = torch.where(torch.rand(b, generator=draw) < self.recipe.first, torch.ones(b), even)
        shift = self.recipe.shift
        sigma = (shift * even / (1 + (shift - 1) * even)).clamp(min=self.recipe.least).to(truth.scene)
        wide = sigma.view(b, 1, 1, 1, 1)
        noise = torch.randn(truth.scene.shape, generator=draw).to(truth.scene)
        x = (1 - wide) * truth.scene + wide * noise
        packed = pack_context(batch.start, self._add_noise(batch.recent, draw), truth.scene.shape[2])
        heads = self.backbone.predict_heads(x, sigma, packed, self.condition(batch), psi)
        before = split_latents(batch.recent[:, :, -1:])[1]
        unknown = (1 - truth.known).unsqueeze(1)
        drawn = precondition(x, wide, truth.base, heads.drawn, self.backbone.deviation.view(1, -1, 1, 1, 1) * unknown)
        return film_loss(heads, heads.film_state(before), drawn, truth, wide, self.backbone.deviation)

    def _add_noise(self, recent: Tensor, draw: torch.Generator) -> Tensor:
        """Recent latents, half of them with a little noise on the scene: in rendering the history is not perfect either."""
        b, state = len(recent), recent.shape[1] - 10
        amount = self.recipe.noisy * torch.rand(b, generator=draw) * (torch.rand(b, generator=draw) < 0.5)
        written = (recent[:, :state].abs().amax(dim=(1, 3, 4), keepdim=True) > 0).to(recent)
        scale = recent[:, :state].std(dim=(0, 2, 3, 4), keepdim=True)
        noise = torch.randn(recent[:, :state].shape, generator=draw).to(recent)
        scene = recent[:, :state] + amount.view(b, 1, 1, 1, 1).to(recent) * scale * written * noise
        return torch.cat([scene, recent[:, state:]], dim=1)
