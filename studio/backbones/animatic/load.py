"""Loading a model of the embedded family. It is small, so all of it lies on the device that computes."""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import HunyuanVideoFramepackTransformer3DModel
from safetensors import SafetensorError
from safetensors.torch import load_file
from transformers import CLIPTextModel, PreTrainedTokenizerFast, RobertaPreLayerNormForSequenceClassification, SiglipVisionModel

from studio.backbones.animatic.autoencoder import GROUP, LappedAutoencoder
from studio.backbones.animatic.backbone import AnimaticBackbone
from studio.backbones.animatic.codec import AnimaticCodec
from studio.backbones.animatic.conditioner import SmallConditioner
from studio.backbones.animatic.context_memory import ContextMemory
from studio.backbones.animatic.network_channels import MEMORY_CHANNELS
from studio.backbones.animatic.place_memory import EXTRA_CHANNELS, PlaceMemory
from studio.backbones.animatic.same_sums import compute_alike
from studio.backbones.animatic.scene_picture import FilmMemory
from studio.backbones.animatic.weather import WeatherSynthesis
from studio.backbones.animatic.words import PART as READER
from studio.backbones.animatic.words import WordReader, read_captions
from studio.backbones.components import best_device, freeze, load_part
from studio.backbones.family import LoadRequest
from studio.backbones.film_model import FilmModel
from studio.catalogue.cards import ADAPTER, RECALL, ModelCard, ModelError
from studio.catalogue.fingerprint import fingerprint
from studio.language import sentence
from studio.memory.adapter import AdapterError, load_adapter, load_recall, read_config
from studio.memory.protocol import Memory
from studio.memory.rope import rope_rule
from studio.memory.semantic_pack_config import Widths

DEVIATION = "deviation.safetensors"


def load(request: LoadRequest) -> FilmModel:
    """Load the model of `request.card`. Raises ModelError: a part is missing or damaged."""
    card = request.card
    device = request.device or best_device()
    dtype = request.dtype or (torch.bfloat16 if device.type == "cuda" else torch.float32)
    transformer = load_part(card, HunyuanVideoFramepackTransformer3DModel, "transformer", torch_dtype=dtype)
    # float32 on every device: the frames' quality depends on it, and it is small.
    autoencoder = freeze(load_part(card, LappedAutoencoder, "vae", torch_dtype=torch.float32), device)
    weather = freeze(load_part(card, WeatherSynthesis, "weather", torch_dtype=torch.float32), device)
    path = card.folder / DEVIATION
    try:
        constants = load_file(path)
        backbone = AnimaticBackbone(transformer, autoencoder, constants["deviation"])
    except (OSError, KeyError, RuntimeError, SafetensorError) as error:
        raise ModelError(sentence(
            "{path} is missing or damaged ({error}). Get the folder {folder} again.",
            path=path, error=str(error), folder=card.folder.name)) from error
    backbone.wind_weights = constants.get("wind")
    conditioner = SmallConditioner(
        load_part(card, PreTrainedTokenizerFast, "tokenizer"),
        freeze(load_part(card, CLIPTextModel, "text_encoder", dtype=dtype), device),
        freeze(load_part(card, SiglipVisionModel, "image_encoder", dtype=dtype), device),
        card.prompt_tokens,
        load_reader(card, device),
    )
    memory: Memory | None
    memory, trained = load_memory(card, freeze(backbone, device), device) if card.has_memory else (None, 0)
    compute_alike(backbone)
    compute_alike(conditioner.image_encoder)
    codec = AnimaticCodec(autoencoder, weather, GROUP * (card.large.fps if card.large else card.fps) // card.fps)
    if card.large and isinstance(memory, PlaceMemory):
        memory = FilmMemory(memory, backbone.pictures)
        codec.pictures = backbone.pictures        # one memory, which decodes a picture once for all
    return FilmModel(card, backbone, codec, conditioner, device, fingerprint(card), memory, rope_rule(trained))


def load_reader(card: ModelCard, device: torch.device) -> WordReader | None:
    """The model's reader of words; None if its folder has none.

    Raises:
        ModelError: a file of it is missing or damaged.
    """
    if not any(file.path.startswith(f"{READER}/") for file in card.files):
        return None
    try:
        captions = read_captions(card.path(READER))
    except (OSError, ValueError) as error:
        raise ModelError(sentence(
            "{path} is missing or damaged ({error}). {remedy}",
            path=card.path(READER), error=str(error), remedy=card.remedy)) from error
    # float32 on every device: it is small, and should read the same everywhere.
    network = freeze(load_part(card, RobertaPreLayerNormForSequenceClassification, READER, dtype=torch.float32), device)
    return WordReader(load_part(card, PreTrainedTokenizerFast, READER), network, captions)


def load_memory(
    card: ModelCard, backbone: AnimaticBackbone, device: torch.device
) -> tuple[PlaceMemory | ContextMemory, int]:
    """The model's long-term memory, and the largest RoPE index that it was trained with.

    With a `recall.safetensors` in the folder the backbone queries psi by place; without one psi joins the transformer's context.

    Raises:
        ModelError: a file cannot be used, or was made for another model.
    """
    try:
        if any(file.path == RECALL for file in card.files):
            backbone.memory = places = load_place_memory(card.folder, backbone, device)
            return places, places.pack.config.trained_index
        network = backbone.transformer.config
        width = network.num_attention_heads * network.attention_head_dim
        pack = load_adapter(card.folder / ADAPTER, Widths(width, MEMORY_CHANNELS, network.text_embed_dim, network.image_proj_dim))
        return ContextMemory(freeze(pack, device)), pack.config.trained_index
    except AdapterError as error:
        raise ModelError(sentence(
            "The model '{model}' cannot be loaded: {error} Projects are not affected.",
            model=card.title, error=str(error))) from error


def load_place_memory(folder: Path, backbone: AnimaticBackbone, device: torch.device) -> PlaceMemory:
    """The memory in a folder's two adapter files, for this backbone to query.

    Raises:
        AdapterError: a file cannot be used, or was made for another model.
    """
    own, network = read_config(folder / ADAPTER), backbone.transformer.config
    # Its psi does not join the context, so its width need not be the transformer's.
    pack = load_adapter(folder / ADAPTER, Widths(own.width, own.channels, network.text_embed_dim, network.image_proj_dim))
    return freeze(PlaceMemory(pack, load_recall(folder / RECALL, pack, EXTRA_CHANNELS), backbone.autoencoder), device)
