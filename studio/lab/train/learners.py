"""The two kinds of model as forcing sees them: FramePack's velocity field, and the embedded animatic model.

They differ in what is learned (the velocity; what the heads say) and share how a section is rendered. They know no optimizer.
Letters: B batch, C latent channels, W window, D drawn channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.backbones.animatic.backbone import AnimaticBackbone, memory_input
from studio.backbones.animatic.conditioner import SmallConditioner
from studio.backbones.animatic.heads import DRAWN_CHANNELS, Heads
from studio.backbones.animatic.state import STATE_CHANNELS, FilmState, join_latents, split_latents
from studio.backbones.film_model import FilmModel
from studio.diffusion.backbone import Conditioning
from studio.diffusion.section import Sampling, SectionResult, denoise_section
from studio.lab.train import film
from studio.lab.train.encoded import WINDOW, Encoded, Truth
from studio.lab.train.forcing import Context, Told, one_step
from studio.lab.train.reel import Batch
from studio.memory.framepack import pack_context
from studio.memory.protocol import Memory
from studio.memory.rope import RopeRule
from studio.memory.snapshot import Snapshot

T = TypeVar("T")


@dataclass(frozen=True)
class Serial:
    """A film in a model's own latents, all sections in order."""

    start: Tensor                            # [C, 1, h, w]
    latents: Tensor                          # [C, W n, h, w]
    said: tuple[Conditioning, ...]           # of each section, a batch of one; empty for the animatic kind
    encoded: Encoded | None = None           # its truths, for the animatic kind


class VelocityLearner:
    """Flow matching (equation 5): |v - (noise - x)|^2 at a logit-normal sigma. psi is in the context, and is learned along."""

    def __init__(
        self, model: FilmModel, memory: Memory | None, positions: RopeRule, shift: float = 3.0, bfloat16: bool = False
    ) -> None:
        self.model, self.memory, self.positions, self.shift, self.bfloat16 = model, memory, positions, shift, bfloat16

    def start(self, films: Sequence[Serial]) -> Tensor:
        return torch.stack([each.start for each in films]).float().to(self.model.device)

    def conditioning(self, films: Sequence[Serial], n: int) -> Conditioning:
        many = [each.said[n] for each in films]
        return Conditioning(*(
            torch.cat([getattr(one, field.name) for one in many]).to(self.model.device) for field in fields(Conditioning)
        ))

    def truth(self, films: Sequence[Serial], n: int) -> Tensor:
        window = self.model.card.window
        at = slice(window * n, window * (n + 1))
        return torch.stack([each.latents[:, at] for each in films]).float().to(self.model.device)

    def told(self, films: Sequence[Serial], n: int, context: Context, draw: torch.Generator) -> Told:
        x = self.truth(films, n)
        even = torch.sigmoid(torch.randn(len(x), generator=draw))
        sigma = (self.shift * even / (1 + (self.shift - 1) * even)).to(x)
        noise = torch.randn(x.shape, generator=draw).to(x)
        wide = sigma.view(-1, 1, 1, 1, 1)
        x_t = (1 - wide) * x + wide * noise
        with _precision(x.device, self.bfloat16):
            velocity = self._velocity(films, n, context, x_t, sigma)
        loss = F.mse_loss(velocity, noise - x)
        return Told(loss, lambda: one_step(x_t, sigma, velocity), {})

    @torch.no_grad()
    def denoised(self, films: Sequence[Serial], n: int, context: Context, x: Tensor, sigma: Tensor) -> Tensor:
        return one_step(x, sigma, self._velocity(films, n, context, x, sigma))

    def sampled(self, films: Sequence[Serial], n: int, context: Context, steps: int, draw: torch.Generator) -> Tensor:
        return rendered(self.model, self.positions, self.conditioning(films, n), context, steps, draw)

    def noised(self, latents: Tensor, amount: Tensor, draw: torch.Generator) -> Tensor:
        return _noised(latents, amount, draw)

    def _velocity(self, films: Sequence[Serial], n: int, context: Context, x: Tensor, sigma: Tensor) -> Tensor:
        card = self.model.card
        packed = pack_context(context.start, context.recent, card.window, self.positions(context.sections, card.window))
        guidance = torch.full((len(x),), card.guidance * 1000.0, device=x.device)
        out: Tensor = self.model.backbone(x, 1000 * sigma, packed, self.conditioning(films, n), guidance, context.psi)
        return out.float()


