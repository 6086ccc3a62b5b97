"""Which history a section is trained on: Direct Forcing of "Pack and Force Your Memory" (2510.01784), and what it is held against.

Trained on true histories, a model has never seen its own mistakes, and films it makes alone drift. So the history of the next
section is made from what the model says of this one. It knows a model only by the protocol `Learner`, and nothing of optimizers.

Time is diffusers' sigma: x_t = (1 - sigma) x + sigma noise and v = d x_t / d sigma = noise - x. The paper's t is 1 - sigma and its
velocity x - noise, so its equation 7, x~ = x_t + (1 - t) v_paper, is x_t - sigma v here (`one_step`).
Letters: B batch, C latent channels, W window, h and w latent height and width, M memory tokens, D their width, n section of a film.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor

from studio.diffusion.backbone import Conditioning
from studio.memory.framepack import empty_history, slide_history
from studio.memory.protocol import Memory

F = TypeVar("F")
F_contra = TypeVar("F_contra", contravariant=True)


@dataclass(frozen=True)
class Context:
    """What a section is made from, beside prompt and picture."""

    start: Tensor            # [B, C, 1, h, w]
    recent: Tensor           # [B, C, 19, h, w]
    psi: Tensor | None       # [B, M, D]
    sections: int            # finished so far

    def of(self, film: int) -> Context:
        """That of one film of the batch."""
        at = slice(film, film + 1)
        return Context(self.start[at], self.recent[at], None if self.psi is None else self.psi[at], self.sections)


@dataclass(frozen=True)
class Told:
    """What a model said of a section at a random sigma."""

    loss: Tensor                     # [] with its gradient
    estimate: Callable[[], Tensor]   # x~ [B, C, W, h, w], from the same forward, detached; made when an arm asks for it
    parts: dict[str, float]


class Learner(Protocol[F_contra]):
    """A model in training, as forcing sees it. `films` are B films of one size, each with its sections in order."""

    @property
    def memory(self) -> Memory | None:
        """Where psi comes from."""

    def start(self, films: Sequence[F_contra]) -> Tensor:
        """Latents of their first frames, [B, C, 1, h, w]."""

    def conditioning(self, films: Sequence[F_contra], n: int) -> Conditioning:
        """Prompts and pictures of their n-th sections."""

    def truth(self, films: Sequence[F_contra], n: int) -> Tensor:
        """Their n-th sections, [B, C, W, h, w]."""

    def told(self, films: Sequence[F_contra], n: int, context: Context, draw: torch.Generator) -> Told:
        """One forward: the ordinary loss of the n-th sections with this history, and the estimate."""

    def denoised(self, films: Sequence[F_contra], n: int, context: Context, x: Tensor, sigma: Tensor) -> Tensor:
        """x - sigma v of x_t [B, C, W, h, w] at sigma [B], as in rendering, without gradient."""

    def sampled(self, films: Sequence[F_contra], n: int, context: Context, steps: int, draw: torch.Generator) -> Tensor:
        """The n-th sections as rendered in so many steps, [B, C, W, h, w], without gradient."""

    def noised(self, latents: Tensor, amount: Tensor, draw: torch.Generator) -> Tensor:
        """Latents with Gaussian noise of `amount` [B] in their own deviations."""


def one_step(x: Tensor, sigma: Tensor, velocity: Tensor) -> Tensor:
    """x~ = x_t - sigma v (equation 7): x as one step to the end gives it, detached. At sigma 0 it is x itself, at 1 its mean."""
    return (x - sigma.view(-1, 1, 1, 1, 1) * velocity).detach()


class Draws:
    """All randomness of one optimizer step. Every use has a generator of its own, so that all arms draw the same numbers.

    `film` is the place in the batch of the film that draws: what it draws does not depend on the films beside it.
    """

    def __init__(self, seed: int, step: int, film: int = 0) -> None:
        self.seed, self.step, self.film = seed, step, film

    def at(self, film: int) -> Draws:
        """Those of a film of the batch."""
        return Draws(self.seed, self.step, film)

    def of(self, use: str, n: int = 0) -> torch.Generator:
        """The generator for a use in section n."""
        beside = f"/{self.film}" if self.film else ""
        digest = hashlib.sha256(f"{self.seed}/{self.step}/{n}/{use}{beside}".encode()).digest()
        return torch.Generator().manual_seed(int.from_bytes(digest[:8]) >> 1)


@dataclass(frozen=True)
class Settings:
    """What the arms and the memory's gradient are set to."""

    noisy: float = 0.2       # most noise on a history, in deviations ("noise")
    steps: int = 5           # of the sampler ("student")
    level: float = 0.0       # mean of the logit of sigma at which an estimate is noised again ("resampled"; its deviation is 1)
    reach: int = 4           # updates of psi through which a section's loss is led back

    def __post_init__(self) -> None:
        if self.noisy < 0 or self.steps < 1 or self.reach < 1:
            raise ValueError(f"noise is not negative, steps and reach are at least 1, not {self}")


