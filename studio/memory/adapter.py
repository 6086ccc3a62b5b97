"""Adapter files: a trained memory as one safetensors file that describes itself.

A SemanticPack is one file; a Recall, which queries it, is another; a FramePreservation is one as well. A file's metadata holds
`kind`, `version` and `config`, the module's config as JSON. The widths in the config tell which backbones the file fits, so a file
can be shared and checked alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from studio.language import sentence
from studio.memory.frame_preservation import FramePreservation, Patchify
from studio.memory.frame_preservation_config import FramePreservationConfig
from studio.memory.recall import Recall, RecallConfig
from studio.memory.semantic_pack import SemanticPack
from studio.memory.semantic_pack_config import SemanticPackConfig, Widths
from studio.memory.tensors import write_tensors

C = TypeVar("C", SemanticPackConfig, RecallConfig, FramePreservationConfig)
M = TypeVar("M", bound=nn.Module)
LongTermMemory = SemanticPack | FramePreservation
"""A memory that has a file of its own."""
KIND = "memorypack-semantic-pack"
FRAME_PRESERVATION = "memorypack-frame-preservation"
KINDS: dict[type, str] = {
    SemanticPackConfig: KIND, RecallConfig: "memorypack-recall", FramePreservationConfig: FRAME_PRESERVATION,
}
DESCRIPTIONS = {
    KIND: sentence("SemanticPack adapter"), KINDS[RecallConfig]: sentence("Recall adapter"),
    FRAME_PRESERVATION: sentence("history encoder"),
}
VERSION = 1
WIDTH_NAMES = {
    "width": sentence("inner width"), "channels": sentence("number of latent channels"),
    "text": sentence("width of prompt features"), "image": sentence("width of image features"),
    "patch": sentence("patches of latent pixels"), "blocks": sentence("number of blocks"),
}


class AdapterError(Exception):
    """An adapter file cannot be used. The message names the file, what is wrong, and the remedy."""


def save_adapter(pack: SemanticPack | Recall | FramePreservation, path: Path) -> None:
    """Write a memory's weights and config as one file, atomically.

    Raises:
        OSError: the disk is full or the folder cannot be written.
    """
    tensors = {name: tensor.detach().cpu() for name, tensor in pack.state_dict().items()}
    facts = {"kind": KINDS[type(pack.config)], "version": str(VERSION), "config": json.dumps(asdict(pack.config))}
    write_tensors(tensors, path, facts)


def read_config(path: Path) -> SemanticPackConfig:
    """The config in a SemanticPack's file, without its weights.

    Raises:
        AdapterError: as `load_adapter`.
    """
    return _read_config(path, SemanticPackConfig)


def load_adapter(path: Path, widths: Widths | None = None) -> SemanticPack:
    """The SemanticPack in an adapter file, on the CPU, in the file's precision.

    Args:
        path: the file.
        widths: of the backbone that it is for; None: they are not checked.

    Raises:
        AdapterError: the file is missing, truncated, of a newer format, no adapter, or made for another backbone.
    """
    config = read_config(path)
    if widths is not None:
        _check_widths(path, asdict(config.widths), asdict(widths))
    return _load_module(path, lambda: SemanticPack(config))


def load_frame_preservation(
    path: Path, patchify: Patchify, width: int, channels: int, patch: int, blocks: int = 0
) -> FramePreservation:
    """The history encoder in an adapter file, on the CPU, in the file's precision.

    Args:
        path: the file.
        patchify: the first projection of the backbone that it is for.
        width: D of that backbone.
        channels: C of its latents.
        patch: latent pixels along one edge of its patches.
        blocks: of that backbone, which count where the encoder has a layer for each; 0: they are not checked.

    Raises:
        AdapterError: as `load_adapter`.
    """
    config = _read_config(path, FramePreservationConfig)
    counted = {"blocks": blocks} if blocks and config.cross else {}
    _check_widths(path, asdict(config), {"width": width, "channels": channels, "patch": patch, **counted})
    return _load_module(path, lambda: FramePreservation(config, patchify))


def is_frame_preservation(path: Path) -> bool:
    """Whether an adapter file holds a history encoder. Raises AdapterError: it is missing or cannot be read."""
    try:
        with safe_open(path, framework="pt") as file:
            return (file.metadata() or {}).get("kind") == FRAME_PRESERVATION
    except (OSError, RuntimeError, SafetensorError) as error:
        raise _unreadable(path, error) from None


def load_recall(path: Path, pack: SemanticPack, extra_channels: int = 0) -> Recall:
    """The Recall in a file, for the psi of `pack`.

    Args:
        path: the file.
        pack: the SemanticPack that writes psi.
        extra_channels: channels of the pack's input that Recall does not answer with.

    Raises:
        AdapterError: as `load_adapter`, or its widths or channels are not those of `pack`.
    """
    config = _read_config(path, RecallConfig)
    for what, asks, holds in (
        (sentence("wide"), config.width, pack.config.width),
        (sentence("channels deep"), config.channels, pack.config.channels - extra_channels),
    ):
        if asks != holds:
            raise AdapterError(sentence(
                "The adapter {path} asks a memory {asks} {what}, and this one is {holds} {what}. Use the two files that were "
                "made together.", path=path, asks=asks, what=what, holds=holds))
    return _load_module(path, lambda: Recall(config))


def _read_config(path: Path, kind: type[C]) -> C:
    """The config in a file's metadata, of class `kind`. Raises AdapterError."""
    try:
        with safe_open(path, framework="pt") as file:
            return _config(path, file.metadata() or {}, kind)
    except (OSError, RuntimeError, SafetensorError) as error:
        raise _unreadable(path, error) from None