class Overheard(AnimaticBackbone):
    """Keeps what its network said last, and can be made to say that again: a loss and an estimate from one forward."""

    def __init__(self, backbone: AnimaticBackbone) -> None:
        nn.Module.__init__(self)
        self.__dict__.update(backbone.__dict__)      # the same parts, whatever they are: it is that backbone, and listens
        self.said: tuple[Tensor, Tensor, Heads] | None = None      # x_t [B, D, W, h, w], sigma [B], and the heads
        self.again: Heads | None = None

    def predict_heads(self, *arguments: Any, **named: Any) -> Heads:
        """As `AnimaticBackbone.predict_heads`, or what it is to say again."""
        if self.again is not None:
            return self.again
        heads = super().predict_heads(*arguments, **named)
        self.said = arguments[0].detach(), arguments[1], heads
        return heads


class AnimaticLearner:
    """The embedded model with the film training's own objective: what its heads say against the truth.

    The next section's history is the model's own estimate of this one, composed and encoded as in rendering: x_t - sigma v,
    which for this kind is `clean` of what the heads said. Camera and flow stay relative to the newest frame, as the prompt asks for
    them; light and weather are states, and are to be what they truly are whatever the history says. A memory that joins the
    context is learned along. One that is asked for places is written from the estimates and read for them, but not trained here: no
    gradient goes through the composition.
    """

    def __init__(self, model: FilmModel, bfloat16: bool = False) -> None:
        if not isinstance(model.backbone, AnimaticBackbone) or not isinstance(model.conditioner, SmallConditioner):
            raise TypeError(f"{model.card.name} is no animatic model")
        own, words = Overheard(model.backbone), model.conditioner
        self.model = replace(model, backbone=own)
        self.backbone, self.memory, self.positions, self.bfloat16 = own, model.memory, model.rope, bfloat16
        # noisy=0: the history is as the arm says.
        recipe = film.Recipe(run="", autoencoder="", stages=[], shift=model.card.shift, noisy=0.0)
        self.objective = film.Objective(own, words.tokenizer, words.text_encoder, words.image_encoder, recipe)

    def start(self, films: Sequence[Serial]) -> Tensor:
        return torch.stack([each.start for each in films]).float().to(self.model.device)

    @torch.no_grad()
    def conditioning(self, films: Sequence[Serial], n: int) -> Conditioning:
        return self.objective.condition(self._batch(films, n, None))

    def truth(self, films: Sequence[Serial], n: int) -> Tensor:
        """The true sections; of the scene only the channels that the network sees, the others are zero."""
        at = slice(1 + WINDOW * n, 1 + WINDOW * (n + 1))
        known = torch.stack([_encoded(each).latents[:, at] for each in films]).float().to(self.model.device)
        scene, state = known[:, :-STATE_CHANNELS], known[:, -STATE_CHANNELS:]
        missing = self.backbone.channels - STATE_CHANNELS - scene.shape[1]
        return torch.cat([F.pad(scene, (0, 0, 0, 0, 0, 0, 0, missing)), state], dim=1)

    def told(self, films: Sequence[Serial], n: int, context: Context, draw: torch.Generator) -> Told:
        batch = self._batch(films, n, context)
        with _precision(self.model.device, self.bfloat16):
            found = self.objective(batch, draw, context.psi if self.backbone.memory is None else None)
        if self.backbone.said is None:
            raise RuntimeError("the film objective no longer asks the backbone's heads: `Overheard` must follow it")
        x, sigma, heads = self.backbone.said
        whole = x.new_zeros(len(x), self.backbone.channels, *x.shape[2:], dtype=torch.float32)
        whole[:, :DRAWN_CHANNELS] = x
        whole[:, -1] = torch.randn(whole[:, -1].shape, generator=draw).to(whole)     # where a new shower's pattern begins
        return Told(found.loss, lambda: self._estimated(films, n, context, whole, sigma, heads), found.parts)

    def denoised(self, films: Sequence[Serial], n: int, context: Context, x: Tensor, sigma: Tensor) -> Tensor:
        return self._estimated(films, n, context, x, sigma, None)

    def sampled(self, films: Sequence[Serial], n: int, context: Context, steps: int, draw: torch.Generator) -> Tensor:
        return rendered(self.model, self.positions, self.conditioning(films, n), context, steps, draw)

    def noised(self, latents: Tensor, amount: Tensor, draw: torch.Generator) -> Tensor:
        """Noise on the scene; the light is off by some log gain throughout; the camera's place is a fact."""
        scene, state = split_latents(latents)
        scene = _noised(scene, amount, draw)
        off = torch.randn(len(latents), 1, 3, 1, 1, generator=draw).to(latents) * amount.view(-1, 1, 1, 1, 1)
        return join_latents(scene, FilmState(state.pose, state.light + off, state.weather, state.clock))

    def _batch(self, films: Sequence[Serial], n: int, context: Context | None) -> Batch:
        """The n-th sections as the film training's batch; without a context only good for conditioning."""
        many, device = [_encoded(each) for each in films], self.model.device
        truths = [each.truths[n] for each in many]
        start = self.start(films)
        return Batch(
            truth=Truth(*(torch.stack([getattr(t, f.name) for t in truths]).float().to(device) for f in fields(Truth))),
            start=memory_input(start if context is None else context.start),
            recent=memory_input(start if context is None else context.recent),
            picture=torch.stack([each.pictures[0] for each in many]).float().to(device),
            captions=[each.sections[n].caption for each in many],
        )

    @torch.no_grad()
    def _estimated(
        self, films: Sequence[Serial], n: int, context: Context, x: Tensor, sigma: Tensor, heads: Heads | None
    ) -> Tensor:
        """x_t - sigma v, film by film, as films are rendered: of the network, or of what it has said already."""
        out = []
        for b in range(len(x)):
            here = context.of(b)
            packed = pack_context(here.start, here.recent, WINDOW, self.positions(here.sections, WINDOW))
            self.backbone.again = None if heads is None else _one(heads, b)
            try:
                level = sigma[b : b + 1].float()
                velocity = self.backbone(
                    x[b : b + 1], 1000 * level, packed, self.conditioning(films[b : b + 1], n), psi=here.psi
                )
                out.append(one_step(x[b : b + 1], level, velocity))
            finally:
                self.backbone.again = None
        return torch.cat(out)


