"""How the embedded model is trained by forcing.

Letters: B batch, C latent channels, D drawn channels, W window, h and w latent height and width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.backbones.animatic.backbone import AnimaticBackbone
from studio.backbones.animatic.heads import DRAWN_CHANNELS, Heads
from studio.backbones.animatic.network_channels import memory_input
from studio.backbones.animatic.parts import animatic_parts
from studio.backbones.animatic.state import STATE_CHANNELS, FilmState, join_latents, split_latents
from studio.backbones.film_model import FilmModel
from studio.diffusion.backbone import Conditioning
from studio.lab.train.encoding import WINDOW, EncodedFilm, Truth
from studio.lab.train.film_objective import FilmObjective
from studio.lab.train.film_pool import SectionBatch
from studio.lab.train.film_recipe import FilmRecipe
from studio.lab.train.forcing import Context, Prediction, one_step
from studio.lab.train.latent_film import LatentFilm
from studio.lab.train.rendering import add_noise, autocast, render_sections
from studio.memory.framepack import pack_context


class RecordingBackbone(AnimaticBackbone):
    """A backbone that keeps its network's last prediction, and can repeat it: loss and estimate need one forward pass only."""

    def __init__(self, backbone: AnimaticBackbone) -> None:
        nn.Module.__init__(self)
        self.__dict__.update(backbone.__dict__)                        # it has the same parts as that backbone, not copies of them
        self.recorded: tuple[Tensor, Tensor, Heads] | None = None      # x_t [B, D, W, h, w], sigma [B], and the heads
        self.replayed: Heads | None = None                             # is returned instead of a new prediction

    def predict_heads(self, *arguments: Any, **named: Any) -> Heads:
        """As `AnimaticBackbone.predict_heads`, or `replayed` if it is set."""
        if self.replayed is not None:
            return self.replayed
        heads = super().predict_heads(*arguments, **named)
        self.recorded = arguments[0].detach(), arguments[1], heads
        return heads


