"""Loading a panorama model. It is so small that it computes on the processor, also where there is a graphics card."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from studio.backbones.components import freeze
from studio.backbones.family import LoadRequest
from studio.backbones.film_model import FilmModel
from studio.backbones.panorama.backbone import PanoramaBackbone
from studio.backbones.panorama.codec import PanoramaCodec
from studio.backbones.panorama.conditioner import PanoramaConditioner
from studio.backbones.panorama.film_memory import PanoramaMemory
from studio.backbones.panorama.folder import CONFIG, WEIGHTS
from studio.backbones.panorama.network import NetworkConfig, PanoramaNetwork
from studio.catalogue.cards import MEMORY, ModelCard, ModelError
from studio.catalogue.fingerprint import fingerprint
from studio.language import sentence
from studio.tables import parse

CPU = torch.device("cpu")


def load(request: LoadRequest) -> FilmModel:
    """Load the model of `request.card`. Raises ModelError: a part is missing or damaged."""
    card = request.card
    network = freeze(load_network(card), CPU)
    frames = card.section_frames // card.window
    return FilmModel(
        card, PanoramaBackbone(network, frames), PanoramaCodec(frames), PanoramaConditioner(), CPU, fingerprint(card),
        PanoramaMemory(network))


def load_network(card: ModelCard) -> PanoramaNetwork:
    """The network in a model's folder. Raises ModelError: a file is missing or damaged."""
    config = _read_config(card)
    try:
        network = PanoramaNetwork(config)
    except ValueError as error:
        raise _damaged(card, card.path(CONFIG), error) from error
    for name, part in ((WEIGHTS, network.denoiser), (MEMORY, network.memory)):
        _load_weights(card, part, card.path(name))
    return network


def _read_config(card: ModelCard) -> NetworkConfig:
    path = card.path(CONFIG)
    try:
        values = json.loads(path.read_text("utf-8"))
        if not isinstance(values, dict):
            raise ValueError("it is no table")
    except (OSError, ValueError) as error:
        raise _damaged(card, path, error) from error
    return parse(values, NetworkConfig, str(path), ModelError)


def _load_weights(card: ModelCard, part: nn.Module, path: Path) -> None:
    try:
        weights = load_file(path)
        if any(not weight.isfinite().all() for weight in weights.values()):
            raise ValueError("it holds values that are not numbers")
        part.load_state_dict(weights)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise _damaged(card, path, error) from error


def _damaged(card: ModelCard, path: Path, error: Exception) -> ModelError:
    reason = " ".join(str(error).split())
    return ModelError(sentence(
        "The model '{model}' cannot be loaded: {path} is missing or damaged ({error}). {remedy}",
        model=card.title, path=path, error=reason, remedy=card.remedy))
