"""Helios for `measure scale`: its whole network, sampled at one size as Helios-Base is, without guidance."""

from __future__ import annotations

import torch
from diffusers import HeliosScheduler, HeliosTransformer3DModel

from studio.backbones.helios import mapped_weights
from studio.backbones.helios.backbone import HeliosBackbone, HeliosConditioning
from studio.backbones.helios.configs import published_configs
from studio.backbones.helios.placed_backbone import PlacedHelios
from studio.backbones.helios.sampler import Variant
from studio.lab import tiny
from studio.lab.measure.scale_family import TEXT_TOKENS, Config, Normal, ScaleFamily

WINDOW = 9
SMALL_BLOCKS = 6


def _config() -> Config:
    return dict(published_configs()["transformer"])


def _small_config() -> Config:
    # As published: with amplified history, the stock network in bfloat16 stops at keys of two precisions.
    network = tiny.helios(num_layers=SMALL_BLOCKS, is_amplify_history=False)
    return {key: value for key, value in network.config.items() if not key.startswith("_")}


def _sampling() -> tuple[HeliosScheduler, Variant]:
    """One stage: the pyramid changes the number of tokens, and not what is measured here."""
    return HeliosScheduler(stages=1, stage_range=[0, 1], use_dynamic_shifting=True), Variant()


def _conditioning(config: Config, normal: Normal) -> HeliosConditioning:
    text = normal(1, TEXT_TOKENS, config["text_dim"]).to(torch.bfloat16)
    return HeliosConditioning(text, torch.ones(1, TEXT_TOKENS), normal(1, 0), normal(1, 0, 1), text[:, :0])


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
    network=HeliosTransformer3DModel, load=mapped_weights.load_transformer,
    placed=lambda load, *where: PlacedHelios(load, _sampling(), *where),
    backbone=lambda network: HeliosBackbone(network, *_sampling()), conditioning=_conditioning, window=WINDOW, guidance=1.0,
)