class AnimaticLearner:
    """A `Learner` of the embedded model, with the loss of the film training: errors of its heads against the truth.

    The estimate of a section is composed and encoded from the heads, as in rendering. Camera and flow are learned relative to the
    newest frame of the history, as prompts ask for them; light and weather are learned as the film's true states, whatever the
    history shows. A memory whose psi joins the context is trained along. A memory that is asked for places is used but not trained,
    since no gradient goes through the composition of frames.
    """

    def __init__(self, model: FilmModel, bfloat16: bool = False) -> None:
        """
        Raises:
            TypeError: the model is of another family.
        """
        parts = animatic_parts(model)
        backbone, conditioner = RecordingBackbone(parts.backbone), parts.conditioner
        self.model = replace(model, backbone=backbone)
        self.backbone, self.memory, self.rope, self.bfloat16 = backbone, model.memory, model.rope, bfloat16
        # noisy=0: the arm alone decides what the history is.
        recipe = FilmRecipe(run="", autoencoder="", stages=(), shift=model.card.shift, noisy=0.0)
        self.objective = FilmObjective(
            backbone, conditioner.tokenizer, conditioner.text_encoder, conditioner.image_encoder, recipe
        )

    def start(self, films: Sequence[LatentFilm]) -> Tensor:
        """Latents of the films' first frames, [B, C, 1, h, w]."""
        return torch.stack([each.start for each in films]).float().to(self.model.device)

    @torch.no_grad()
    def conditioning(self, films: Sequence[LatentFilm], n: int) -> Conditioning:
        """Embeddings of prompts and pictures of the films' n-th sections."""
        return self.objective.condition(self._batch(films, n, None))

    def truth(self, films: Sequence[LatentFilm], n: int) -> Tensor:
        """The films' true n-th sections, [B, C, W, h, w]. Channels of the scene that the network does not see are zero."""
        at = slice(1 + WINDOW * n, 1 + WINDOW * (n + 1))
        known = torch.stack([_encoded(each).latents[:, at] for each in films]).float().to(self.model.device)
        scene, state = known[:, :-STATE_CHANNELS], known[:, -STATE_CHANNELS:]
        missing = self.backbone.channels - STATE_CHANNELS - scene.shape[1]
        return torch.cat([F.pad(scene, (0, 0, 0, 0, 0, 0, 0, missing)), state], dim=1)

    def predict(self, films: Sequence[LatentFilm], n: int, context: Context, draw: torch.Generator) -> Prediction:
        """One forward pass: the film training's loss of the n-th sections in this context, and the one-step estimate."""
        batch = self._batch(films, n, context)
        with autocast(self.model.device, self.bfloat16):
            result = self.objective(batch, draw, context.psi if self.backbone.memory is None else None)
        if self.backbone.recorded is None:
            raise RuntimeError("the film objective no longer calls `predict_heads`, which `RecordingBackbone` needs")
        drawn, sigma, heads = self.backbone.recorded
        x = drawn.new_zeros(len(drawn), self.backbone.channels, *drawn.shape[2:], dtype=torch.float32)
        x[:, :DRAWN_CHANNELS] = drawn
        x[:, -1] = torch.randn(x[:, -1].shape, generator=draw).to(x)     # from which a new shower's pattern begins
        return Prediction(result.loss, lambda: self._estimate(films, n, context, x, sigma, heads), result.parts)

    def denoise(self, films: Sequence[LatentFilm], n: int, context: Context, x: Tensor, sigma: Tensor) -> Tensor:
        """x_t - sigma v of x_t [B, C, W, h, w] at sigma [B], without gradient."""
        return self._estimate(films, n, context, x, sigma, None)

    def sample(self, films: Sequence[LatentFilm], n: int, context: Context, steps: int, draw: torch.Generator) -> Tensor:
        """The n-th sections as rendered in so many steps, [B, C, W, h, w], without gradient."""
        return render_sections(self.model, self.rope, self.conditioning(films, n), context, steps, draw)

    def add_noise(self, latents: Tensor, amount: Tensor, draw: torch.Generator) -> Tensor:
        """Latents with noise of `amount` [B] on the scene, and a constant log gain on the light. The camera's pose stays true."""
        scene, state = split_latents(latents)
        scene = add_noise(scene, amount, draw)
        gain = torch.randn(len(latents), 1, 3, 1, 1, generator=draw).to(latents) * amount.view(-1, 1, 1, 1, 1)
        return join_latents(scene, FilmState(state.pose, state.light + gain, state.weather, state.clock))

    def _batch(self, films: Sequence[LatentFilm], n: int, context: Context | None) -> SectionBatch:
        """The n-th sections as a batch of the film training. Without a context it serves for conditioning only."""
        encoded, device = [_encoded(each) for each in films], self.model.device
        truths = [each.truths[n] for each in encoded]
        start = self.start(films)
        return SectionBatch(
            truth=Truth(*(torch.stack([getattr(t, f.name) for t in truths]).float().to(device) for f in fields(Truth))),
            start=memory_input(start if context is None else context.start),
            recent=memory_input(start if context is None else context.recent),
            picture=torch.stack([each.pictures[0] for each in encoded]).float().to(device),
            captions=[each.sections[n].caption for each in encoded],
        )

    @torch.no_grad()
    def _estimate(
        self, films: Sequence[LatentFilm], n: int, context: Context, x: Tensor, sigma: Tensor, heads: Heads | None
    ) -> Tensor:
        """x_t - sigma v, film by film as in rendering; with `heads` the network is not called again."""
        estimates = []
        for b in range(len(x)):
            one = context.select(b)
            packed = pack_context(one.start, one.recent, WINDOW, self.rope(one.sections, WINDOW))
            self.backbone.replayed = None if heads is None else _select(heads, b)
            try:
                level = sigma[b : b + 1].float()
                velocity = self.backbone(
                    x[b : b + 1], 1000 * level, packed, self.conditioning(films[b : b + 1], n), psi=one.psi
                )
                estimates.append(one_step(x[b : b + 1], level, velocity))
            finally:
                self.backbone.replayed = None
        return torch.cat(estimates)


def _encoded(latent_film: LatentFilm) -> EncodedFilm:
    """The film's encoding with its truths."""
    if latent_film.encoded is None:
        raise ValueError("this film has no truths: it was made for the other kind of model")
    return latent_film.encoded


def _select(heads: Heads, b: int) -> Heads:
    """The heads of one film of the batch, without gradient."""
    return replace(heads, **{field.name: getattr(heads, field.name)[b : b + 1].detach() for field in fields(heads)})
