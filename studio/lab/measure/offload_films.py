"""Times complete films on a GPU that is too small for the model: ours, and the stock pipeline with diffusers' offloading methods.

A film is timed from the picture to the last frame, every section decoded. The prompt is given as embeddings, so that no text
encoder is needed.
"""

from __future__ import annotations

import time
from typing import Any

import torch
from diffusers import FlowMatchEulerDiscreteScheduler, HunyuanVideoFramepackPipeline, HunyuanVideoFramepackTransformer3DModel
from PIL import Image
from torch import Tensor
from transformers import SiglipImageProcessor, SiglipVisionConfig, SiglipVisionModel

from studio.backbones.framepack.codec import HunyuanCodec
from studio.backbones.framepack.placed_parts import PlacedCodec
from studio.diffusion import flow
from studio.diffusion.backbone import Conditioning
from studio.diffusion.section import Sampling, SectionResult, denoise_section
from studio.lab import tiny
from studio.lab.measure import offloads
from studio.lab.measure.gauges import MeasuredGpu, PeakRecorder
from studio.lab.measure.offloads import Report, Trial
from studio.memory.snapshot import Snapshot

OURS = "film, ours by plan"
GROUP, STREAM = "film, stock pipeline, group offload", "film, stock pipeline, group offload with a stream"
MODEL = "film, stock pipeline, model offload"
STOCK = (STREAM, GROUP, MODEL)
METHODS = (OURS, *STOCK)
STEPS = 25


def measure_film(trial: Trial, gpu: MeasuredGpu, report: Report, sections: int) -> dict[str, Any]:
    """Returns the seconds of a film of `sections` sections under the cap, for JSON.

    It does not raise: whatever the method fails with is the result, described under `failed`.
    """
    row: dict[str, Any] = {"row": trial.method, "size": list(trial.size), "cap": trial.cap, "sections": sections, "failed": ""}
    with PeakRecorder(gpu.used) as recorder:
        try:
            gpu.limit(trial.cap)
            row["seconds"], row["frames"] = (_ours if trial.method == OURS else _stock)(trial, gpu, report, sections)
        except Exception as error:  # noqa: BLE001 - whatever a method fails with is its result
            row["failed"] = offloads.describe_error(error)
    return {**row, **gpu.peaks(), **recorder.peaks()}


@torch.no_grad()
def _ours(trial: Trial, gpu: MeasuredGpu, report: Report, sections: int) -> tuple[float, int]:
    """Returns the seconds and the number of frames of our film."""
    plan = offloads.plan_trial(trial, gpu, trial.cap)
    backbone = offloads.make_backbone(trial.card, plan, gpu, report)
    inner = HunyuanCodec(offloads.autoencoder(trial, gpu.device), trial.card.window)
    inner.set_tile_size(plan.profile.vae_tile)
    codec, encoder = PlacedCodec(inner, gpu.device, backbone.free_device), _image_encoder(trial)
    prompt = offloads.section_inputs(trial, backbone.channels, gpu.device, backbone.dtype)[1]
    sampling, frames = Sampling(_steps(trial), trial.card.guidance, trial.card.window), 0
    clock = _start_clock(gpu)
    image = _image_tokens(encoder, trial).to(prompt.image)
    conditioning = Conditioning(prompt.text, prompt.mask, prompt.pooled, image)
    snapshot = Snapshot.initial(codec.encode(_pixels(trial).to(gpu.device)))
    stream = codec.stream(snapshot.recent, 0)
    for index in range(sections):
        shape = (1, backbone.channels, trial.card.window, *snapshot.start.shape[-2:])
        *_, done = denoise_section(backbone, snapshot, conditioning, flow.noise(shape, index), sampling)
        assert isinstance(done, SectionResult)
        snapshot = done.snapshot
        frames += stream.push(done.latents).cpu().shape[2]
    gpu.synchronize()
    return time.perf_counter() - clock, frames


