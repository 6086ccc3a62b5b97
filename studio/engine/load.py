"""Loading: a model folder becomes a model in memory, small and large ones by the same code. It does not know jobs or takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import diffusers.utils.logging
import torch
import transformers.utils.logging
from diffusers import (
    AutoencoderKLHunyuanVideo,
    FlowMatchEulerDiscreteScheduler,
    HunyuanVideoFramepackPipeline,
    HunyuanVideoFramepackTransformer3DModel,
)
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from transformers import (
    AutoTokenizer,
    CLIPTextModel,
    LlamaModel,
    PreTrainedTokenizerFast,
    SiglipImageProcessor,
    SiglipVisionModel,
)

from studio.diffusion.autoencoder import PatchVideoAutoencoder
from studio.diffusion.backbone import Backbone, Prediction
from studio.diffusion.codec import Codec, HunyuanCodec, PatchCodec
from studio.diffusion.conditioning import Conditioner, HunyuanConditioner, SmallConditioner
from studio.engine.cards import ModelCard, ModelError, check

T = TypeVar("T")

# The page and the command line show their own progress.
diffusers.utils.logging.disable_progress_bar()
transformers.utils.logging.disable_progress_bar()


@dataclass(frozen=True)
class FilmModel:
    """A model ready to render: the three parts the section loop needs, and the card that says how to use them."""

    card: ModelCard
    backbone: Backbone
    codec: Codec
    conditioner: Conditioner
    device: torch.device
    fingerprint: str               # of the weights: snapshots of other weights are refused

    @property
    def channels(self) -> int:
        return int(self.backbone.transformer.config.out_channels)


def best_device() -> torch.device:
    """CUDA, then Apple's GPU, then the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def load(card: ModelCard, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> FilmModel:
    """Load the model of `card`: bfloat16 on a GPU and float32 on a CPU unless `dtype` says otherwise.

    Raises:
        ModelError: a file is missing, truncated or not what the card says; the message names it and the remedy.
    """
    check(card)
    device = best_device() if device is None else torch.device(device)
    dtype = dtype or (torch.bfloat16 if device.type == "cuda" else torch.float32)
    transformer = _part(card, HunyuanVideoFramepackTransformer3DModel, "transformer", torch_dtype=dtype)
    backbone = Backbone(transformer, cast(Prediction, card.prediction), card.coordinates, _change_deviation(card))
    return FilmModel(
        card=card,
        backbone=backbone.to(device).eval().requires_grad_(False),
        codec=_codec(card, device, dtype),
        conditioner=_conditioner(card, device, dtype),
        device=device,
        fingerprint=fingerprint(card),
    )


def fingerprint(card: ModelCard) -> str:
    """Names the weights a snapshot was made with: the model's name and its transformer's checksum as the card states it."""
    for file in card.files:
        if file.path.startswith("transformer/") and file.path.endswith(".safetensors"):
            return f"{card.name}:{file.sha256[:16]}"
    return card.name


def _part(card: ModelCard, kind: type[T], folder: str, **options: Any) -> T:
    """One component of the model folder, read by its library's own loader."""
    loader = cast(Callable[..., T], kind.from_pretrained)  # type: ignore[attr-defined]
    try:
        return loader(card.folder / folder, local_files_only=True, **options)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise ModelError(
            f"The model '{card.title}' cannot be loaded: {card.folder / folder} is missing or damaged ({error}). "
            f"Get the folder {card.folder.name} again; projects are not affected."
        ) from error


def _change_deviation(card: ModelCard) -> Tensor | None:
    if card.prediction != "change":
        return None
    path = card.folder / "change_deviation.safetensors"
    try:
        return load_file(path)["change_deviation"]
    except (OSError, KeyError, SafetensorError) as error:
        raise ModelError(f"{path} is missing or damaged ({error}). Get the folder {card.folder.name} again.") from error


def _codec(card: ModelCard, device: torch.device, dtype: torch.dtype) -> Codec:
    if card.autoencoder == "patch":
        patch = _part(card, PatchVideoAutoencoder, "vae", torch_dtype=dtype)
        return PatchCodec(patch.to(device).eval().requires_grad_(False))
    if card.autoencoder == "hunyuan":
        # float16, not bfloat16: the decoder's colours band in bfloat16.
        precision = torch.float16 if device.type == "cuda" else dtype
        hunyuan = _part(card, AutoencoderKLHunyuanVideo, "vae", torch_dtype=precision)
        return HunyuanCodec(hunyuan.to(device).eval().requires_grad_(False), card.window)
    raise ModelError(f"{card.folder.name}: this studio knows the autoencoders 'patch' and 'hunyuan', not '{card.autoencoder}'.")


def _conditioner(card: ModelCard, device: torch.device, dtype: torch.dtype) -> Conditioner:
    def encoder(kind: type[T], folder: str) -> T:
        part: Any = _part(card, kind, folder, dtype=dtype)
        return cast(T, part.to(device).eval().requires_grad_(False))

    image_encoder = encoder(SiglipVisionModel, "image_encoder")
    if not (card.folder / "text_encoder_2").is_dir():
        tokenizer = _part(card, PreTrainedTokenizerFast, "tokenizer")
        return SmallConditioner(tokenizer, encoder(CLIPTextModel, "text_encoder"), image_encoder, card.prompt_tokens)
    pipeline = HunyuanVideoFramepackPipeline(
        transformer=None,
        vae=None,
        scheduler=FlowMatchEulerDiscreteScheduler(),
        tokenizer=_part(card, AutoTokenizer, "tokenizer"),
        text_encoder=encoder(LlamaModel, "text_encoder"),
        tokenizer_2=_part(card, AutoTokenizer, "tokenizer_2"),
        text_encoder_2=encoder(CLIPTextModel, "text_encoder_2"),
        image_encoder=image_encoder,
        feature_extractor=_part(card, SiglipImageProcessor, "feature_extractor"),
    )
    return HunyuanConditioner(pipeline, card.prompt_tokens)
