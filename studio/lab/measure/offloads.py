"""Ways to have a transformer on a card that is too small for it, ours and diffusers', with the same weights and the same section.

One way at a time, in a process of its own (see `placement`): so peaks are its own, and one that fails stops no other.
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
from studio.backbones.framepack.hunyuan import HunyuanCodec
from studio.backbones.framepack.placed_backbone import PlacedBackbone
from studio.backbones.framepack.placed_parts import PlacedCodec
from studio.backbones.registry import sizes_of
from studio.catalogue.cards import PREPARED, ModelCard
from studio.diffusion import flow
from studio.diffusion.backbone import Backbone, Conditioning
from studio.diffusion.section import DenoisingStep, Sampling, SectionResult, denoise_section
from studio.lab import tiny
from studio.lab.measure.gauges import Card, Watch
from studio.memory.framepack import RECENT
from studio.memory.snapshot import Snapshot
from studio.placement.choose import choose_plan
from studio.placement.device.memory_errors import is_out_of_memory
from studio.placement.device.streamer import blocks_of, stream_with_diffusers
from studio.placement.machine import probe_machine
from studio.placement.plan import Plan
from studio.placement.profile import ALL, PROFILES, Profile, read_profile
from studio.placement.sizes import Size, Weights

OURS, WHOLE, RESIDENT = "ours by plan", "ours by plan, all on the card", "ours in bf16, all on the card"
GROUP, STREAM, MODEL = "diffusers, group offload", "diffusers, group offload with a stream", "diffusers, model offload"
ROWS = (OURS, RESIDENT, WHOLE, GROUP, STREAM, MODEL)
UNCAPPED = (RESIDENT, WHOLE)
"""Ways that are there to compare with: they may use the whole card."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Trial:
    """What is tried: everything that a process needs to know."""

    row: str
    size: Size
    cap: int                       # bytes
    steps: int
    card: ModelCard                # of random weights
    profile: Profile | None        # for ours; None: as the planner chooses
    tiny: bool = False             # only the command is tried


def tried(trial: Trial, on: Card, say: Say, keep: Path | None = None) -> dict[str, Any]:
    """The figures of one way at one size; `failed` says why there are none. The latents go to the file `keep`.

    Never raises: out of memory is a result.
    """
    cap = None if trial.row in UNCAPPED else trial.cap
    row: dict[str, Any] = {"row": trial.row, "size": list(trial.size), "cap": cap, "failed": ""}
    with Watch(on.used) as watch:
        try:
            on.limit(cap)
            _try(trial, on, cap, say, row, keep)
        except Exception as error:  # noqa: BLE001 - whatever a way fails with is its result
            row["failed"] = said(error)
    return {**row, **on.peaks(), **watch.peaks()}


def _try(trial: Trial, on: Card, cap: int | None, say: Say, row: dict[str, Any], keep: Path | None) -> None:
    if trial.row in (GROUP, STREAM, MODEL):
        backbone: Backbone = _diffusers(trial, on, say)
    else:
        plan = planned(trial, on, cap)
        row["plan"] = facts(plan)
        backbone = placed(trial.card, plan, on, say)
    seconds, latents = stepped(backbone, trial, on)
    row["first_step"], row["steps"] = seconds[0], seconds[1:]
    row["seconds_per_step"] = statistics.median(seconds[1:])
    if keep is not None:
        torch.save(latents, keep)
    if isinstance(backbone, PlacedBackbone):
        row["copy_seconds"], row["copied"] = _copied(backbone, on)
        row["decode_seconds"] = _decoded(trial, backbone.plan, latents, on)


def planned(trial: Trial, on: Card, cap: int | None) -> Plan:
    """Where ours lies. Attention is torch's own in every row: placements are compared, not kernels.

    Raises:
        PlanError: it does not fit.
    """
    here, model = probe_machine(trial.card.folder), sizes_of(trial.card)
    if trial.row == RESIDENT:
        exact = replace(read_profile(PROFILES / "card-24gb.toml"), resident=ALL, text_encoder="streamed", attention="native")
        return choose_plan(on.machine(here, cap), model, trial.size, override=exact)
    plan = choose_plan(on.machine(here, trial.cap), model, trial.size, override=trial.profile)
    profile = replace(plan.profile, attention="native")
    if trial.row == WHOLE:
        profile = replace(profile, resident=ALL, vram_budget=0.0)
    return choose_plan(on.machine(here, cap), model, trial.size, override=profile)


def facts(plan: Plan) -> dict[str, Any]:
    """A plan, for the record."""
    profile = plan.profile
    return {
        "profile": profile.name, "weights": profile.weights, "resident": profile.resident,
        "blocks": plan.model.transformer.blocks, "stream": profile.stream,
        "streamed": plan.ram_stream_bytes + plan.disk_stream_bytes,
        "vae_tile": profile.vae_tile, "peak": plan.peak, "ram": plan.ram,
    }


def placed(card: ModelCard, plan: Plan, on: Card, say: Say) -> PlacedBackbone:
    """Our backbone of these weights; nothing is on the card yet."""
    return PlacedBackbone(
        lambda now: transformer(card, now.profile.weights, on.device, say), plan, on.device, card.folder / PREPARED, on.engine)


