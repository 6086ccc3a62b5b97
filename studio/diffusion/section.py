"""The section loop: one section from a snapshot to the next, a pure function; it does not know files, jobs or the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from studio.diffusion import flow
from studio.diffusion.backbone import Backbone, Conditioning, SkipsBlocks
from studio.memory.framepack import pack_context
from studio.memory.protocol import Memory
from studio.memory.rope import FIXED_OFFSETS, RopeRule
from studio.memory.snapshot import Snapshot


class StoppedError(Exception):
    """The caller asked the section to stop: nothing was written anywhere."""


class NotFiniteError(Exception):
    """The backbone produced values that are not numbers."""


@dataclass(frozen=True)
class Sampling:
    """How a section is sampled."""

    steps: int = 25
    guidance: float = 10.0     # distilled guidance, for a backbone trained with it
    window: int = 9            # latent frames per section
    shift: float = 0.0         # of the flow schedule; 0: from the token count
    cache: float = 0.0         # change between steps up to which blocks are skipped (`SkipsBlocks.skip_blocks`); 0: none is


@dataclass(frozen=True)
class DenoisingStep:
    """One step is done. `clean` is the section as predicted so far, [1, C, W, h, w]."""

    step: int                  # 1-based
    steps: int
    clean: Tensor


@dataclass(frozen=True)
class SectionResult:
    """The section is done: its latents [1, C, W, h, w] and the snapshot behind it."""

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
    """Denoise the next section of a film: FramePack-F1 order, Euler steps, the context packed once.

    With a long-term memory this is MemoryPack (2510.01784): psi joins the context, and takes the finished section in.

    Args:
        backbone: the velocity field.
        snapshot: the film so far; it is not changed.
        conditioning: prompt and reference image.
        noise: [1, C, W, h, w] standard normal, see `flow.noise`.
        sampling: steps, guidance, schedule, step cache.
        stopped: looked at before every step, and by backbones that can stop within one.
        memory: of what lies further back than the packed context. None: FramePack alone; a psi that the snapshot holds is read
            and handed on as it is.
        positions: RoPE indices of the context.

    Yields:
        `DenoisingStep` after every step, `SectionResult` last.

    Raises:
        StoppedError: `should_stop()` said so.
        NotFiniteError: the latents, or the memory of them, are not numbers.
    """
    device = backbone.device
    start, recent = snapshot.start.to(device), snapshot.recent.to(device)
    packed = pack_context(start, recent, sampling.window, rope(snapshot.sections, sampling.window))
    guidance = torch.full((1,), sampling.guidance, dtype=backbone.dtype, device=device) * 1000.0
    psi = _psi(snapshot, conditioning, memory, device)

    x = noise.to(device)
    tokens = x.shape[2] * x.shape[3] * x.shape[4] / backbone.patch_size**2
    euler = flow.make_scheduler(sampling.shift)
    timesteps = flow.set_timesteps(euler, sampling.steps, tokens)
    backbone.prepare(timesteps, conditioning, guidance, should_stop)
    with backbone.skip_blocks(sampling.cache) if sampling.cache and isinstance(backbone, SkipsBlocks) else nullcontext():
        for step, t in enumerate(timesteps):
            if should_stop():
                raise StoppedError
            velocity = backbone(x, t.expand(1).to(device), packed, conditioning, guidance, psi).float()
            clean = x - euler.sigmas[step].to(device) * velocity
            x = euler.step(velocity, t, x, return_dict=False)[0]
            yield DenoisingStep(step + 1, sampling.steps, clean)

    if psi is not None and memory is not None:
        psi = memory.update(psi, x)
    if not torch.isfinite(x).all() or not (psi is None or torch.isfinite(psi).all()):
        raise NotFiniteError
    yield SectionResult(x, snapshot.advance(x, psi))


def _psi(
    snapshot: Snapshot, conditioning: Conditioning, memory: Memory | None, device: torch.device
) -> Tensor | None:
    """psi [1, M, D] for this section: the snapshot's, or psi_0 of a film that has none yet, or none at all."""
    if snapshot.psi is not None:
        return snapshot.psi.to(device)
    return None if memory is None else memory.begin(conditioning).float().to(device)
