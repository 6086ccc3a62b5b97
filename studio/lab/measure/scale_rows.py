"""The rows of `measure scale`, each measured in the process that calls `measure`."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from studio.backbones.registry import sizes_of
from studio.catalogue.cards import PREPARED, ModelCard, ModelError
from studio.diffusion.backbone import Backbone
from studio.diffusion.section import DenoisingStep, Sampling, SectionResult, denoise_section
from studio.lab.measure.gauges import PeakRecorder, bytes_read, process_memory
from studio.lab.measure.hub_weights import SHARD_BYTES, HubModel, catalogue, write_weights
from studio.lab.measure.memory_limit import limit_data
from studio.lab.measure.scale_family import Config, Placed, ScaleFamily
from studio.lab.small_gpu import SmallGpu
from studio.placement.choose import PlanError, choose_plan
from studio.placement.device.memory_errors import is_host_out_of_memory
from studio.placement.device.streamer import BLOCKS
from studio.placement.device.transformer_placement import TransformerPlacement
from studio.placement.machine import imagine_machine
from studio.placement.plan import CUDA_CONTEXT, Plan, plan_of, ram_budget
from studio.placement.profile import PROFILES, Profile, read_profile
from studio.placement.sizes import Size, bytes_of, tile_peak

Row = dict[str, Any]
WRITE, PREPARE, LAYERS = "write", "prepare", "layers"
RUN_SIZE: Size = (16, 16)
"""Of the section that is run: one token a latent frame, because a processor computes it."""
LAYERS_SIZE: Size = (32, 32)
"""The same with few blocks."""
TINY_RESIDENT = 2
"""Blocks of the tiny network that stay on the imitated card, so that others are streamed."""
TINY_FROM_MEMORY = 16
"""GB of memory from which on the others are streamed from there, and else from disk."""


@dataclass(frozen=True)
class Scale:
    """What is measured."""

    family: ScaleFamily
    config: Config                 # of the network
    folder: Path                   # of everything that is written
    cap_gib: int                   # of the imitated card
    steps: int
    hosts: tuple[int, ...]         # GB of memory of the machines that are planned for
    tiny: bool
    shard_bytes: int = SHARD_BYTES

    @property
    def model(self) -> HubModel:
        """The whole network."""
        return HubModel(self.folder / "whole", "random")

    @property
    def few(self) -> HubModel:
        """The network with few blocks."""
        return HubModel(self.folder / "layers", "random-few")


def measure(row: str, scale: Scale) -> Row:
    """The figures of a row, for JSON. What it fails with is described under `failed`, what a plan refuses under `refused`."""
    figures: Row = {"failed": ""}
    with PeakRecorder(lambda: None) as recorder:
        try:
            if row == WRITE:
                _write(scale, figures)
            elif row == PREPARE:
                _prepare(scale, figures)
            elif row == LAYERS:
                _layers(scale, figures)
            else:
                _host(scale, int(row.removeprefix("host ")), figures)
        except (ModelError, RuntimeError, MemoryError, OSError) as error:
            kind = "out of memory" if is_host_out_of_memory(error) else type(error).__name__
            figures["failed"] = f"{kind}: {error}"
    return {**figures, **recorder.peaks()}


def _silent(_: str) -> None:
    return


def _write(scale: Scale, figures: Row) -> None:
    """Writes the weights, and has the catalogue find and check them."""
    clock = time.perf_counter()
    layout = scale.family.empty(scale.config).state_dict()
    figures["bytes"] = write_weights(scale.model, scale.config, layout, _silent, scale.shard_bytes)
    figures["write_seconds"], clock = time.perf_counter() - clock, time.perf_counter()
    figures["parameters"] = sum(like.numel() for like in layout.values())
    figures["files"] = len(list(scale.model.snapshot.glob("*.safetensors")))
    card = catalogue(scale.model, scale.family.card, thorough=True)
    figures["check_seconds"], figures["state"] = time.perf_counter() - clock, card.state
    counted = sizes_of(card).transformer.total.parameters
    if counted != figures["parameters"]:
        raise RuntimeError(f"the planner counts {counted:,} parameters, and there are {figures['parameters']:,}")


def _card(scale: Scale) -> ModelCard:
    """The card of the weights that were written."""
    return catalogue(scale.model, scale.family.card)


def _prepare(scale: Scale, figures: Row) -> None:
    """Writes the int8 weights."""
    card = _card(scale)
    clock = time.perf_counter()
    scale.family.prepare(card, "int8", _silent)
    figures["prepare_seconds"] = time.perf_counter() - clock
    files = list(((card.weights or card.folder) / PREPARED).glob("*.safetensors"))
    figures["files"], figures["bytes"] = len(files), sum(file.stat().st_size for file in files)
    figures["largest_file"] = max(file.stat().st_size for file in files)


def _layers(scale: Scale, figures: Row) -> None:
    """Compares the latents of placed networks with few blocks with those of the network as its library loads it."""
    config = scale.family.reduce(scale.config)
    layout = scale.family.empty(config).state_dict()
    figures["bytes"] = write_weights(scale.few, config, layout, _silent, scale.shard_bytes)
    card = catalogue(scale.few, scale.family.card)
    expected, _ = run_section(scale.family, scale.family.unplaced(card), config, LAYERS_SIZE, scale.steps)
    lean = replace(_lean(), resident=1)
    for name, profile in (
        ("bf16 from memory", replace(lean, weights="bf16")), ("bf16 from disk", replace(lean, weights="bf16", stream="disk")),
        ("int8 from memory", lean),
    ):
        plan = choose_plan(imagine_machine(24, 64, "Linux"), sizes_of(card), card.sizes[0], override=profile)
        backbone = scale.family.place(card, plan, SmallGpu(), _silent, True)
        latents, _ = run_section(scale.family, backbone, config, LAYERS_SIZE, scale.steps)
        figures[name] = float((latents - expected).norm() / expected.norm())


def _lean() -> Profile:
    """The profile for the smallest card, with the text encoder out of the way: it is not there."""
    return replace(read_profile(PROFILES / "card-6gb.toml"), text_encoder="streamed")


def plan_for(scale: Scale, card: ModelCard, host: int, override: Profile | None = None) -> Plan:
    """The plan for a machine with the imitated card and `host` GB of memory.

    Raises:
        PlanError: the model does not fit it.
    """
    if scale.tiny and override is None:
        override = replace(_lean(), resident=TINY_RESIDENT, stream="disk" if host < TINY_FROM_MEMORY else "ram")
    machine = imagine_machine(scale.cap_gib, host, "Linux", name="an imitated card")
    return choose_plan(machine, sizes_of(card), card.sizes[0], override)


def _host(scale: Scale, host: int, figures: Row) -> None:
    """Plans for a machine with `host` GB of memory and, where a plan fits, runs a section by it within that memory."""
    card = _card(scale)
    exact = replace(_lean(), weights="bf16", resident=0)
    figures["refused"] = {}
    try:
        figures["bf16_ram"] = plan_for(scale, card, host, exact).ram
    except PlanError as error:
        figures["refused"]["bf16 from memory"] = str(error)
    try:
        plan = plan_for(scale, card, host)
    except PlanError as error:
        figures["refused"]["int8"] = str(error)
        return
    if smaller := next((other for other in sorted(scale.hosts) if other < host and _same(scale, card, other, plan)), None):
        figures["same_as"] = smaller
        return
    here = plan_of(plan.machine, plan.model, RUN_SIZE, plan.profile)
    figures["plan"] = {
        "resident": plan.profile.resident, "blocks": plan.model.transformer.blocks, "stream": plan.profile.stream,
        "streamed": plan.ram_stream_bytes + plan.disk_stream_bytes, "ram": plan.ram, "pinned": plan.pinned, "peak": plan.peak,
        "card_weights": card_weights(here),
    }
    figures["limit"], figures["limited_by"] = limit_data(ram_budget(plan.machine) + plan.peak)
    _run(scale, card, plan, figures)


def _same(scale: Scale, card: ModelCard, host: int, plan: Plan) -> bool:
    """Whether a machine with `host` GB of memory has the same plan."""
    try:
        return plan_for(scale, card, host).profile == plan.profile
    except PlanError:
        return False


def card_weights(plan: Plan) -> int:
    """Bytes on the card between steps by a plan: resident weights, buffers and tables, without CUDA's own and activations."""
    model, size = plan.model, plan.size
    decoding = bytes_of(model.vae, "bf16") + model.frames_bytes(size)
    decoding += tile_peak(min(plan.profile.vae_tile, max(size)), model.vae_width)
    return plan.decode_peak - decoding - CUDA_CONTEXT


