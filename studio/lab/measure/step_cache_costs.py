"""What the step cache saves on a model, and what it costs: the same sections with and without, at several thresholds.

Every section is made from the same snapshot and noise, so that errors do not add up along a film. It knows no pages and no takes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from studio.backbones.film_model import FilmModel
from studio.backbones.framepack.backbone import require_framepack
from studio.backbones.registry import skips_blocks
from studio.catalogue.cards import ModelError
from studio.diffusion import flow
from studio.diffusion.section import Sampling, SectionResult, denoise_section
from studio.lab.psnr import psnr
from studio.media.picture import fit, read_picture
from studio.memory.snapshot import Snapshot
from studio.placement.device.streamer import blocks_of

THRESHOLDS = (0.03, 0.06, 0.1, 0.15, 0.25)
SECTIONS = 2
"""The first, which knows one picture, and one that knows a film."""
PROMPT = "Waves roll against the rocks below the lighthouse while clouds drift by."
PICTURE = Path(__file__).parents[3] / "assets/examples/lighthouse/lighthouse.jpg"
SEED = 7


@dataclass(frozen=True)
class _Made:
    """One section: its latents [1, C, W, h, w], the snapshot behind it, seconds of denoising, and calls of blocks."""

    finished: SectionResult
    seconds: float
    calls: int


@torch.no_grad()
def measure(
    model: FilmModel, size: tuple[int, int], steps: int | None = None, thresholds: Sequence[float] = THRESHOLDS,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Figures of `model` at every threshold.

    Args:
        model: of the large kind.
        size: width and height in pixels.
        steps: of a section; None: the model's own.
        thresholds: each above 0.
        say: hears which one is measured.

    Returns:
        What was measured with, and for every threshold: share of block calls left out, denoising time over that without, relative
        error of the latents, and PSNR of the decoded frames, all beside the same sections without a cache.

    Raises:
        ModelError: the model is of another kind, or does not fit. ValueError: a threshold is not above 0.
    """
    if not skips_blocks(model.card):
        raise ModelError(f"{model.card.title} has no step cache: only models of FramePack-F1's kind do. Name one with --model.")
    if bad := [threshold for threshold in thresholds if not 0 < threshold <= 1]:
        raise ValueError(f"A threshold is a number above 0, up to 1, not {bad[0]:g}.")
    if model.placement is not None:
        model.placement.replan(size, step_cache=True)
    steps = steps or model.card.steps
    case = _Case(model, size, steps)
    say("without a cache")
    case.made(case.begun, 0, 0.0)                             # whatever happens at the first time
    snapshots, without = [case.begun], list[_Made]()
    for index in range(SECTIONS):
        without.append(case.made(snapshots[-1], index, 0.0))
        snapshots.append(without[-1].finished.snapshot)
    frames = [_decoded(model, snapshot, one) for snapshot, one in zip(snapshots, without, strict=False)]
    rows = []
    for threshold in thresholds:
        say(f"threshold {threshold:g}")
        cached = [case.made(snapshots[index], index, threshold) for index in range(SECTIONS)]
        shown = [_decoded(model, snapshot, one) for snapshot, one in zip(snapshots, cached, strict=False)]
        rows.append({"threshold": threshold, **_beside(cached, without), "psnr": min(map(psnr, shown, frames))})
    return {
        "model": model.card.name, "weights": model.fingerprint, "device": model.device.type, "dtype": str(model.backbone.dtype),
        "profile": model.placement.plan.profile.name if model.placement else None, "size": list(size), "steps": steps,
        "sections": SECTIONS, "seed": SEED, "prompt": PROMPT, "block_calls": sum(one.calls for one in without),
        "seconds": sum(one.seconds for one in without), "rows": rows,
    }


