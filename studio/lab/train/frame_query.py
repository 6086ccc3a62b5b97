"""Frame query, the first stage of training a history encoder ("Pretraining Frame Preservation", 2512.23851).

Some neighbouring frames of a film's history are asked for. They stay clean, all others are masked by noise, and the encoder turns
the history into psi. The backbone is given psi and denoises the asked frames at their true time in the film; the loss is that of
their velocity alone:

    | (noise - x) - v(x_t, t, psi(mask(H, asked))) |^2,    x = H[asked],    mask(H)_f = (1 - sigma) H_f + sigma noise,  f not asked

Which frames are asked for changes from step to step, so psi must keep every frame and not the newest ones alone. Lengths of runs
and the noise's sigma ~ U(0.2, 1) are those of a public implementation; that one sigma masks all frames of a history is our reading.

Letters: B batch, C latent channels, T frames of the history, W window, h and w latent height and width, M memory tokens, D width of
psi.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor

from studio.lab.train.forcing import Draws, ForcingLosses, Prediction
from studio.memory.context_sizes import RECENT
from studio.memory.framepack import PackedContext, empty_history, pack_context
from studio.memory.protocol import ConditioningFeatures, Memory

F = TypeVar("F")
F_contra = TypeVar("F_contra", contravariant=True)

RUNS, SHARES = (1, 2, 4), (0.1, 0.3, 0.6)
"""Lengths of runs of asked frames, and how often each is drawn."""
LEAST_NOISE = 0.2
"""Least sigma of the mask; the most is 1, of which nothing can be seen through."""


@dataclass(frozen=True)
class FrameQuery:
    """The frames that are asked for, and how strongly the others are masked."""

    first: int         # the first asked frame, counted from the history's first
    count: int         # of asked frames, which are neighbours
    sigma: float       # of the mask

    @property
    def frames(self) -> slice:
        """The asked frames among the history's."""
        return slice(self.first, self.first + self.count)


@runtime_checkable
class AnswersQueries(Protocol[F_contra]):
    """A learner that can be asked for frames."""

    def answer(self, films: Sequence[F_contra], sections: int, draw: torch.Generator) -> Prediction:
        """One forward pass: the loss of a frame query into the films' first sections, and the estimate of the asked frames."""


def draw_query(frames: int, draw: torch.Generator) -> FrameQuery:
    """A random query into a history of T = `frames` frames; runs longer than the history are not drawn.

    Raises:
        ValueError: the history is empty.
    """
    shares = torch.tensor([share if run <= frames else 0.0 for run, share in zip(RUNS, SHARES, strict=True)])
    if not shares.any():
        raise ValueError("a history without frames cannot be asked for any")
    count = RUNS[int(torch.multinomial(shares, 1, generator=draw))]
    first = int(torch.randint(frames - count + 1, (1,), generator=draw))
    return FrameQuery(first, count, LEAST_NOISE + (1 - LEAST_NOISE) * float(torch.rand(1, generator=draw)))


def mask_history(history: Tensor, query: FrameQuery, noise: Tensor) -> Tensor:
    """The history [B, C, T, h, w] with `noise` mixed into all frames that are not asked for; at sigma 1 it is noise."""
    masked = (1 - query.sigma) * history + query.sigma * noise
    masked[:, :, query.frames] = history[:, :, query.frames]
    return masked


def encode_history(memory: Memory, first: ConditioningFeatures, history: Tensor, window: int) -> Tensor:
    """psi [B, M, D] of a history [B, C, T, h, w], section by section of W = `window` frames as in rendering, with its gradient.

    Args:
        memory: the encoder.
        first: conditioning of the films' first sections.
        history: whole sections.
        window: W.
    """
    psi = memory.begin(first)
    for section in history.split(window, dim=2):
        psi = memory.update(psi, section)
    return psi


def query_context(start: Tensor, query: FrameQuery, first_index: int = 1 + RECENT) -> PackedContext:
    """FramePack's context of a query: that of a new film, which is its start latent alone, and the asked frames' true indices.

    So psi is the only way by which the history reaches the backbone.

    Args:
        start: [B, C, 1, h, w].
        query: what is asked for.
        first_index: RoPE index of the history's first frame, see `rope.first_frame_index`.
    """
    asked = torch.arange(query.first, query.first + query.count)
    positions = torch.cat([torch.arange(1 + RECENT), first_index + asked])
    return pack_context(start, empty_history(start), query.count, positions)


def query(
    learner: AnswersQueries[F], films: Sequence[F], sections: int, draws: Draws, backward: Callable[[Tensor], None]
) -> ForcingLosses:
    """Compute the gradient of one query's loss. In place of `forcing.force`, with the same arguments."""
    prediction = learner.answer(films, sections, draws.generator("query"))
    backward(prediction.loss)
    return ForcingLosses((float(prediction.loss.detach()),), prediction.parts)
