"""Whole films on a card that is too small for the model: ours, and diffusers' stock pipeline with its ways of offloading.

From the picture to the last frame, every section decoded; the prompt is given as embeddings, so no text encoder is wanted.
"""

from __future__ import annotations

import time
from typing import Any

import torch
from diffusers import FlowMatchEulerDiscreteScheduler, HunyuanVideoFramepackPipeline, HunyuanVideoFramepackTransformer3DModel
from PIL import Image
from torch import Tensor
from transformers import SiglipImageProcessor, SiglipVisionConfig, SiglipVisionModel

from studio.backbones.framepack.hunyuan import HunyuanCodec
from studio.backbones.framepack.placed_parts import PlacedCodec
from studio.diffusion import flow
from studio.diffusion.backbone import Conditioning
from studio.diffusion.section import Sampling, SectionResult, denoise_section
from studio.lab import tiny
from studio.lab.measure import offloads
from studio.lab.measure.gauges import Card, Watch
from studio.lab.measure.offloads import Say, Trial
from studio.memory.snapshot import Snapshot

OURS = "film, ours by plan"
GROUP, STREAM = "film, stock pipeline, group offload", "film, stock pipeline, group offload with a stream"
MODEL = "film, stock pipeline, model offload"
STOCK = (STREAM, GROUP, MODEL)
ROWS = (OURS, *STOCK)
STEPS = 25


def filmed(trial: Trial, on: Card, say: Say, sections: int) -> dict[str, Any]:
    """Seconds of a film of so many sections at the cap; `failed` says why there are none. Never raises."""
    row: dict[str, Any] = {"row": trial.row, "size": list(trial.size), "cap": trial.cap, "sections": sections, "failed": ""}
    with Watch(on.used) as watch:
        try:
            on.limit(trial.cap)
            row["seconds"], row["frames"] = (_ours if trial.row == OURS else _stock)(trial, on, say, sections)
        except Exception as error:  # noqa: BLE001 - whatever a way fails with is its result
            row["failed"] = offloads.said(error)
    return {**row, **on.peaks(), **watch.peaks()}


@torch.no_grad()
def _ours(trial: Trial, on: Card, say: Say, sections: int) -> tuple[float, int]:
    """Seconds, and frames that were made."""
    plan = offloads.planned(trial, on, trial.cap)
    backbone = offloads.placed(trial.card, plan, on, say)
    inner = HunyuanCodec(offloads.autoencoder(trial, on.device), trial.card.window)
    inner.set_tile_size(plan.profile.vae_tile)
    codec, eyes = PlacedCodec(inner, on.device, backbone.leave), _eyes(trial)
    given = offloads.begun(trial, backbone.channels, on.device, backbone.dtype)[1]
    sampling, frames = Sampling(_steps(trial), trial.card.guidance, trial.card.window), 0
    clock = _started(on)
    shown = _seen(eyes, trial).to(given.image)
    conditioning = Conditioning(given.text, given.mask, given.pooled, shown)
    snapshot = Snapshot.begin(codec.encode(_pixels(trial).to(on.device)))
    stream = codec.stream(snapshot.recent, 0)
    for index in range(sections):
        shape = (1, backbone.channels, trial.card.window, *snapshot.start.shape[-2:])
        *_, done = denoise_section(backbone, snapshot, conditioning, flow.noise(shape, index), sampling)
        assert isinstance(done, SectionResult)
        snapshot = done.snapshot
        frames += stream.push(done.latents).cpu().shape[2]
    on.settle()
    return time.perf_counter() - clock, frames


def _stock(trial: Trial, on: Card, say: Say, sections: int) -> tuple[float, int]:
    network = offloads.transformer(trial.card, "bf16", on.device, say)
    given = offloads.begun(trial, int(network.config.out_channels), on.device, network.dtype)[1]
    eyes, processor = _eyes(trial)
    pipe = HunyuanVideoFramepackPipeline(
        text_encoder=None, tokenizer=None, text_encoder_2=None, tokenizer_2=None, transformer=network,
        vae=offloads.autoencoder(trial, on.device), scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        image_encoder=eyes.to(network.dtype), feature_extractor=processor,
    )
    pipe.set_progress_bar_config(disable=True)
    pipe.vae.enable_tiling()
    _offload(pipe, trial.row, on)
    width, height = trial.size
    clock = _started(on)
    frames = pipe(
        image=_picture(trial), prompt_embeds=given.text, pooled_prompt_embeds=given.pooled, prompt_attention_mask=given.mask,
        height=height, width=width, num_frames=33 * sections, latent_window_size=trial.card.window,
        num_inference_steps=_steps(trial), guidance_scale=trial.card.guidance, output_type="pt", sampling_type="vanilla",
        generator=torch.Generator().manual_seed(0),
    ).frames
    on.settle()
    return time.perf_counter() - clock, int(frames.shape[1])


def _offload(pipe: Any, row: str, on: Card) -> None:
    """diffusers' ways of a pipeline; with group offload its small parts stay on the card."""
    if row == MODEL:
        on.visits(pipe.transformer)
        pipe.enable_model_cpu_offload(device=on.device)
        return
    offloads.offload(pipe.transformer, offloads.STREAM if row == STREAM else offloads.GROUP, on)
    pipe.vae.to(on.device)
    pipe.image_encoder.to(on.device)


def _eyes(trial: Trial) -> tuple[SiglipVisionModel, SiglipImageProcessor]:
    """SigLIP, new, of the size that the transformer wants, on the host; and what cuts pictures for it."""
    wide = int(HunyuanVideoFramepackTransformer3DModel.load_config(trial.card.path("transformer"))["image_proj_dim"])
    if wide == 32:
        return tiny.siglip(), SiglipImageProcessor(size={"height": 30, "width": 30})
    config = SiglipVisionConfig(
        hidden_size=wide, image_size=384, intermediate_size=4304, num_attention_heads=16, num_hidden_layers=27, patch_size=14)
    return SiglipVisionModel(config).eval(), SiglipImageProcessor(size={"height": 384, "width": 384})


def _seen(eyes: tuple[SiglipVisionModel, SiglipImageProcessor], trial: Trial) -> Tensor:
    """The picture as tokens, on the host as ours does it."""
    encoder, processor = eyes
    return encoder(**processor(images=_picture(trial), return_tensors="pt")).last_hidden_state


def _picture(trial: Trial) -> Image.Image:
    return tiny.picture(size=96).resize(trial.size, Image.Resampling.BICUBIC)


def _pixels(trial: Trial) -> Tensor:
    """[1, 3, H, W] in [-1, 1]."""
    raw = torch.frombuffer(bytearray(_picture(trial).tobytes()), dtype=torch.uint8)
    return raw.view(trial.size[1], trial.size[0], 3).movedim(2, 0).unsqueeze(0) / 127.5 - 1


def _steps(trial: Trial) -> int:
    """The model's own, and the trial's where only the command is tried."""
    return trial.steps if trial.tiny else STEPS


def _started(on: Card) -> float:
    on.settle()
    return time.perf_counter()


