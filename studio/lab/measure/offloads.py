"""Measures methods to run a transformer on a GPU that is too small for it, ours and diffusers', with the same weights and section.

`placement_runs.py` runs each method in a process of its own, so that its peaks are its own and a failure ends no other.
Letters: C latent channels, W window, h and w latent height and width.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from accelerate import cpu_offload_with_hook
from diffusers import AutoencoderKLHunyuanVideo, HunyuanVideoFramepackTransformer3DModel
from torch import Tensor

from studio.backbones.framepack import mapped_weights
from studio.backbones.framepack.backbone import FramePackBackbone
from studio.backbones.framepack.codec import HunyuanCodec
from studio.backbones.framepack.placed_backbone import PlacedBackbone
from studio.backbones.framepack.placed_parts import PlacedCodec
from studio.backbones.registry import sizes_of
from studio.catalogue.cards import PREPARED, ModelCard
from studio.diffusion import flow
from studio.diffusion.backbone import Backbone, Conditioning
from studio.diffusion.section import DenoisingStep, Sampling, SectionResult, denoise_section
from studio.lab import tiny
from studio.lab.measure.gauges import MeasuredGpu, PeakRecorder
from studio.memory.context_sizes import RECENT
from studio.memory.snapshot import Snapshot
from studio.placement.choose import choose_plan
from studio.placement.device.memory_errors import is_out_of_memory
from studio.placement.device.streamer import blocks_of, stream_with_diffusers
from studio.placement.machine import probe_machine
from studio.placement.plan import Plan
from studio.placement.profile import ALL, PROFILES, Profile, read_profile
from studio.placement.sizes import Size, Weights

OURS, INT8_RESIDENT, BF16_RESIDENT = "ours by plan", "ours by plan, all on the card", "ours in bf16, all on the card"
GROUP, STREAM, MODEL = "diffusers, group offload", "diffusers, group offload with a stream", "diffusers, model offload"
METHODS = (OURS, BF16_RESIDENT, INT8_RESIDENT, GROUP, STREAM, MODEL)
UNCAPPED = (BF16_RESIDENT, INT8_RESIDENT)
"""Methods to compare with: they may use all of the GPU."""
Report = Callable[[str], None]


@dataclass(frozen=True)
class Trial:
    """One method at one size, with everything that a process needs to know."""

    method: str                    # one of METHODS, or of `offload_films.METHODS`
    size: Size
    cap: int                       # bytes
    steps: int
    card: ModelCard                # of random weights
    profile: Profile | None        # for our placement; None: as the planner chooses
    tiny: bool = False             # a small network, to test the command


def measure_method(trial: Trial, gpu: MeasuredGpu, report: Report, latents_file: Path | None = None) -> dict[str, Any]:
    """Returns the figures of one method at one size, for JSON, and writes the latents to `latents_file`.

    It does not raise: whatever the method fails with, out of memory above all, is the result, described under `failed`.
    """
    cap = None if trial.method in UNCAPPED else trial.cap
    row: dict[str, Any] = {"row": trial.method, "size": list(trial.size), "cap": cap, "failed": ""}
    with PeakRecorder(gpu.used) as recorder:
        try:
            gpu.limit(cap)
            _measure(trial, gpu, cap, report, row, latents_file)
        except Exception as error:  # noqa: BLE001 - whatever a method fails with is its result
            row["failed"] = describe_error(error)
    return {**row, **gpu.peaks(), **recorder.peaks()}


def _measure(
    trial: Trial, gpu: MeasuredGpu, cap: int | None, report: Report, row: dict[str, Any], latents_file: Path | None
) -> None:
    """Adds the figures of a trial to `row`."""
    if trial.method in (GROUP, STREAM, MODEL):
        _measure_steps(_diffusers(trial, gpu, report), trial, gpu, row, latents_file)
        return
    plan = plan_trial(trial, gpu, cap)
    row["plan"] = plan_record(plan)
    backbone = make_backbone(trial.card, plan, gpu, report)
    latents = _measure_steps(backbone, trial, gpu, row, latents_file)
    row["copy_seconds"], row["copied"] = _time_copying(backbone, gpu)
    row["decode_seconds"] = _time_decoding(trial, backbone.plan, latents, gpu)


def _measure_steps(
    backbone: Backbone, trial: Trial, gpu: MeasuredGpu, row: dict[str, Any], latents_file: Path | None
) -> Tensor:
    """Adds the seconds of the steps to `row`, writes the section's latents to the file, and returns them."""
    seconds, latents = time_steps(backbone, trial, gpu)
    row["first_step"], row["steps"] = seconds[0], seconds[1:]
    row["seconds_per_step"] = statistics.median(seconds[1:])
    if latents_file is not None:
        torch.save(latents, latents_file)
    return latents


