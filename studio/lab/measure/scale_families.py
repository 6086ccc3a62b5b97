"""The families that `measure scale` knows, and FramePack's entry. Another one is one more `ScaleFamily` in `FAMILIES`."""

from __future__ import annotations

from typing import Any

import torch
from accelerate import init_empty_weights
from diffusers import HunyuanVideoFramepackTransformer3DModel
from torch import Tensor, nn

from studio.backbones.framepack import mapped_weights
from studio.backbones.framepack.backbone import FramePackBackbone
from studio.backbones.framepack.placed_backbone import PlacedBackbone
from studio.catalogue.cards import PREPARED, ModelCard
from studio.diffusion import flow
from studio.diffusion.backbone import Conditioning
from studio.lab.measure import random_weights
from studio.lab.measure.scale_family import IMAGE_TOKENS, TEXT_TOKENS, Config, Report, ScaleFamily
from studio.lab.measure.scale_helios import HELIOS
from studio.memory.context_sizes import RECENT
from studio.memory.snapshot import Snapshot
from studio.placement.device.copies import CopyEngine
from studio.placement.plan import Plan
from studio.placement.sizes import Size, Weights


def _reduced(config: Config) -> Config:
    return {**config, "num_layers": 1, "num_single_layers": 2}


def _empty(config: Config) -> nn.Module:
    with init_empty_weights():
        network: nn.Module = HunyuanVideoFramepackTransformer3DModel.from_config(config)
    return network


def _load(card: ModelCard, weights: Weights, report: Report, aligned: bool, verify: bool = True) -> Any:
    """As it is loaded for a card, in bfloat16."""
    return mapped_weights.load_transformer(card, weights, torch.bfloat16, report, aligned=aligned, verify=verify)


def _place(card: ModelCard, plan: Plan, engine: CopyEngine, report: Report, aligned: bool) -> PlacedBackbone:
    return PlacedBackbone(
        lambda now: _load(card, now.profile.weights, report, aligned), plan, torch.device("cpu"),
        (card.weights or card.folder) / PREPARED, lambda _: engine)


def _unplaced(card: ModelCard) -> FramePackBackbone:
    network = HunyuanVideoFramepackTransformer3DModel.from_pretrained(
        card.path("transformer"), torch_dtype=torch.bfloat16, local_files_only=True)
    return FramePackBackbone(network.eval().requires_grad_(False))


def _inputs(config: Config, size: Size) -> tuple[Snapshot, Conditioning, Tensor]:
    draw = torch.Generator().manual_seed(1)
    width, height = (edge // 8 for edge in size)
    channels = config["out_channels"]

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=draw)

    parts = (
        normal(1, TEXT_TOKENS, config["text_embed_dim"]), torch.ones(1, TEXT_TOKENS), normal(1, config["pooled_projection_dim"]),
        normal(1, IMAGE_TOKENS, config["image_proj_dim"]),
    )
    snapshot = Snapshot(normal(1, channels, 1, height, width), normal(1, channels, RECENT, height, width))
    noise = flow.noise((1, channels, random_weights.WINDOW, height, width), 2)
    return snapshot, Conditioning(*(part.to(torch.bfloat16) for part in parts)), noise


FRAMEPACK = ScaleFamily(
    name="framepack", config=random_weights.full_config, small_config=random_weights.small_config, reduce=_reduced,
    card=f"""title = "FramePack-F1's network with random weights"
summary = "For measuring."
licence = "none: random numbers"
fps = 30
window = {random_weights.WINDOW}
section_frames = {random_weights.FRAMES}
sizes = [[640, 640]]
steps = {random_weights.STEPS}
guidance = 10.0
shift = 0.0
kind = "framepack"
prompt_tokens = {random_weights.PROMPT}
""",
    empty=_empty, prepare=lambda card, weights, report: _load(card, weights, report, aligned=False, verify=False), place=_place,
    unplaced=_unplaced, inputs=_inputs, window=random_weights.WINDOW, guidance=10.0,
)
FAMILIES = {family.name: family for family in (FRAMEPACK, HELIOS)}