@dataclass(frozen=True)
class History:
    """The film so far, as it was made or as it is pretended to have been.

    The gradient of a section's loss goes through the newest `reach` updates of psi and no further: psi is computed anew for each
    section from `kept`, which has no gradient, so each section's graph is freed with its backward. It never goes through the
    latents. With a film shorter than `reach` it comes to psi_0.
    """

    start: Tensor                          # [B, C, 1, h, w]
    recent: Tensor                         # [B, C, 19, h, w]
    sections: int = 0
    kept: Tensor | None = None             # [B, M, D] psi before `lately`; None: psi_0
    lately: tuple[Tensor, ...] = ()        # the newest sections, oldest first

    @classmethod
    def begin(cls, start: Tensor) -> History:
        return cls(start, empty_history(start))

    def context(self, memory: Memory | None, first: Conditioning) -> Context:
        """What the next section is made from; `first` is the conditioning of the film's first section."""
        psi = None
        if memory is not None:
            psi = memory.begin(first) if self.kept is None else self.kept
            for latents in self.lately:
                psi = memory.update(psi, latents)
        return Context(self.start, self.recent, psi, self.sections)

    def after(self, latents: Tensor, memory: Memory | None, first: Conditioning, reach: int) -> History:
        """The history with a section [B, C, W, h, w] more, taken as a fact: detached."""
        latents = latents.detach()
        kept, lately = self.kept, (*self.lately, latents)
        if memory is not None and len(lately) > reach:
            with torch.no_grad():
                kept = memory.update(memory.begin(first) if kept is None else kept, lately[0])
            lately = lately[1:]
        recent = slide_history(self.recent, latents)
        return History(self.start, recent, self.sections + 1, kept, lately if memory is not None else ())


@dataclass(frozen=True)
class Turn(Generic[F]):
    """A section whose loss is done, and all an arm needs to say what is to be remembered of it."""

    learner: Learner[F]
    films: Sequence[F]
    n: int
    context: Context
    told: Told
    draws: Draws
    settings: Settings


def teacher(turn: Turn[F]) -> Tensor:
    """Teacher forcing: the truth."""
    return turn.learner.truth(turn.films, turn.n)


def noise(turn: Turn[F]) -> Tensor:
    """The truth with some noise, another amount for each film and section."""
    latents, draw = turn.learner.truth(turn.films, turn.n), turn.draws.of("noise", turn.n)
    amount = turn.settings.noisy * torch.rand(len(latents), generator=draw)
    return turn.learner.noised(latents, amount.to(latents), draw)


def direct(turn: Turn[F]) -> Tensor:
    """Direct Forcing: x~ of the loss's own forward; it costs nothing."""
    return turn.told.estimate()


def student(turn: Turn[F]) -> Tensor:
    """Student forcing: the section as rendered in a few steps."""
    return turn.learner.sampled(turn.films, turn.n, turn.context, turn.settings.steps, turn.draws.of("student", turn.n))


def resampled(turn: Turn[F]) -> Tensor:
    """After Resampling Forcing (2512.15702): x~ noised again, to a level of its own (logit-normal), and denoised in one step.

    Theirs noises the true section and goes on from there along the schedule; here it is the estimate, and one more forward.
    """
    x, draw = turn.told.estimate(), turn.draws.of("resampled", turn.n)
    sigma = torch.sigmoid(turn.settings.level + torch.randn(len(x), generator=draw)).to(x)
    wide = sigma.view(-1, 1, 1, 1, 1)
    x = (1 - wide) * x + wide * torch.randn(x.shape, generator=draw).to(x)
    return turn.learner.denoised(turn.films, turn.n, turn.context, x, sigma)


ARMS: dict[str, Callable[[Turn[Any]], Tensor]] = {
    "teacher": teacher, "noise": noise, "direct": direct, "student": student, "resampled": resampled,
}


@dataclass(frozen=True)
class Forced:
    """What one optimizer step's films gave."""

    losses: tuple[float, ...]              # of each section
    parts: dict[str, float]                # means over the sections


def force(
    learner: Learner[F], films: Sequence[F], sections: int, arm: str, draws: Draws, settings: Settings,
    backward: Callable[[Tensor], None],
) -> Forced:
    """Go through the first `sections` of the films in order; gradients of the mean loss add up, for one step of the caller's.

    An update at every section would perturb the learned distribution, says the paper. `backward` is called once a section, so
    only one section's graph is held at a time.

    Raises:
        ValueError: no such arm.
    """
    if arm not in ARMS:
        raise ValueError(f"There is no arm '{arm}'; there are {', '.join(ARMS)}.")
    history, first = History.begin(learner.start(films)), learner.conditioning(films, 0)
    losses: list[float] = []
    parts: dict[str, float] = {}
    for n in range(sections):
        context = history.context(learner.memory, first)
        told = learner.told(films, n, context, draws.of("loss", n))
        backward(told.loss / sections)
        losses.append(float(told.loss.detach()))
        for name, value in told.parts.items():
            parts[name] = parts.get(name, 0.0) + value / sections
        if n + 1 < sections:
            with torch.no_grad():
                latents = ARMS[arm](Turn(learner, films, n, context, told, draws, settings))
            history = history.after(latents, learner.memory, first, settings.reach)
    return Forced(tuple(losses), parts)