def rendered(
    model: FilmModel, positions: RopeRule, conditioning: Conditioning, context: Context, steps: int, draw: torch.Generator
) -> Tensor:
    """Sections [B, C, W, h, w] as the studio renders them, one after the other, without gradient."""
    card = model.card
    sampling = Sampling(steps, card.guidance, card.window, card.shift)
    out = []
    for b in range(len(context.start)):
        here = context.of(b)
        snapshot = Snapshot(here.start, here.recent, None if here.psi is None else here.psi.detach().float(), here.sections)
        noise = torch.randn(1, here.start.shape[1], card.window, *here.start.shape[3:], generator=draw)
        said = Conditioning(*(getattr(conditioning, field.name)[b : b + 1] for field in fields(Conditioning)))
        *_, last = denoise_section(model.backbone, snapshot, said, noise, sampling, rope=positions)
        if not isinstance(last, SectionResult):
            raise TypeError("the section loop ended without a section")
        out.append(last.latents)
    return torch.cat(out)


def _encoded(serial: Serial) -> Encoded:
    if serial.encoded is None:
        raise ValueError("this film has no truths: it was made for the other kind of model")
    return serial.encoded


def _one(heads: Heads, b: int) -> Heads:
    """Heads of one film of the batch, without gradient."""
    return replace(heads, **{field.name: getattr(heads, field.name)[b : b + 1].detach() for field in fields(heads)})


def _noised(latents: Tensor, amount: Tensor, draw: torch.Generator) -> Tensor:
    """With noise of `amount` [B] in deviations of each film's channels."""
    scale = amount.view(-1, 1, 1, 1, 1) * latents.std(dim=(2, 3, 4), keepdim=True)
    return latents + scale * torch.randn(latents.shape, generator=draw).to(latents)


def _precision(device: torch.device, bfloat16: bool) -> AbstractContextManager[None]:
    return torch.autocast(device.type, torch.bfloat16, enabled=bfloat16)
