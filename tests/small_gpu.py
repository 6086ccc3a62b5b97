"""A large model placed on a simulated GPU with little memory (`SmallGpu`), for tests of running out of memory."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from studio.backbones.film_model import FilmModel
from studio.backbones.framepack import load as large
from studio.backbones.framepack.placed_backbone import PlacedBackbone
from studio.catalogue.cards import ModelCard
from studio.lab.small_gpu import SmallGpu
from studio.placement.device.streamer import blocks_of
from studio.placement.plan import Plan

__all__ = ["SmallGpu", "loaded", "weights_of"]

CPU = torch.device("cpu")


def loaded(
    card: ModelCard, plan: Plan, on: SmallGpu, denoising: int = 0, decoding: int = 0, encoding: int = 0
) -> FilmModel:
    """The model placed on a small GPU. Every block needs `denoising` bytes while it computes, the decoder `decoding` a value.

    A picture needs `encoding` bytes; a prompt as much of the text encoder as the plan has on the GPU at once.
    """
    model = large.load_placed(card, plan, CPU, None, lambda _: None, engine=lambda _: on)
    placement = model.placement
    assert placement is not None
    backbone = placement.backbone
    put = backbone._place

    def watched() -> Any:
        placed = put()
        blocks = blocks_of(placed.transformer)
        try:
            if placed.streamer is None:
                on.allocate(placed, sum(p.numel() * p.element_size() for block in blocks for p in block.parameters()))
        except torch.OutOfMemoryError:
            backbone._reload()
            raise
        for block in blocks:
            block.register_forward_pre_hook(lambda *_: on.require(denoising, "denoising"))
        return placed

    def decodes(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        on.require(decoding * inputs[0].numel(), "decoding")

    backbone._place = watched  # type: ignore[method-assign]
    autoencoder = placement.codec.codec.autoencoder
    autoencoder.decoder.register_forward_pre_hook(decodes)
    autoencoder.encoder.register_forward_pre_hook(lambda *_: on.require(encoding, "encoding"))
    _reads(model.conditioner, on)
    return model


def _reads(conditioner: Any, on: SmallGpu) -> None:
    """Let a cached conditioner's text encoder take its memory on the GPU whenever it is opened."""
    opening = conditioner._open

    def needs(part: nn.Module, recurse: bool) -> None:
        size = sum(p.nbytes for p in part.parameters(recurse=recurse))
        if size:
            part.register_forward_pre_hook(lambda *_: on.require(size, "reading"))

    def opened() -> Any:
        reader = opening()
        text, place = reader._conditioner.pipeline.text_encoder, reader._llama.place
        if place == "gpu":
            needs(text, recurse=True)
        elif place == "streamed":
            for part in text.modules():
                needs(part, recurse=False)
        return reader

    conditioner._open = opened


def weights_of(backbone: PlacedBackbone) -> list[int]:
    """Bytes of each block, without the layers that tables stand for."""
    return [
        sum(p.numel() * p.element_size() for name, p in block.named_parameters() if ".linear." not in name)
        for block in blocks_of(backbone.transformer)
    ]
