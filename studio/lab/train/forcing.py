"""Direct Forcing of "Pack and Force Your Memory" (2510.01784), and the ways of training that it is compared with.

A model that is trained on true histories alone never sees its own errors, and the films that it makes drift. With Direct Forcing
the history of the next section is the model's own one-step estimate of this one. A model is a `Learner` here, whatever its family.

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
from studio.memory.protocol import Memory, read_psi

F = TypeVar("F")
F_contra = TypeVar("F_contra", contravariant=True)


@dataclass(frozen=True)
class Context:
    """What a section is generated from, apart from prompt and picture."""

    start: Tensor            # [B, C, 1, h, w]
    recent: Tensor           # [B, C, 19, h, w]
    psi: Tensor | None       # [B, M, D]
    sections: int            # finished so far

    def select(self, film: int) -> Context:
        """The context of one film, as a batch of one."""
        at = slice(film, film + 1)
        return Context(self.start[at], self.recent[at], None if self.psi is None else self.psi[at], self.sections)


@dataclass(frozen=True)
class Prediction:
    """A model's prediction for a section at a random sigma."""

    loss: Tensor                     # [] with its gradient
    estimate: Callable[[], Tensor]   # computes x~ [B, C, W, h, w] from the same forward pass, detached; not all arms need it
    parts: dict[str, float]          # of the loss


class Learner(Protocol[F_contra]):
    """A model in training. `films` are B films of one size, each with its sections in order; n is the index of a section."""

    @property
    def memory(self) -> Memory | None:
        """The long-term memory that psi comes from; None: the model has no psi."""

    def start(self, films: Sequence[F_contra]) -> Tensor:
        """Latents of the films' first frames, [B, C, 1, h, w]."""

    def conditioning(self, films: Sequence[F_contra], n: int) -> Conditioning:
        """Embeddings of prompts and pictures of the films' n-th sections."""

    def truth(self, films: Sequence[F_contra], n: int) -> Tensor:
        """The films' true n-th sections, [B, C, W, h, w]."""

    def predict(self, films: Sequence[F_contra], n: int, context: Context, draw: torch.Generator) -> Prediction:
        """One forward pass: the training loss of the n-th sections in this context, and the estimate."""

    def denoise(self, films: Sequence[F_contra], n: int, context: Context, x: Tensor, sigma: Tensor) -> Tensor:
        """x_t - sigma v of x_t [B, C, W, h, w] at sigma [B], as in rendering, without gradient."""

    def sample(self, films: Sequence[F_contra], n: int, context: Context, steps: int, draw: torch.Generator) -> Tensor:
        """The n-th sections as rendered in so many steps, [B, C, W, h, w], without gradient."""

    def add_noise(self, latents: Tensor, amount: Tensor, draw: torch.Generator) -> Tensor:
        """Latents with Gaussian noise of `amount` [B], in multiples of their standard deviation."""


def one_step(x: Tensor, sigma: Tensor, velocity: Tensor) -> Tensor:
    """x~ = x_t - sigma v (equation 7), the estimate of x by one step to sigma 0, detached.

    Args:
        x: x_t [B, C, W, h, w].
        sigma: [B]. At 0 the estimate is x itself, at 1 the mean of all x that the model thinks possible.
        velocity: v [B, C, W, h, w].
    """
    return (x - sigma.view(-1, 1, 1, 1, 1) * velocity).detach()


class Draws:
    """The random generators of one film in one optimizer step.

    Every use has a generator of its own, so that all arms draw the same numbers. `film` is the film's index in the batch; its
    numbers do not depend on the other films.
    """

    def __init__(self, seed: int, step: int, film: int = 0) -> None:
        self.seed, self.step, self.film = seed, step, film

    def for_film(self, film: int) -> Draws:
        """The generators of another film of the batch."""
        return Draws(self.seed, self.step, film)

    def generator(self, use: str, n: int = 0) -> torch.Generator:
        """The generator for a use, named by a word, in section n."""
        film = f"/{self.film}" if self.film else ""
        digest = hashlib.sha256(f"{self.seed}/{self.step}/{n}/{use}{film}".encode()).digest()
        return torch.Generator().manual_seed(int.from_bytes(digest[:8]) >> 1)


@dataclass(frozen=True)
class ForcingSettings:
    """Settings of the arms (named in quotes) and of the memory's gradient."""

    noisy: float = 0.2       # "noise": most noise on a history, in standard deviations
    steps: int = 5           # "student": of the sampler
    level: float = 0.0       # "resampled": mean of the logit of the sigma to which an estimate is noised; its deviation is 1
    reach: int = 4           # updates of psi through which a section's gradient goes back

    def __post_init__(self) -> None:
        if self.noisy < 0 or self.steps < 1 or self.reach < 1:
            raise ValueError(f"noise is not negative, steps and reach are at least 1, not {self}")