class _Case:
    """Sections of one film on one model."""

    def __init__(self, model: FilmModel, size: tuple[int, int], steps: int) -> None:
        picture = _picture(model, size)
        self.begun = Snapshot.begin(model.codec.encode(picture), model.fingerprint)
        self._model, self._steps = model, steps
        self._conditioning = model.conditioner(PROMPT, picture)

    def made(self, snapshot: Snapshot, index: int, threshold: float) -> _Made:
        """Section `index`, behind `snapshot`; threshold 0: no cache."""
        model, card = self._model, self._model.card
        sampling = Sampling(self._steps, card.guidance, card.window, card.shift, threshold)
        noise = flow.noise((1, model.channels, card.window, *snapshot.start.shape[-2:]), flow.section_seed(SEED, index))
        with _counting(blocks_of(require_framepack(model.backbone).transformer)) as calls:
            _settle(model)
            clock = time.perf_counter()
            *_, last = denoise_section(
                model.backbone, snapshot, self._conditioning, noise, sampling, memory=model.memory, positions=model.positions)
            _settle(model)
            seconds = time.perf_counter() - clock
        assert isinstance(last, SectionResult)
        return _Made(last, seconds, calls[0])


def _beside(cached: Sequence[_Made], without: Sequence[_Made]) -> dict[str, float]:
    """Shares of block calls and time, and the larger error of the latents."""
    pairs = [(ours.finished.latents, true.finished.latents) for ours, true in zip(cached, without, strict=True)]
    return {
        "skipped_share": 1 - sum(one.calls for one in cached) / sum(one.calls for one in without),
        "time_ratio": sum(one.seconds for one in cached) / sum(one.seconds for one in without),
        "latent_error": max(_error(ours, true) for ours, true in pairs),
    }


def markdown(figures: dict[str, Any]) -> str:
    """The figures as a table for a model's card."""
    width, height = figures["size"]
    lines = [
        f"{figures['model']} at {width} x {height}, {figures['steps']} steps, {figures['sections']} sections, on "
        f"{figures['device']} in {figures['dtype'].removeprefix('torch.')}; without a cache {figures['seconds']:.1f} s and "
        f"{figures['block_calls']} block calls.",
        "",
        "| threshold | block calls left out | denoising time | latents, relative error | frames, PSNR |",
        "|---|---|---|---|---|",
    ]
    for row in figures["rows"]:
        lines.append(
            f"| {row['threshold']:g} | {row['skipped_share']:.0%} | {row['time_ratio']:.2f} | {row['latent_error']:.4f} | "
            f"{row['psnr']:.1f} dB |"
        )
    return "\n".join(lines) + "\n\nThe worse section of each; 100 dB are the same frames.\n"


@contextmanager
def _counting(blocks: Sequence[nn.Module]) -> Iterator[list[int]]:
    """Counts real calls of the blocks: what is skipped is not called."""
    calls = [0]

    def call(*_: object) -> None:
        calls[0] += 1

    hooks = [block.register_forward_pre_hook(call) for block in blocks]
    try:
        yield calls
    finally:
        for hook in hooks:
            hook.remove()


def _settle(model: FilmModel) -> None:
    if model.device.type == "cuda":
        torch.cuda.synchronize()


def _decoded(model: FilmModel, snapshot: Snapshot, made: _Made) -> Tensor:
    """Frames [1, 3, T, H, W] in [0, 1] of a section that follows `snapshot`."""
    stream = model.codec.stream(snapshot.recent, snapshot.sections)
    return (stream.push(made.finished.latents).float().cpu().clamp(-1, 1) + 1) / 2


def _error(made: Tensor, true: Tensor) -> float:
    return float((made - true).norm() / true.norm())


def _picture(model: FilmModel, size: tuple[int, int]) -> Tensor:
    """The lighthouse, [1, 3, H, W] in [-1, 1]."""
    array = np.asarray(fit(read_picture(PICTURE), size), dtype=np.float32)
    return (torch.from_numpy(array).movedim(2, 0).unsqueeze(0) / 127.5 - 1).to(model.device)