def transformer(card: ModelCard, weights: Weights, device: torch.device, say: Say) -> HunyuanVideoFramepackTransformer3DModel:
    """The random transformer on the host, mapped."""
    on_host = device.type == "cpu"
    dtype = torch.float32 if on_host else torch.bfloat16
    return mapped_weights.load_transformer(card, weights, dtype, say, aligned=on_host, verify=False)


class Offloaded(FramePackBackbone):
    """FramePack's velocity from a transformer that diffusers or accelerate brings to a device when it computes."""

    def __init__(self, network: HunyuanVideoFramepackTransformer3DModel, device: torch.device) -> None:
        super().__init__(network)
        self._device = device

    @property
    def device(self) -> torch.device:
        return self._device


def _diffusers(trial: Trial, on: Card, say: Say) -> Offloaded:
    network = transformer(trial.card, "bf16", on.device, say)
    backbone = Offloaded(network, on.device)
    offload(network, trial.row, on)
    return backbone


def offload(network: HunyuanVideoFramepackTransformer3DModel, row: str, on: Card) -> None:
    """diffusers' ways. Model offload brings the whole transformer to the card and there it stays until another part is wanted."""
    if row == MODEL:
        on.visits(network)
        cpu_offload_with_hook(network, on.device)
        return
    for block in blocks_of(network):
        on.visits(block)
    stream_with_diffusers(network, on.device, stream=row == STREAM)


def stepped(backbone: Backbone, trial: Trial, on: Card) -> tuple[list[float], Tensor]:
    """Seconds of each step of one section, the first of which gets everything ready, and the section's latents [1, C, W, h, w]."""
    snapshot, conditioning, noise = begun(trial, backbone.channels, on.device, backbone.dtype)
    sampling = Sampling(trial.steps, trial.card.guidance, trial.card.window)
    seconds: list[float] = []
    on.settle()
    clock = time.perf_counter()
    for progress in denoise_section(backbone, snapshot, conditioning, noise, sampling):
        if isinstance(progress, SectionResult):
            return seconds, progress.latents.cpu()
        if isinstance(progress, DenoisingStep):
            on.settle()
            seconds.append(time.perf_counter() - clock)
            clock = time.perf_counter()
    raise RuntimeError("the section did not end")


def begun(trial: Trial, channels: int, device: torch.device, dtype: torch.dtype) -> tuple[Snapshot, Conditioning, Tensor]:
    """A film in the middle, a prompt and the noise of the next section: random, and the same in every row."""
    network = HunyuanVideoFramepackTransformer3DModel.load_config(trial.card.path("transformer"), local_files_only=True)
    draw = torch.Generator().manual_seed(1)
    width, height = (edge // 8 for edge in trial.size)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=draw)

    context = sizes_of(trial.card).context
    words, seen = trial.card.prompt_tokens, context - trial.card.prompt_tokens
    parts = (
        normal(1, words, network["text_embed_dim"]), torch.ones(1, words), normal(1, network["pooled_projection_dim"]),
        normal(1, seen, network["image_proj_dim"]),
    )
    snapshot = Snapshot(normal(1, channels, 1, height, width), normal(1, channels, RECENT, height, width))
    noise = flow.noise((1, channels, trial.card.window, height, width), 2)
    return snapshot, Conditioning(*(part.to(device, dtype) for part in parts)), noise


def _copied(backbone: PlacedBackbone, on: Card) -> tuple[float, int]:
    """Seconds and bytes of bringing every streamed block to the card once while nothing computes; the better of two."""
    streamer = backbone.apply_plan().streamer
    if streamer is None or not streamer.host_bytes:
        return 0.0, 0
    best, copied = float("inf"), 0
    for _ in range(2):
        on.settle()
        clock = time.perf_counter()
        copied = streamer.copy_all()
        on.settle()
        best = min(best, time.perf_counter() - clock)
    return (best, copied) if copied else (0.0, 0)


def autoencoder(trial: Trial, device: torch.device) -> AutoencoderKLHunyuanVideo:
    """HunyuanVideo's, new, on the host; a small one for a transformer of few channels."""
    channels = HunyuanVideoFramepackTransformer3DModel.load_config(trial.card.path("transformer"), local_files_only=True)
    vae = tiny.autoencoder() if channels["out_channels"] == 4 else AutoencoderKLHunyuanVideo()
    return vae.to(torch.float32 if device.type == "cpu" else torch.float16).eval().requires_grad_(False)


@torch.no_grad()
def _decoded(trial: Trial, plan: Plan, latents: Tensor, on: Card) -> float:
    """Seconds of decoding the section beside the weights that stay on the card, in the plan's tiles."""
    codec = HunyuanCodec(autoencoder(trial, on.device), trial.card.window)
    codec.set_tile_size(plan.profile.vae_tile)
    stream = PlacedCodec(codec, on.device).stream(latents.new_zeros(*latents.shape[:2], RECENT, *latents.shape[3:]), 0)
    on.settle()
    clock = time.perf_counter()
    stream.push(latents.to(on.device))
    on.settle()
    return time.perf_counter() - clock


def said(error: Exception) -> str:
    """Why a way failed, in a line."""
    text = str(error).strip().splitlines()
    first = text[0].partition(". GPU ")[0] if text else ""
    return f"out of memory on the card: {first}" if is_out_of_memory(error) else f"{type(error).__name__}: {first}"
