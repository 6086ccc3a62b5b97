"""How a model that predicts the velocity, such as FramePack, is trained by forcing.

Letters: B batch, C latent channels, W window, h and w latent height and width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.film_model import FilmModel
from studio.diffusion.backbone import Conditioning
from studio.lab.train.forcing import Context, Prediction, one_step
from studio.lab.train.latent_film import LatentFilm
from studio.lab.train.rendering import add_noise, autocast, render_sections
from studio.memory.framepack import pack_context
from studio.memory.protocol import Memory
from studio.memory.rope import RopeRule


class VelocityLearner:
    """A `Learner` by flow matching (2510.01784, equation 5): the loss is |v - (noise - x)|^2 at a logit-normal sigma.

    psi joins the network's context, so the memory gets a gradient as well.
    """

    def __init__(
        self, model: FilmModel, memory: Memory | None, rope: RopeRule, shift: float = 3.0, bfloat16: bool = False
    ) -> None:
        self.model, self.memory, self.rope, self.shift, self.bfloat16 = model, memory, rope, shift, bfloat16

    def start(self, films: Sequence[LatentFilm]) -> Tensor:
        """Latents of the films' first frames, [B, C, 1, h, w]."""
        return torch.stack([each.start for each in films]).float().to(self.model.device)

    def conditioning(self, films: Sequence[LatentFilm], n: int) -> Conditioning:
        """Embeddings of prompts and pictures of the films' n-th sections."""
        each = [film.conditioning[n] for film in films]
        return Conditioning(*(
            torch.cat([getattr(one, field.name) for one in each]).to(self.model.device) for field in fields(Conditioning)
        ))

    def truth(self, films: Sequence[LatentFilm], n: int) -> Tensor:
        """The films' true n-th sections, [B, C, W, h, w]."""
        window = self.model.card.window
        at = slice(window * n, window * (n + 1))
        return torch.stack([each.latents[:, at] for each in films]).float().to(self.model.device)

    def predict(self, films: Sequence[LatentFilm], n: int, context: Context, draw: torch.Generator) -> Prediction:
        """One forward pass: the flow matching loss of the n-th sections in this context, and the one-step estimate."""
        x = self.truth(films, n)
        even = torch.sigmoid(torch.randn(len(x), generator=draw))
        sigma = (self.shift * even / (1 + (self.shift - 1) * even)).to(x)
        noise = torch.randn(x.shape, generator=draw).to(x)
        wide = sigma.view(-1, 1, 1, 1, 1)
        x_t = (1 - wide) * x + wide * noise
        with autocast(x.device, self.bfloat16):
            velocity = self._velocity(films, n, context, x_t, sigma)
        loss = F.mse_loss(velocity, noise - x)
        return Prediction(loss, lambda: one_step(x_t, sigma, velocity), {})

    @torch.no_grad()
    def denoise(self, films: Sequence[LatentFilm], n: int, context: Context, x: Tensor, sigma: Tensor) -> Tensor:
        """x_t - sigma v of x_t [B, C, W, h, w] at sigma [B], without gradient."""
        return one_step(x, sigma, self._velocity(films, n, context, x, sigma))

    def sample(self, films: Sequence[LatentFilm], n: int, context: Context, steps: int, draw: torch.Generator) -> Tensor:
        """The n-th sections as rendered in so many steps, [B, C, W, h, w], without gradient."""
        return render_sections(self.model, self.rope, self.conditioning(films, n), context, steps, draw)

    def add_noise(self, latents: Tensor, amount: Tensor, draw: torch.Generator) -> Tensor:
        """Latents with Gaussian noise of `amount` [B], in multiples of their standard deviation."""
        return add_noise(latents, amount, draw)

    def _velocity(self, films: Sequence[LatentFilm], n: int, context: Context, x: Tensor, sigma: Tensor) -> Tensor:
        card = self.model.card
        packed = pack_context(context.start, context.recent, card.window, self.rope(context.sections, card.window))
        guidance = torch.full((len(x),), card.guidance * 1000.0, device=x.device)
        out: Tensor = self.model.backbone(x, 1000 * sigma, packed, self.conditioning(films, n), guidance, context.psi)
        return out.float()