def _run(scale: Scale, card: ModelCard, plan: Plan, figures: Row) -> None:
    """Loads the weights, runs a section, and adds what that took."""
    before, clock, gpu = process_memory() or 0, time.perf_counter(), SmallGpu()
    backbone: Placed = scale.family.place(card, plan, gpu, _silent, False)
    figures["load_seconds"], clock = time.perf_counter() - clock, time.perf_counter()
    placed = backbone.apply_plan()
    figures["place_seconds"] = time.perf_counter() - clock
    figures["before"], figures["after_loading"] = before, process_memory()
    latents, steps = run_section(scale.family, backbone, scale.config, RUN_SIZE, scale.steps)
    figures["step_seconds"] = [step.seconds for step in steps]
    figures["step_read"] = [step.read for step in steps]
    figures["finite"] = bool(torch.isfinite(latents).all())
    figures["imitated"] = gpu.peak
    figures["on_card"] = gpu.peak + outside_bytes(placed)
    figures["copied"] = placed.streamer.host_bytes if placed.streamer else 0


def outside_bytes(placed: TransformerPlacement) -> int:
    """Bytes of weights outside the blocks and of the tables, which lie on a card too; the imitated card does not count them."""
    outside = sum(p.nbytes for name, p in placed.transformer.named_parameters() if not name.startswith(BLOCKS))
    return outside + (placed.tables.table_bytes if placed.tables else 0)


@dataclass(frozen=True)
class StepFigures:
    """What a step took; the first includes what is prepared once."""

    seconds: float
    read: int | None               # bytes from disks


def run_section(
    family: ScaleFamily, backbone: Backbone, config: Config, size: Size, steps: int
) -> tuple[Tensor, list[StepFigures]]:
    """Runs one section; returns its latents [1, C, W, h, w] and the figures of its steps."""
    snapshot, conditioning, noise = family.inputs(config, size)
    figures: list[StepFigures] = []
    clock, read = time.perf_counter(), bytes_read()
    for progress in denoise_section(backbone, snapshot, conditioning, noise, Sampling(steps, family.guidance, family.window)):
        if isinstance(progress, SectionResult):
            return progress.latents, figures
        if isinstance(progress, DenoisingStep):
            now = bytes_read()
            figures.append(StepFigures(time.perf_counter() - clock, None if now is None or read is None else now - read))
            clock, read = time.perf_counter(), now
    raise RuntimeError("the section did not end")
