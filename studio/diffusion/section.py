"""The section loop: from one snapshot of a film to the next, as a pure function.

A section is predicted from a packed context of the frames before it (2504.12626); MemoryPack (2510.01784) adds a long-term memory
psi. For section n, with x^n its latents:

    context = pack(start latent, newest 19 latent frames)
    v(x, sigma) = backbone(x, sigma; context, prompt and image, Read(psi_n))
    x^n = sample(noise, v)
    psi_{n+1} = Squeeze(psi_n, Memorize(x^n))

What a sampler does is said in `sampler`. Read gives psi_n itself, as in the paper, unless a memory is asked otherwise.
Letters: C latent channels, W window (latent frames per section), h and w latent height and width, M memory tokens, D their width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from studio.diffusion.backbone import Backbone, Conditioning, RoundsLatents, SkipsBlocks, SkipsSteps
from studio.diffusion.blend import BlendsChanges
from studio.diffusion.magnitude_cache import plan_skips
from studio.diffusion.sampler import Sampler, Sampling, make_sampler
from studio.memory.framepack import pack_context
from studio.memory.protocol import Memory, appends, read_psi
from studio.memory.rope import FIXED_OFFSETS, RopeRule
from studio.memory.snapshot import Snapshot

__all__ = ["DenoisingStep", "NotFiniteError", "Sampling", "SectionResult", "StoppedError", "denoise_section"]


class StoppedError(Exception):
    """The caller asked the section to stop. No result was produced."""


class NotFiniteError(Exception):
    """The backbone or the memory produced values that are not numbers."""


@dataclass(frozen=True)
class DenoisingStep:
    """One denoising step is done."""

    step: int                  # 1-based
    steps: int                 # of the section
    clean: Tensor              # [1, C, W, ., .] its prediction of the clean latents; smaller ones where the sampler begins small


@dataclass(frozen=True)
class SectionResult:
    """The section is done: its latents [1, C, W, h, w] and the snapshot after it."""

    latents: Tensor
    snapshot: Snapshot


@torch.no_grad()
def denoise_section(
    backbone: Backbone,
    snapshot: Snapshot,
    conditioning: Conditioning,
    noise: Tensor,
    sampling: Sampling,
    should_stop: Callable[[], bool] = lambda: False,
    memory: Memory | None = None,
    rope: RopeRule = FIXED_OFFSETS,
) -> Iterator[DenoisingStep | SectionResult]:
    """Denoise the next section of a film.

    Args:
        backbone: the velocity field.
        snapshot: the film so far; it is not changed.
        conditioning: prompt and reference image.
        noise: [1, C, W, h, w] standard normal, see `flow.noise`.
        sampling: steps, guidance, schedule, step cache.
        should_stop: called before every step; backbones that can stop within a step call it there too.
        memory: the long-term memory. None: FramePack alone. A psi in the snapshot is then used and passed on unchanged.
        rope: the RoPE indices of the context.

    Yields:
        A `DenoisingStep` after every step, a `SectionResult` at the end.

    Raises:
        StoppedError: `should_stop()` returned True.
        NotFiniteError: the latents or the new psi are not finite.
    """
    device = backbone.device
    start, recent = snapshot.start.to(device), snapshot.recent.to(device)
    packed = pack_context(start, recent, sampling.window, rope(snapshot.sections, sampling.window))
    psi = _psi(snapshot, conditioning, memory, device)
    read = None if psi is None else read_psi(memory, psi, noise.shape)

    x = noise.to(device)
    sampler = make_sampler(backbone, sampling, x, begins=not snapshot.sections)

    def velocity(x: Tensor, timestep: Tensor) -> Tensor:
        return backbone(x, timestep, packed, conditioning, sampler.guidance, read).float()

    backbone.prepare(sampler.timesteps, conditioning, sampler.guidance, should_stop)
    with _abilities(backbone, sampling, sampler):
        sampled, steps = sampler.run(x, velocity), len(sampler.timesteps)
        for step in range(1, steps + 1):
            if should_stop():
                raise StoppedError
            done = next(sampled)
            x = done.latents
            yield DenoisingStep(step, steps, done.clean)

    if isinstance(backbone, RoundsLatents):
        x = backbone.round_latents(x, psi)
    if psi is not None and memory is not None:
        psi = memory.update(psi, x)
    if not torch.isfinite(x).all() or not (psi is None or torch.isfinite(psi).all()):
        raise NotFiniteError
    yield SectionResult(x, snapshot.advance(x, psi, appends(memory)))


@contextmanager
def _abilities(backbone: Backbone, sampling: Sampling, sampler: Sampler) -> Iterator[None]:
    """While this is open, the backbone skips blocks and blends by itself, where it can and is asked to."""
    with ExitStack() as contexts:
        if sampling.cache and sampling.ratios and isinstance(backbone, SkipsSteps):
            contexts.enter_context(backbone.skip_steps(plan_skips(sampling.ratios, sampler.passes, sampling.cache)))
        elif sampling.cache and not sampling.ratios and isinstance(backbone, SkipsBlocks):
            contexts.enter_context(backbone.skip_blocks(sampling.cache))
        if sampling.blend and isinstance(backbone, BlendsChanges):
            contexts.enter_context(backbone.blend(sampling.blend))
        yield


def _psi(
    snapshot: Snapshot, conditioning: Conditioning, memory: Memory | None, device: torch.device
) -> Tensor | None:
    """psi_n [1, M, D] for this section: the snapshot's, or psi_0 for a film that has none yet. None without a memory."""
    if snapshot.psi is not None:
        return snapshot.psi.to(device)
    return None if memory is None else memory.begin(conditioning).float().to(device)
