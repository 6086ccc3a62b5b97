"""Ours and diffusers' stock FramePack pipeline: same weights, same noise, the same latents bit for bit."""

from __future__ import annotations

import pytest
import torch
from diffusers.utils.torch_utils import randn_tensor

from studio.backbones.framepack.backbone import FramePackBackbone
from studio.backbones.framepack.conditioner import HunyuanConditioner
from studio.diffusion.section import Sampling, SectionResult, denoise_section
from studio.lab import tiny
from studio.memory.snapshot import Snapshot

WINDOW, STEPS, GUIDANCE = 3, 2, 4.5
PROMPT = "a dance in {the} rain"


@pytest.mark.parametrize("sections", [1, 3])
def test_latents_equal_the_stock_pipeline(sections: int) -> None:
    pipe = tiny.pipeline()
    stock = pipe(
        image=tiny.picture(), prompt=PROMPT, prompt_template=tiny.TEMPLATE, generator=torch.Generator().manual_seed(0),
        num_inference_steps=STEPS, guidance_scale=GUIDANCE, height=32, width=32, num_frames=9 * sections,
        latent_window_size=WINDOW, max_sequence_length=64, output_type="latent", sampling_type="vanilla",
    ).frames[-1]

    generator = torch.Generator().manual_seed(0)
    pixels = pipe.video_processor.preprocess(tiny.picture(), 32, 32)
    start = pipe.prepare_image_latents(pixels, torch.float32, torch.device("cpu"), generator)
    conditioning = HunyuanConditioner(pipe, 64, tiny.TEMPLATE)(PROMPT, pixels)
    backbone = FramePackBackbone(pipe.transformer)
    snapshot, parts = Snapshot.initial(start), [start]
    for _ in range(sections):
        noise = randn_tensor((1, 4, WINDOW, 4, 4), generator=generator)
        *_, last = denoise_section(backbone, snapshot, conditioning, noise, Sampling(STEPS, GUIDANCE, WINDOW))
        assert isinstance(last, SectionResult)
        snapshot = last.snapshot
        parts.append(last.latents)

    assert stock.shape[2] == 1 + WINDOW * sections
    assert torch.equal(torch.cat(parts, dim=2), stock)
    assert snapshot.sections == sections