@dataclass(frozen=True)
class FilmHistory:
    """The film so far, as the next section's training sees it.

    The gradient of a section's loss goes back through the newest `reach` updates of psi, and never through the latents. For each
    section psi is computed anew from `psi_before`, which has no gradient, so that every section's graph is freed after its backward
    pass. If the film has no more than `reach` sections, the gradient reaches psi_0.
    """

    start: Tensor                          # [B, C, 1, h, w]
    recent: Tensor                         # [B, C, 19, h, w]
    sections: int = 0
    psi_before: Tensor | None = None       # [B, M, D] psi before `newest`; None: psi_0
    newest: tuple[Tensor, ...] = ()        # the newest sections [B, C, W, h, w], oldest first

    @classmethod
    def begin(cls, start: Tensor) -> FilmHistory:
        """The history of films of which there is only the start latent [B, C, 1, h, w]."""
        return cls(start, empty_history(start))

    def context(self, memory: Memory | None, first: Conditioning) -> Context:
        """The context of the next section.

        Args:
            memory: the model's; None: the context has no psi.
            first: conditioning of the films' first sections, from which psi_0 is made.
        """
        psi = None
        if memory is not None:
            psi = memory.begin(first) if self.psi_before is None else self.psi_before
            for latents in self.newest:
                psi = memory.update(psi, latents)
        if psi is not None and self.newest:
            psi = read_psi(memory, psi, self.newest[-1].shape)
        return Context(self.start, self.recent, psi, self.sections)

    def append(self, latents: Tensor, memory: Memory | None, first: Conditioning, reach: int) -> FilmHistory:
        """The history with one more section.

        Args:
            latents: of the section, [B, C, W, h, w]; their gradient is cut off.
            memory: the model's, if it has one.
            first: conditioning of the films' first sections.
            reach: see the class.
        """
        latents = latents.detach()
        psi, newest = self.psi_before, (*self.newest, latents)
        if memory is not None and len(newest) > reach:
            with torch.no_grad():
                psi = memory.update(memory.begin(first) if psi is None else psi, newest[0])
            newest = newest[1:]
        recent = slide_history(self.recent, latents)
        return FilmHistory(self.start, recent, self.sections + 1, psi, newest if memory is not None else ())


@dataclass(frozen=True)
class SectionState(Generic[F]):
    """A section whose loss is computed, and everything from which an arm makes the history of the next one."""

    learner: Learner[F]
    films: Sequence[F]
    n: int
    context: Context
    prediction: Prediction
    draws: Draws
    settings: ForcingSettings


def teacher(state: SectionState[F]) -> Tensor:
    """Teacher forcing: the true section, [B, C, W, h, w]."""
    return state.learner.truth(state.films, state.n)


def noise(state: SectionState[F]) -> Tensor:
    """The true section with some noise, another amount for each film and section, [B, C, W, h, w]."""
    latents, draw = state.learner.truth(state.films, state.n), state.draws.generator("noise", state.n)
    amount = state.settings.noisy * torch.rand(len(latents), generator=draw)
    return state.learner.add_noise(latents, amount.to(latents), draw)


def direct(state: SectionState[F]) -> Tensor:
    """Direct Forcing: the estimate x~ of the loss's own forward pass, [B, C, W, h, w]; it costs no other."""
    return state.prediction.estimate()


def student(state: SectionState[F]) -> Tensor:
    """Student forcing: the section as rendered in a few steps, [B, C, W, h, w]."""
    draw = state.draws.generator("student", state.n)
    return state.learner.sample(state.films, state.n, state.context, state.settings.steps, draw)


def resampled(state: SectionState[F]) -> Tensor:
    """After Resampling Forcing (2512.15702): x~ noised again to a logit-normal sigma and denoised in one step, [B, C, W, h, w].

    The paper noises the true section and denoises it along the schedule. This noises the estimate, and makes one forward pass.
    """
    x, draw = state.prediction.estimate(), state.draws.generator("resampled", state.n)
    sigma = torch.sigmoid(state.settings.level + torch.randn(len(x), generator=draw)).to(x)
    wide = sigma.view(-1, 1, 1, 1, 1)
    x = (1 - wide) * x + wide * torch.randn(x.shape, generator=draw).to(x)
    return state.learner.denoise(state.films, state.n, state.context, x, sigma)


ARMS: dict[str, Callable[[SectionState[Any]], Tensor]] = {
    "teacher": teacher, "noise": noise, "direct": direct, "student": student, "resampled": resampled,
}
"""What takes the place of a section in the next one's history."""


@dataclass(frozen=True)
class ForcingLosses:
    """The losses of one optimizer step's films."""

    losses: tuple[float, ...]              # of each section
    parts: dict[str, float]                # means over the sections


def force(
    learner: Learner[F], films: Sequence[F], sections: int, arm: str, draws: Draws, settings: ForcingSettings,
    backward: Callable[[Tensor], None],
) -> ForcingLosses:
    """Compute the gradient of the mean loss of the films' first sections, one section after the other.

    The caller makes one optimizer step of it: a step after every section would perturb the learned distribution (2510.01784).

    Args:
        learner: the model.
        films: one batch.
        sections: how many of each film.
        arm: a key of ARMS.
        draws: the random generators.
        settings: of the arms.
        backward: is called with each section's share of the loss, so that only one section's graph is held at a time.

    Raises:
        ValueError: no such arm.
    """
    if arm not in ARMS:
        raise ValueError(f"There is no arm '{arm}'; there are {', '.join(ARMS)}.")
    history, first = FilmHistory.begin(learner.start(films)), learner.conditioning(films, 0)
    losses: list[float] = []
    parts: dict[str, float] = {}
    for n in range(sections):
        context = history.context(learner.memory, first)
        prediction = learner.predict(films, n, context, draws.generator("loss", n))
        backward(prediction.loss / sections)
        losses.append(float(prediction.loss.detach()))
        for name, value in prediction.parts.items():
            parts[name] = parts.get(name, 0.0) + value / sections
        if n + 1 < sections:
            with torch.no_grad():
                latents = ARMS[arm](SectionState(learner, films, n, context, prediction, draws, settings))
            history = history.append(latents, learner.memory, first, settings.reach)
    return ForcingLosses(tuple(losses), parts)
