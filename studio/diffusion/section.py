"""The section loop: from one snapshot of a film to the next, as a pure function.

FramePack-F1 (2504.12626) predicts a section from a packed context of the frames before it; MemoryPack (2510.01784) adds a
long-term memory psi. For section n, with x^n its latents and sigma_0 > ... > sigma_S = 0 the steps' noise levels:

    context = pack(start latent, newest 19 latent frames)
    x_{sigma_0} = noise
    for s = 0 ... S - 1:
        v = backbone(x_{sigma_s}, sigma_s; context, prompt and image, Read(psi_n))
        x_{sigma_{s+1}} = x_{sigma_s} + (sigma_{s+1} - sigma_s) v
    psi_{n+1} = Squeeze(psi_n, Memorize(x^n))

Read gives psi_n itself, as in the paper, unless a memory is asked otherwise.
Letters: C latent channels, W window (latent frames per section), h and w latent height and width, M memory tokens, D their width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import torch
from torch import Tensor

from studio.diffusion import flow
from studio.diffusion.backbone import Backbone, Conditioning, RoundsLatents, SkipsBlocks
from studio.diffusion.blend import BlendsChanges, SectionBlend
from studio.memory.framepack import pack_context
from studio.memory.protocol import Memory, appends, read_psi
from studio.memory.rope import FIXED_OFFSETS, RopeRule
from studio.memory.snapshot import Snapshot


class StoppedError(Exception):
    """The caller asked the section to stop. No result was produced."""


class NotFiniteError(Exception):
    """The backbone or the memory produced values that are not numbers."""


@dataclass(frozen=True)
class Sampling:
    """How a section is sampled."""

    steps: int = 25
    guidance: float = 10.0     # distilled guidance, for a backbone trained with it
    window: int = 9            # W
    shift: float = 0.0         # of the flow schedule; 0: computed from the token count
    cache: float = 0.0         # threshold of the step cache, see `SkipsBlocks.skip_blocks`; 0: no block is skipped
    blend: SectionBlend | None = None    # where the section lies in its segment's blend, for a backbone that blends by itself


@dataclass(frozen=True)
class DenoisingStep:
    """One denoising step is done. `clean` is its prediction of the clean latents x_0, [1, C, W, h, w]."""

    step: int                  # 1-based
    steps: int
    clean: Tensor


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
    """Denoise the next section of a film with Euler steps.

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
    guidance = torch.full((1,), sampling.guidance, dtype=backbone.dtype, device=device) * 1000.0
    psi = _psi(snapshot, conditioning, memory, device)
    read = None if psi is None else read_psi(memory, psi, noise.shape)

    x = noise.to(device)
    tokens = x.shape[2] * x.shape[3] * x.shape[4] / backbone.patch_size**2
    euler = flow.make_scheduler(sampling.shift)
    timesteps = flow.set_timesteps(euler, sampling.steps, tokens)
    backbone.prepare(timesteps, conditioning, guidance, should_stop)
    with ExitStack() as contexts:
        if sampling.cache and isinstance(backbone, SkipsBlocks):
            contexts.enter_context(backbone.skip_blocks(sampling.cache))
        if sampling.blend and isinstance(backbone, BlendsChanges):
            contexts.enter_context(backbone.blend(sampling.blend))
        for step, t in enumerate(timesteps):
            if should_stop():
                raise StoppedError
            velocity = backbone(x, t.expand(1).to(device), packed, conditioning, guidance, read).float()
            clean = x - euler.sigmas[step].to(device) * velocity
            x = euler.step(velocity, t, x, return_dict=False)[0]
            yield DenoisingStep(step + 1, sampling.steps, clean)

    if isinstance(backbone, RoundsLatents):
        x = backbone.round_latents(x, psi)
    if psi is not None and memory is not None:
        psi = memory.update(psi, x)
    if not torch.isfinite(x).all() or not (psi is None or torch.isfinite(psi).all()):
        raise NotFiniteError
    yield SectionResult(x, snapshot.advance(x, psi, appends(memory)))


def _psi(
    snapshot: Snapshot, conditioning: Conditioning, memory: Memory | None, device: torch.device
) -> Tensor | None:
    """psi_n [1, M, D] for this section: the snapshot's, or psi_0 for a film that has none yet. None without a memory."""
    if snapshot.psi is not None:
        return snapshot.psi.to(device)
    return None if memory is None else memory.begin(conditioning).float().to(device)
