"""What loading is alike in the large families: the plan, the check of its profile, and the long-term memory's file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from studio.backbones.components import freeze
from studio.backbones.placed_backbone import Make
from studio.catalogue.cards import ADAPTER, ModelCard, ModelError
from studio.language import sentence
from studio.memory.adapter import (
    AdapterError,
    LongTermMemory,
    is_frame_preservation,
    load_adapter,
    load_frame_preservation,
)
from studio.memory.semantic_pack_config import Widths
from studio.placement import attention
from studio.placement.device.int8 import require_bitsandbytes
from studio.placement.growth import choose_for_some_length
from studio.placement.machine import Machine, probe_machine
from studio.placement.plan import Plan
from studio.placement.profile import Profile, ProfileError, select_profile
from studio.placement.sizes import ModelSizes, Size


def override() -> Profile | None:
    """The profile in STUDIO_PROFILE, if it is set. Raises ModelError."""
    try:
        return select_profile()
    except ProfileError as error:
        raise ModelError(str(error)) from error


def plan_parts(
    card: ModelCard, sizes_of: Callable[[ModelCard], ModelSizes], device: torch.device | str | None = None,
    size: Size | None = None, machine: Machine | None = None,
) -> Plan | None:
    """The plan for a model's parts, made before any of them is read; None if the device is the CPU, where nothing is placed.

    Args:
        card: of the model.
        sizes_of: its family's sizes of a card's parts.
        device: None: the best one there is.
        size: of the film; None: the card's first size.
        machine: to plan for; None: this one.

    Raises:
        ModelError: the model does not fit, or the profile in STUDIO_PROFILE cannot be used; the message says what to change.
    """
    if device is not None and torch.device(device).type == "cpu":
        return None
    return choose_for_some_length(
        machine or probe_machine(card.weights or card.folder), sizes_of(card), size or card.sizes[0], override())


def check_profile(plan: Plan, device: torch.device) -> None:
    """Raises ModelError: the plan's profile asks for attention or products that are not there."""
    profile = plan.profile
    try:
        attention.require_backend(profile.attention, plan.machine.gpu if device.type == "cuda" else None)
        if profile.products == "bitsandbytes":
            require_bitsandbytes()
    except (ValueError, ProfileError) as error:
        raise ModelError(sentence(
            "The profile '{profile}' cannot be used: {error}", profile=profile.title, error=str(error))) from error


def by_plan(load: Callable[..., Any]) -> Make:
    """What loads a transformer for a plan. The checksums of stored weights are checked the first time only.

    `load`: a family's `load_transformer`, but for the weights and whether to check them.
    """
    verified = set[str]()

    def transformer(plan: Plan) -> Any:
        """The network with the weights of a plan; their checksums are verified once."""
        weights = plan.profile.weights
        loaded = load(weights=weights, verify=weights not in verified)
        verified.add(weights)
        return loaded

    return transformer


def load_memory(
    card: ModelCard, backbone: Any, text: int, image: int, device: torch.device
) -> tuple[LongTermMemory | None, int]:
    """The model's SemanticPack or history encoder, if it has one, and the largest RoPE index that it was trained with.

    Args:
        card: of the model.
        backbone: whose history or context it joins.
        text, image: widths of the embeddings of words and picture.
        device: where it is put.

    Raises:
        ModelError: the file cannot be used, or was made for another model.
    """
    if not card.has_memory:
        return None, 0
    network = backbone.transformer.config
    width, path = network.num_attention_heads * network.attention_head_dim, card.folder / ADAPTER
    memory: LongTermMemory
    try:
        if is_frame_preservation(path):
            encoder = load_frame_preservation(
                path, backbone.patchify, width, backbone.channels, backbone.patch_size, backbone.blocks)
            backbone.read_history(encoder, card.window)
            memory = encoder
        else:
            memory = load_adapter(path, Widths(width, backbone.channels, text, image))
    except (AdapterError, ValueError) as error:
        raise ModelError(sentence(
            "The model '{model}' cannot be loaded: {error} Projects are not affected.",
            model=card.title, error=str(error))) from error
    return freeze(memory, device), memory.config.trained_index
