"""Measures what the step cache saves in time and costs in error: the same sections with and without it, at several thresholds.

Every section begins at the same snapshot and noise, so that errors do not add up along a film.
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
from studio.backbones.registry import step_caches
from studio.catalogue.cards import ModelError
from studio.catalogue.step_ratios import FIRST_BLOCK, MAGNITUDE, read_ratios
from studio.diffusion import flow
from studio.diffusion.magnitude_cache import Stages
from studio.diffusion.section import Sampling, SectionResult, denoise_section
from studio.engine.input_reader import InputReader
from studio.lab.psnr import psnr
from studio.media.picture import fit, read_picture
from studio.memory.snapshot import Snapshot
from studio.placement.device.streamer import blocks_of

THRESHOLDS = (0.03, 0.06, 0.1, 0.15, 0.25)
SECTIONS = 2
"""The first section has one picture to continue, the second a film."""
PROMPT = "Waves roll against the rocks below the lighthouse while clouds drift by."
PICTURE = Path(__file__).parents[3] / "assets/examples/lighthouse/lighthouse.jpg"
SEED = 7


@dataclass(frozen=True)
class _Section:
    """A finished section: latents [1, C, W, h, w] and the snapshot after it, seconds of denoising, and calls of blocks."""

    finished: SectionResult
    seconds: float
    calls: int


@torch.no_grad()
def measure(
    model: FilmModel, size: tuple[int, int], steps: int | None = None, thresholds: Sequence[float] = THRESHOLDS,
    report: Callable[[str], None] = lambda _: None, rule: str = FIRST_BLOCK,
) -> dict[str, Any]:
    """Measures `model` at every threshold.

    Args:
        model: of a family that can skip blocks.
        size: width and height in pixels.
        steps: of a section; None: as many as the model card says.
        thresholds: each above 0.
        report: is called with what is measured next.
        rule: of the step cache; that by magnitudes was calibrated before.

    Returns:
        The settings, and for every threshold: the share of block calls that were skipped, the denoising time over that without a
        cache, the relative error of the latents, and the PSNR of the decoded frames against the same sections without a cache.

    Raises:
        ModelError: the model cannot skip blocks by this rule, was not calibrated, or does not fit.
        ValueError: a threshold is not above 0, or is above 1.
    """
    if rule not in step_caches(model.card):
        raise ModelError(
            f"{model.card.title} has no step cache by the rule '{rule}'. Name another model with --model, or another --rule.")
    ratios = read_ratios(model.card).stages if rule == MAGNITUDE else ()
    if bad := [threshold for threshold in thresholds if not 0 < threshold <= 1]:
        raise ValueError(f"A threshold is a number above 0, up to 1, not {bad[0]:g}.")
    if model.placement is not None:
        model.placement.replan(size, step_cache=True)
    steps = steps or model.card.steps
    film = _Film(model, size, steps, ratios)
    report("without a cache")
    film.section(film.first, 0, 0.0)                          # a warm-up, which is not measured
    snapshots, without = [film.first], list[_Section]()
    for index in range(SECTIONS):
        without.append(film.section(snapshots[-1], index, 0.0))
        snapshots.append(without[-1].finished.snapshot)
    frames = [_decode(model, snapshot, one) for snapshot, one in zip(snapshots, without, strict=False)]
    rows = []
    for threshold in thresholds:
        report(f"threshold {threshold:g}")
        cached = [film.section(snapshots[index], index, threshold) for index in range(SECTIONS)]
        cached_frames = [_decode(model, snapshot, one) for snapshot, one in zip(snapshots, cached, strict=False)]
        rows.append({"threshold": threshold, **_compare(cached, without), "psnr": min(map(psnr, cached_frames, frames))})
    return {
        "model": model.card.name, "weights": model.fingerprint, "device": model.device.type, "dtype": str(model.backbone.dtype),
        "profile": model.placement.plan.profile.name if model.placement else None, "size": list(size), "steps": steps, "rule": rule,
        "sections": SECTIONS, "seed": SEED, "prompt": PROMPT, "block_calls": sum(one.calls for one in without),
        "seconds": sum(one.seconds for one in without), "rows": rows,
    }


class _Film:
    """Sections of one film on one model."""

    def __init__(self, model: FilmModel, size: tuple[int, int], steps: int, ratios: Stages) -> None:
        picture = _picture(model, size)
        self.first = InputReader(model).beginning(picture, size)
        self._model, self._steps, self._ratios = model, steps, ratios
        self._conditioning = model.conditioner(PROMPT, picture)

    def section(self, snapshot: Snapshot, index: int, threshold: float) -> _Section:
        """Makes section number `index` after `snapshot`; threshold 0 means no cache."""
        model, card = self._model, self._model.card
        sampling = Sampling(self._steps, card.guidance, card.window, card.shift, threshold, self._ratios)
        noise = flow.noise((1, model.channels, card.window, *snapshot.start.shape[-2:]), flow.section_seed(SEED, index))
        transformer = model.backbone.transformer  # type: ignore[attr-defined]
        with _count_calls(blocks_of(transformer)) as calls:
            _synchronize(model)
            clock = time.perf_counter()
            *_, last = denoise_section(
                model.backbone, snapshot, self._conditioning, noise, sampling, memory=model.memory, rope=model.rope)
            _synchronize(model)
            seconds = time.perf_counter() - clock
        assert isinstance(last, SectionResult)
        return _Section(last, seconds, calls[0])


def _compare(cached: Sequence[_Section], without: Sequence[_Section]) -> dict[str, float]:
    """Returns the shares of block calls and of time, and the larger error of the latents."""
    pairs = [(made.finished.latents, true.finished.latents) for made, true in zip(cached, without, strict=True)]
    return {
        "skipped_share": 1 - sum(one.calls for one in cached) / sum(one.calls for one in without),
        "time_ratio": sum(one.seconds for one in cached) / sum(one.seconds for one in without),
        "latent_error": max(_error(made, true) for made, true in pairs),
    }


def markdown(figures: dict[str, Any]) -> str:
    """Returns the figures as a table for the model card."""
    width, height = figures["size"]
    lines = [
        f"{figures['model']} at {width} x {height}, {figures['steps']} steps, {figures['sections']} sections, by the rule "
        f"{figures['rule']}, on "
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
def _count_calls(blocks: Sequence[nn.Module]) -> Iterator[list[int]]:
    """Yields a list of one number, which counts the calls of the blocks; a skipped block is not called."""
    calls = [0]

    def count(*_: object) -> None:
        calls[0] += 1

    hooks = [block.register_forward_pre_hook(count) for block in blocks]
    try:
        yield calls
    finally:
        for hook in hooks:
            hook.remove()


def _synchronize(model: FilmModel) -> None:
    if model.device.type == "cuda":
        torch.cuda.synchronize()


def _decode(model: FilmModel, snapshot: Snapshot, made: _Section) -> Tensor:
    """Returns the frames [1, 3, T, H, W] in [0, 1] of a section that follows `snapshot`."""
    stream = model.codec.stream(snapshot.recent, snapshot.sections)
    return (stream.push(made.finished.latents).float().cpu().clamp(-1, 1) + 1) / 2


def _error(made: Tensor, true: Tensor) -> float:
    return float((made - true).norm() / true.norm())


def _picture(model: FilmModel, size: tuple[int, int]) -> Tensor:
    """Returns the picture of the lighthouse, [1, 3, H, W] in [-1, 1]."""
    array = np.asarray(fit(read_picture(PICTURE), size), dtype=np.float32)
    return (torch.from_numpy(array).movedim(2, 0).unsqueeze(0) / 127.5 - 1).to(model.device)