def _load_module(path: Path, build: Callable[[], M]) -> M:
    """The module that `build` makes, with the file's weights. Raises AdapterError: missing, surplus or infinite tensors."""
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except (OSError, RuntimeError, SafetensorError) as error:
        raise _unreadable(path, error) from None
    with torch.device("meta"):
        module = build()
    wanted = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    missing, absent = sentence("missing"), sentence("absent")
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) != found.get(name):
            raise AdapterError(sentence(
                "The adapter {path} does not hold what its config says: {name} is {found} and should be {wanted}. Get the file "
                "again from who made it.",
                path=path, name=name, found=found.get(name, missing), wanted=wanted.get(name, absent)))
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise AdapterError(sentence(
                "The adapter {path} holds values that are not numbers (in {name}). Its training has failed.", path=path, name=name))
    module.load_state_dict(tensors, assign=True)
    return module.eval().requires_grad_(False)


def _config(path: Path, facts: dict[str, str], kind: type[C]) -> C:
    """The config in the metadata `facts`. Raises AdapterError: another kind, a newer version, or unusable values."""
    if facts.get("kind") != KINDS[kind]:
        what = DESCRIPTIONS[KINDS[kind]]
        raise AdapterError(sentence(
            "{path} is a safetensors file, but no {what}. Choose a file written by this studio.", path=path, what=what))
    version = facts.get("version", "")
    if not version.isdecimal() or int(version) > VERSION:
        raise AdapterError(sentence(
            "The adapter {path} is of format {version}, made by a newer studio. Update this one.",
            path=path, version=version or sentence("unknown")))
    try:
        table = json.loads(facts.get("config", ""))
        return kind(**_known(table, kind))
    except (ValueError, TypeError, AttributeError) as error:
        raise AdapterError(sentence(
            "The config in the adapter {path} cannot be used: {error}. Get the file again.",
            path=path, error=str(error))) from None


def _known(table: dict[str, Any], kind: type[C]) -> dict[str, Any]:
    """The values of a config's table, with lists as tuples. Raises ValueError: an unknown key."""
    if strangers := sorted(set(table) - {field.name for field in fields(kind)}):
        raise ValueError(f"unknown key '{strangers[0]}'")
    return {name: tuple(value) if isinstance(value, list) else value for name, value in table.items()}


def _check_widths(path: Path, made_for: dict[str, int], widths: dict[str, int]) -> None:
    """Raises AdapterError where the adapter was made for a backbone of other widths; `widths` are its own, by their names."""
    for name, wanted in widths.items():
        if made_for[name] != wanted:
            raise AdapterError(sentence(
                "The adapter {path} does not fit this backbone: it was made for {what} {made}, and the backbone has {wanted}. "
                "Use it with the model it was trained on, or train one for this model.",
                path=path, what=WIDTH_NAMES[name], made=made_for[name], wanted=wanted))


def _unreadable(path: Path, error: Exception) -> AdapterError:
    """The error for a file that is missing or cannot be parsed."""
    if isinstance(error, FileNotFoundError):
        return AdapterError(sentence("The adapter {path} is missing. Choose another one.", path=path))
    return AdapterError(sentence(
        "The adapter {path} cannot be read ({error}): it was cut short or is no safetensors file. Get it again.",
        path=path, error=str(error)))
