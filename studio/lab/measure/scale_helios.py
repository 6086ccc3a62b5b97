"""Helios for `measure scale`: its whole network, sampled at one size as Helios-Base is, without guidance."""

from __future__ import annotations

from typing import Any

import torch
from accelerate import init_empty_weights
from diffusers import HeliosScheduler, HeliosTransformer3DModel
from torch import Tensor, nn

from studio.backbones.helios import mapped_weights
from studio.backbones.helios.backbone import HeliosBackbone, HeliosConditioning
from studio.backbones.helios.configs import published_configs
from studio.backbones.helios.placed_backbone import PlacedHelios
from studio.backbones.helios.sampler import Variant
from studio.catalogue.cards import PREPARED, ModelCard
from studio.diffusion import flow
from studio.diffusion.backbone import Conditioning
from studio.lab import tiny
from studio.lab.measure.scale_family import TEXT_TOKENS, Config, Report, ScaleFamily
from studio.memory.context_sizes import RECENT
from studio.memory.snapshot import Snapshot
from studio.placement.device.copies import CopyEngine
from studio.placement.plan import Plan
from studio.placement.sizes import Size, Weights

WINDOW = 9
SMALL_BLOCKS = 6


def _config() -> Config:
    return dict(published_configs()["transformer"])


def _small_config() -> Config:
    # As published: with amplified history, the stock network in bfloat16 stops at keys of two precisions.
    network = tiny.helios(num_layers=SMALL_BLOCKS, is_amplify_history=False)
    return {key: value for key, value in network.config.items() if not key.startswith("_")}


def _empty(config: Config) -> nn.Module:
    with init_empty_weights():
        network: nn.Module = HeliosTransformer3DModel.from_config(config)
    return network


def _sampling() -> tuple[HeliosScheduler, Variant]:
    """One stage: the pyramid changes the number of tokens, and not what is measured here."""
    return HeliosScheduler(stages=1, stage_range=[0, 1], use_dynamic_shifting=True), Variant()


def _load(card: ModelCard, weights: Weights, report: Report, aligned: bool, verify: bool = True) -> Any:
    """As it is loaded for a card, in bfloat16."""
    return mapped_weights.load_transformer(card, weights, torch.bfloat16, report, aligned=aligned, verify=verify)


def _place(card: ModelCard, plan: Plan, engine: CopyEngine, report: Report, aligned: bool) -> PlacedHelios:
    return PlacedHelios(
        lambda now: _load(card, now.profile.weights, report, aligned), _sampling(), plan, torch.device("cpu"),
        (card.weights or card.folder) / PREPARED, lambda _: engine)


def _unplaced(card: ModelCard) -> HeliosBackbone:
    network = HeliosTransformer3DModel.from_pretrained(card.path("transformer"), torch_dtype=torch.bfloat16, local_files_only=True)
    return HeliosBackbone(network.eval().requires_grad_(False), *_sampling())


def _inputs(config: Config, size: Size) -> tuple[Snapshot, Conditioning, Tensor]:
    draw = torch.Generator().manual_seed(1)
    width, height = (edge // 8 for edge in size)
    channels = config["out_channels"]

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=draw)

    text = normal(1, TEXT_TOKENS, config["text_dim"]).to(torch.bfloat16)
    conditioning = HeliosConditioning(text, torch.ones(1, TEXT_TOKENS), normal(1, 0), normal(1, 0, 1), text[:, :0])
    snapshot = Snapshot(normal(1, channels, 1, height, width), normal(1, channels, RECENT, height, width))
    return snapshot, conditioning, flow.noise((1, channels, WINDOW, height, width), 2)


HELIOS = ScaleFamily(
    name="helios", config=_config, small_config=_small_config, reduce=lambda config: {**config, "num_layers": 3},
    card=f"""title = "Helios' network with random weights"
summary = "For measuring."
licence = "none: random numbers"
fps = 24
window = {WINDOW}
section_frames = 33
sizes = [[640, 384]]
steps = 6
guidance = 1.0
shift = 0.0
kind = "helios"
prompt_tokens = 512
""",
    empty=_empty, prepare=lambda card, weights, report: _load(card, weights, report, aligned=False, verify=False), place=_place,
    unplaced=_unplaced, inputs=_inputs, window=WINDOW, guidance=1.0,
)
