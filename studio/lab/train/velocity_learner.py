"""How a model that predicts the velocity, such as FramePack, is trained by forcing.

Letters: B batch, C latent channels, W window, h and w latent height and width.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.film_model import FilmModel
from studio.diffusion.backbone import Conditioning
from studio.lab.train.forcing import Context, Prediction, one_step
from studio.lab.train.frame_query import draw_query, encode_history, mask_history, query_context
from studio.lab.train.latent_film import LatentFilm
from studio.lab.train.rendering import add_noise, autocast, render_sections
from studio.memory.framepack import PackedContext, pack_context
from studio.memory.protocol import Memory
from studio.memory.rope import RopeRule, first_frame_index


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
        return self._match(self.truth(films, n), lambda x_t, sigma: self._velocity(films, n, context, x_t, sigma), draw)

    def answer(self, films: Sequence[LatentFilm], sections: int, draw: torch.Generator) -> Prediction:
        """One forward pass: the flow matching loss of frames that are asked for, see `frame_query`, and their one-step estimate.

        The prompt is that of the section in which the first asked frame lies. The same frames are asked for in all films.

        Raises:
            ValueError: the model has no long-term memory.
        """
        if self.memory is None:
            raise ValueError("frames can be asked for only where there is a long-term memory")
        window = self.model.card.window
        history = torch.cat([self.truth(films, n) for n in range(sections)], dim=2)
        query = draw_query(history.shape[2], draw)
        masked = mask_history(history, query, torch.randn(history.shape, generator=draw).to(history))
        packed = query_context(self.start(films), query, first_frame_index(self.rope, sections, window))
        asked_in = query.first // window
        with autocast(history.device, self.bfloat16):
            psi = encode_history(self.memory, self.conditioning(films, 0), masked, window)
        return self._match(
            history[:, :, query.frames], lambda x_t, sigma: self._call(films, asked_in, packed, psi, x_t, sigma), draw)

    def _match(self, x: Tensor, velocity_of: Callable[[Tensor, Tensor], Tensor], draw: torch.Generator) -> Prediction:
        """The flow matching loss of x [B, C, T, h, w] at random sigmas, and x's one-step estimate.

        `velocity_of` is the model's velocity of x_t [B, C, T, h, w] at sigma [B].
        """
        even = torch.sigmoid(torch.randn(len(x), generator=draw))
        sigma = (self.shift * even / (1 + (self.shift - 1) * even)).to(x)
        noise = torch.randn(x.shape, generator=draw).to(x)
        wide = sigma.view(-1, 1, 1, 1, 1)
        x_t = (1 - wide) * x + wide * noise
        with autocast(x.device, self.bfloat16):
            velocity = velocity_of(x_t, sigma)
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
        window = self.model.card.window
        packed = pack_context(context.start, context.recent, window, self.rope(context.sections, window))
        return self._call(films, n, packed, context.psi, x, sigma)

    def _call(
        self, films: Sequence[LatentFilm], n: int, packed: PackedContext, psi: Tensor | None, x: Tensor, sigma: Tensor
    ) -> Tensor:
        """The backbone's velocity of x [B, C, T, h, w] in a packed context, with the prompts of the n-th sections."""
        guidance = torch.full((len(x),), self.model.card.guidance * 1000.0, device=x.device)
        out: Tensor = self.model.backbone(x, 1000 * sigma, packed, self.conditioning(films, n), guidance, psi)
        return out.float()