def plan_trial(trial: Trial, gpu: MeasuredGpu, cap: int | None) -> Plan:
    """Returns the plan of one of our methods. Attention is torch's own in all of them: placements are compared, not kernels.

    Raises:
        PlanError: the model does not fit.
    """
    here, model = probe_machine(trial.card.folder), sizes_of(trial.card)
    if trial.method == BF16_RESIDENT:
        exact = replace(read_profile(PROFILES / "card-24gb.toml"), resident=ALL, text_encoder="streamed", attention="native")
        return choose_plan(gpu.machine(here, cap), model, trial.size, override=exact)
    plan = choose_plan(gpu.machine(here, trial.cap), model, trial.size, override=trial.profile)
    profile = replace(plan.profile, attention="native")
    if trial.method == INT8_RESIDENT:
        profile = replace(profile, resident=ALL, vram_budget=0.0)
    return choose_plan(gpu.machine(here, cap), model, trial.size, override=profile)


def plan_record(plan: Plan) -> dict[str, Any]:
    """Returns a plan for JSON."""
    profile = plan.profile
    return {
        "profile": profile.name, "weights": profile.weights, "resident": profile.resident,
        "blocks": plan.model.transformer.blocks, "stream": profile.stream,
        "streamed": plan.ram_stream_bytes + plan.disk_stream_bytes,
        "vae_tile": profile.vae_tile, "peak": plan.peak, "ram": plan.ram,
    }


def make_backbone(card: ModelCard, plan: Plan, gpu: MeasuredGpu, report: Report) -> PlacedBackbone:
    """Returns our backbone of these weights, with nothing on the GPU yet."""
    def load(now: Plan) -> HunyuanVideoFramepackTransformer3DModel:
        return transformer(card, now.profile.weights, gpu.device, report)

    return PlacedBackbone(load, plan, gpu.device, card.folder / PREPARED, gpu.engine)


def transformer(card: ModelCard, weights: Weights, device: torch.device, report: Report) -> HunyuanVideoFramepackTransformer3DModel:
    """Returns the random transformer on the host, its weights mapped from the file."""
    on_host = device.type == "cpu"
    dtype = torch.float32 if on_host else torch.bfloat16
    return mapped_weights.load_transformer(card, weights, dtype, report, aligned=on_host, verify=False)


class Offloaded(FramePackBackbone):
    """A FramePack backbone whose transformer diffusers or accelerate moves to a device when it computes."""

    def __init__(self, network: HunyuanVideoFramepackTransformer3DModel, device: torch.device) -> None:
        """Takes the transformer, and the device on which it will compute."""
        super().__init__(network)
        self._device = device

    @property
    def device(self) -> torch.device:
        """Where the transformer computes, which is not where its parameters are between two calls."""
        return self._device


def _diffusers(trial: Trial, gpu: MeasuredGpu, report: Report) -> Offloaded:
    network = transformer(trial.card, "bf16", gpu.device, report)
    backbone = Offloaded(network, gpu.device)
    offload(network, trial.method, gpu)
    return backbone


def offload(network: HunyuanVideoFramepackTransformer3DModel, method: str, gpu: MeasuredGpu) -> None:
    """Applies one of diffusers' methods, MODEL, GROUP or STREAM, to a transformer.

    Model offload moves the whole transformer to the GPU, where it stays until another part is needed.
    """
    if method == MODEL:
        gpu.expect_whole(network)
        cpu_offload_with_hook(network, gpu.device)
        return
    for block in blocks_of(network):
        gpu.expect_whole(block)
    stream_with_diffusers(network, gpu.device, stream=method == STREAM)


