"""Compares our section loop with diffusers' stock FramePack pipeline on the same small random weights."""

from __future__ import annotations

import time
from typing import Any

import torch
from diffusers.utils.torch_utils import randn_tensor

from studio.backbones.framepack.backbone import FramePackBackbone
from studio.backbones.framepack.codec import HunyuanCodec
from studio.backbones.framepack.conditioner import HunyuanConditioner
from studio.diffusion.section import Sampling, SectionResult, denoise_section
from studio.lab import tiny
from studio.memory.snapshot import Snapshot

WINDOW, STEPS, GUIDANCE, SIDE = 9, 4, 4.5, 96
PROMPT = "a slow pan over the sea"


def compare(sections: int = 8) -> dict[str, Any]:
    """Returns wall time and decoder calls of `sections` decoded sections, ours and stock, and whether the latents are equal."""
    pipe = tiny.pipeline()
    calls: list[int] = []
    pipe.vae.decoder.register_forward_hook(lambda *_: calls.append(1))
    _ours(pipe, 1)                # both are warmed up
    _stock(pipe, 1, "pt")
    rounds = []
    for _ in range(3):
        calls.clear()
        ours = _ours(pipe, sections)
        ours_calls = len(calls)
        calls.clear()
        clock = time.perf_counter()
        _stock(pipe, sections, "pt")
        rounds.append((ours[0], time.perf_counter() - clock, ours_calls, len(calls)))
    ours_seconds, stock_seconds, ours_calls, stock_calls = min(rounds, key=lambda row: row[0] / row[1])
    latents = _stock(pipe, sections, "latent")[-1]
    return {
        "sections": sections,
        "latents_bit_equal": bool(torch.equal(ours[1], latents)),
        "ours_seconds": ours_seconds,
        "stock_seconds": stock_seconds,
        "time_ours_over_stock": sorted(row[0] / row[1] for row in rounds)[1],
        "decoder_calls": {"ours": ours_calls, "stock": stock_calls},
    }


def _stock(pipe: Any, sections: int, output: str) -> Any:
    return pipe(
        image=tiny.picture(size=SIDE), prompt=PROMPT, prompt_template=tiny.TEMPLATE, generator=torch.Generator().manual_seed(0),
        num_inference_steps=STEPS, guidance_scale=GUIDANCE, height=SIDE, width=SIDE, num_frames=33 * sections,
        latent_window_size=WINDOW, max_sequence_length=64, output_type=output, sampling_type="vanilla",
    ).frames


@torch.no_grad()
def _ours(pipe: Any, sections: int) -> tuple[float, torch.Tensor]:
    """Returns seconds and latents. The start latent is drawn as the stock pipeline draws it, so that the films are equal."""
    clock = time.perf_counter()
    generator = torch.Generator().manual_seed(0)
    pixels = pipe.video_processor.preprocess(tiny.picture(size=SIDE), SIDE, SIDE)
    start = pipe.prepare_image_latents(pixels, torch.float32, torch.device("cpu"), generator)
    conditioning = HunyuanConditioner(pipe, 64, tiny.TEMPLATE)(PROMPT, pixels)
    backbone, codec = FramePackBackbone(pipe.transformer), HunyuanCodec(pipe.vae, WINDOW)
    snapshot, parts, frames = Snapshot.initial(start), [start], 0
    stream = codec.stream(snapshot.recent, 0)
    for _ in range(sections):
        noise = randn_tensor((1, start.shape[1], WINDOW, *start.shape[-2:]), generator=generator)
        *_, last = denoise_section(backbone, snapshot, conditioning, noise, Sampling(STEPS, GUIDANCE, WINDOW))
        assert isinstance(last, SectionResult)
        snapshot = last.snapshot
        parts.append(last.latents)
        frames += stream.push(last.latents).shape[2]
    assert frames == sections * 4 * WINDOW
    return time.perf_counter() - clock, torch.cat(parts, dim=2)
