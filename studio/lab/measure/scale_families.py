"""The families that `measure scale` knows, and FramePack's entry. Another one is one more `ScaleFamily` in `FAMILIES`."""

from __future__ import annotations

import torch
from diffusers import HunyuanVideoFramepackTransformer3DModel

from studio.backbones.framepack import mapped_weights
from studio.backbones.framepack.backbone import FramePackBackbone
from studio.backbones.framepack.placed_backbone import PlacedBackbone
from studio.diffusion.backbone import Conditioning
from studio.lab.measure import random_weights
from studio.lab.measure.scale_family import IMAGE_TOKENS, TEXT_TOKENS, Config, Normal, ScaleFamily
from studio.lab.measure.scale_helios import HELIOS


def _reduced(config: Config) -> Config:
    return {**config, "num_layers": 1, "num_single_layers": 2}


def _conditioning(config: Config, normal: Normal) -> Conditioning:
    parts = (
        normal(1, TEXT_TOKENS, config["text_embed_dim"]), torch.ones(1, TEXT_TOKENS), normal(1, config["pooled_projection_dim"]),
        normal(1, IMAGE_TOKENS, config["image_proj_dim"]),
    )
    return Conditioning(*(part.to(torch.bfloat16) for part in parts))


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
    network=HunyuanVideoFramepackTransformer3DModel, load=mapped_weights.load_transformer, placed=PlacedBackbone,
    backbone=FramePackBackbone, conditioning=_conditioning, window=random_weights.WINDOW, guidance=10.0,
)
FAMILIES = {family.name: family for family in (FRAMEPACK, HELIOS)}
