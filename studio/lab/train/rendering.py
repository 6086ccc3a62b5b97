"""What the learners of all families share: rendering a section from a training context, noise on a history, and autocast.

Letters: B batch, C latent channels, W window, T latent frames, h and w latent height and width.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import fields

import torch
from torch import Tensor

from studio.backbones.film_model import FilmModel
from studio.diffusion.backbone import Conditioning
from studio.diffusion.section import Sampling, SectionResult, denoise_section
from studio.lab.train.forcing import Context
from studio.memory.rope import RopeRule
from studio.memory.snapshot import Snapshot


def render_sections(
    model: FilmModel, rope: RopeRule, conditioning: Conditioning, context: Context, steps: int, draw: torch.Generator
) -> Tensor:
    """Sections [B, C, W, h, w] as the studio renders them, one film after the other, without gradient.

    Args:
        model: the model.
        rope: its rule of RoPE indices.
        conditioning: of the B sections.
        context: of the B sections.
        steps: of the sampler.
        draw: for the noise.
    """
    card = model.card
    sampling = Sampling(steps, card.guidance, card.window, card.shift)
    latents = []
    for b in range(len(context.start)):
        one = context.select(b)
        snapshot = Snapshot(one.start, one.recent, None if one.psi is None else one.psi.detach().float(), one.sections)
        noise = torch.randn(1, one.start.shape[1], card.window, *one.start.shape[3:], generator=draw)
        embeddings = Conditioning(*(getattr(conditioning, field.name)[b : b + 1] for field in fields(Conditioning)))
        *_, last = denoise_section(model.backbone, snapshot, embeddings, noise, sampling, rope=rope)
        if not isinstance(last, SectionResult):
            raise TypeError("the section loop ended without a section")
        latents.append(last.latents)
    return torch.cat(latents)


def add_noise(latents: Tensor, amount: Tensor, draw: torch.Generator) -> Tensor:
    """Latents [B, C, T, h, w] with Gaussian noise of `amount` [B], in multiples of each channel's standard deviation."""
    scale = amount.view(-1, 1, 1, 1, 1) * latents.std(dim=(2, 3, 4), keepdim=True)
    return latents + scale * torch.randn(latents.shape, generator=draw).to(latents)


def autocast(device: torch.device, bfloat16: bool) -> AbstractContextManager[None]:
    """A context in which matrix products are computed in bfloat16, if so wanted."""
    return torch.autocast(device.type, torch.bfloat16, enabled=bfloat16)