def time_steps(backbone: Backbone, trial: Trial, gpu: MeasuredGpu) -> tuple[list[float], Tensor]:
    """Returns the seconds of each step of one section, and the section's latents [1, C, W, h, w].

    The first step includes all that is prepared once.
    """
    snapshot, conditioning, noise = section_inputs(trial, backbone.channels, gpu.device, backbone.dtype)
    sampling = Sampling(trial.steps, trial.card.guidance, trial.card.window)
    seconds: list[float] = []
    gpu.synchronize()
    clock = time.perf_counter()
    for progress in denoise_section(backbone, snapshot, conditioning, noise, sampling):
        if isinstance(progress, SectionResult):
            return seconds, progress.latents.cpu()
        if isinstance(progress, DenoisingStep):
            gpu.synchronize()
            seconds.append(time.perf_counter() - clock)
            clock = time.perf_counter()
    raise RuntimeError("the section did not end")


def section_inputs(
    trial: Trial, channels: int, device: torch.device, dtype: torch.dtype
) -> tuple[Snapshot, Conditioning, Tensor]:
    """Returns a snapshot, a prompt's conditioning and the noise [1, C, W, h, w] of a section.

    All are random, and the same for every method.
    """
    network = HunyuanVideoFramepackTransformer3DModel.load_config(trial.card.path("transformer"), local_files_only=True)
    draw = torch.Generator().manual_seed(1)
    width, height = (edge // 8 for edge in trial.size)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=draw)

    context = sizes_of(trial.card).context
    text, image = trial.card.prompt_tokens, context - trial.card.prompt_tokens
    parts = (
        normal(1, text, network["text_embed_dim"]), torch.ones(1, text), normal(1, network["pooled_projection_dim"]),
        normal(1, image, network["image_proj_dim"]),
    )
    snapshot = Snapshot(normal(1, channels, 1, height, width), normal(1, channels, RECENT, height, width))
    noise = flow.noise((1, channels, trial.card.window, height, width), 2)
    return snapshot, Conditioning(*(part.to(device, dtype) for part in parts)), noise


def _time_copying(backbone: PlacedBackbone, gpu: MeasuredGpu) -> tuple[float, int]:
    """Returns seconds, the better of two, and bytes of copying every streamed block to the GPU once while nothing computes."""
    streamer = backbone.apply_plan().streamer
    if streamer is None or not streamer.host_bytes:
        return 0.0, 0
    best, copied = float("inf"), 0
    for _ in range(2):
        gpu.synchronize()
        clock = time.perf_counter()
        copied = streamer.copy_all()
        gpu.synchronize()
        best = min(best, time.perf_counter() - clock)
    return (best, copied) if copied else (0.0, 0)


def autoencoder(trial: Trial, device: torch.device) -> AutoencoderKLHunyuanVideo:
    """Returns HunyuanVideo's autoencoder with new weights, on the host; a tiny one for the small network of a test."""
    config = HunyuanVideoFramepackTransformer3DModel.load_config(trial.card.path("transformer"), local_files_only=True)
    vae = tiny.autoencoder() if config["out_channels"] == 4 else AutoencoderKLHunyuanVideo()
    return vae.to(torch.float32 if device.type == "cpu" else torch.float16).eval().requires_grad_(False)


@torch.no_grad()
def _time_decoding(trial: Trial, plan: Plan, latents: Tensor, gpu: MeasuredGpu) -> float:
    """Returns the seconds of decoding a section [1, C, W, h, w] beside the weights that stay on the GPU, in the plan's tiles."""
    codec = HunyuanCodec(autoencoder(trial, gpu.device), trial.card.window)
    codec.set_tile_size(plan.profile.vae_tile)
    stream = PlacedCodec(codec, gpu.device).stream(latents.new_zeros(*latents.shape[:2], RECENT, *latents.shape[3:]), 0)
    gpu.synchronize()
    clock = time.perf_counter()
    stream.push(latents.to(gpu.device))
    gpu.synchronize()
    return time.perf_counter() - clock


def describe_error(error: Exception) -> str:
    """Returns in one line why a method failed."""
    lines = str(error).strip().splitlines()
    first = lines[0].partition(". GPU ")[0] if lines else ""
    return f"out of memory on the card: {first}" if is_out_of_memory(error) else f"{type(error).__name__}: {first}"