def _stock(trial: Trial, gpu: MeasuredGpu, report: Report, sections: int) -> tuple[float, int]:
    """Returns the seconds and the number of frames of the stock pipeline's film."""
    network = offloads.transformer(trial.card, "bf16", gpu.device, report)
    prompt = offloads.section_inputs(trial, int(network.config.out_channels), gpu.device, network.dtype)[1]
    encoder, processor = _image_encoder(trial)
    pipe = HunyuanVideoFramepackPipeline(
        text_encoder=None, tokenizer=None, text_encoder_2=None, tokenizer_2=None, transformer=network,
        vae=offloads.autoencoder(trial, gpu.device), scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        image_encoder=encoder.to(network.dtype), feature_extractor=processor,
    )
    pipe.set_progress_bar_config(disable=True)
    pipe.vae.enable_tiling()
    _offload(pipe, trial.method, gpu)
    width, height = trial.size
    clock = _start_clock(gpu)
    frames = pipe(
        image=_picture(trial), prompt_embeds=prompt.text, pooled_prompt_embeds=prompt.pooled, prompt_attention_mask=prompt.mask,
        height=height, width=width, num_frames=33 * sections, latent_window_size=trial.card.window,
        num_inference_steps=_steps(trial), guidance_scale=trial.card.guidance, output_type="pt", sampling_type="vanilla",
        generator=torch.Generator().manual_seed(0),
    ).frames
    gpu.synchronize()
    return time.perf_counter() - clock, int(frames.shape[1])


def _offload(pipe: Any, method: str, gpu: MeasuredGpu) -> None:
    """Applies one of diffusers' methods to a pipeline; with group offload its small parts stay on the GPU."""
    if method == MODEL:
        gpu.expect_whole(pipe.transformer)
        pipe.enable_model_cpu_offload(device=gpu.device)
        return
    offloads.offload(pipe.transformer, offloads.STREAM if method == STREAM else offloads.GROUP, gpu)
    pipe.vae.to(gpu.device)
    pipe.image_encoder.to(gpu.device)


def _image_encoder(trial: Trial) -> tuple[SiglipVisionModel, SiglipImageProcessor]:
    """Returns a SigLIP with new weights, as wide as the transformer needs it, on the host, and its image processor."""
    width = int(HunyuanVideoFramepackTransformer3DModel.load_config(trial.card.path("transformer"))["image_proj_dim"])
    if width == 32:
        return tiny.siglip(), SiglipImageProcessor(size={"height": 30, "width": 30})
    config = SiglipVisionConfig(
        hidden_size=width, image_size=384, intermediate_size=4304, num_attention_heads=16, num_hidden_layers=27, patch_size=14)
    return SiglipVisionModel(config).eval(), SiglipImageProcessor(size={"height": 384, "width": 384})


def _image_tokens(parts: tuple[SiglipVisionModel, SiglipImageProcessor], trial: Trial) -> Tensor:
    """Returns the picture as tokens, computed on the host as the studio does it."""
    encoder, processor = parts
    return encoder(**processor(images=_picture(trial), return_tensors="pt")).last_hidden_state


def _picture(trial: Trial) -> Image.Image:
    return tiny.picture(size=96).resize(trial.size, Image.Resampling.BICUBIC)


def _pixels(trial: Trial) -> Tensor:
    """Returns the picture as [1, 3, H, W] in [-1, 1]."""
    raw = torch.frombuffer(bytearray(_picture(trial).tobytes()), dtype=torch.uint8)
    return raw.view(trial.size[1], trial.size[0], 3).movedim(2, 0).unsqueeze(0) / 127.5 - 1


def _steps(trial: Trial) -> int:
    """Returns the model's own number of steps, or the trial's where only the command is tested."""
    return trial.steps if trial.tiny else STEPS


def _start_clock(gpu: MeasuredGpu) -> float:
    gpu.synchronize()
    return time.perf_counter()


