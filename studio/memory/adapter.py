"""Adapter files: a trained memory as one safetensors file that says what it is. It does not know how one is trained.

A SemanticPack is one file, and a Recall, which asks it, another. The file's metadata: `kind`, `version`, and `config`, the module's
config as JSON (structure, widths, heads, windows, indices). The widths among them say which backbones it is for. So a file can be
shared and judged without any other.
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

from studio.memory.recall import Recall, RecallConfig
from studio.memory.semantic_pack import SemanticPack, SemanticPackConfig, Widths
from studio.memory.tensors import write_tensors

C = TypeVar("C", SemanticPackConfig, RecallConfig)
M = TypeVar("M", bound=nn.Module)
KIND = "memorypack-semantic-pack"
KINDS: dict[type, str] = {SemanticPackConfig: KIND, RecallConfig: "memorypack-recall"}
DESCRIPTIONS = {KIND: "SemanticPack adapter", KINDS[RecallConfig]: "Recall adapter"}
VERSION = 1
WIDTH_NAMES = {
    "width": "inner width", "channels": "number of latent channels", "text": "width of prompt features",
    "image": "width of image features",
}


class AdapterError(Exception):
    """An adapter file cannot be used: the message names the file, what is wrong and the remedy."""


def save_adapter(pack: SemanticPack | Recall, path: Path) -> None:
    """Write weights and config as one file: whole or not at all.

    Raises:
        OSError: the disk is full or the folder cannot be written.
    """
    tensors = {name: tensor.detach().cpu() for name, tensor in pack.state_dict().items()}
    facts = {"kind": KINDS[type(pack.config)], "version": str(VERSION), "config": json.dumps(asdict(pack.config))}
    write_tensors(tensors, path, facts)


def read_config(path: Path) -> SemanticPackConfig:
    """The config of a SemanticPack's file; its weights are not read.

    Raises:
        AdapterError: as `load_adapter`.
    """
    return _read_config(path, SemanticPackConfig)


def load_adapter(path: Path, widths: Widths | None = None) -> SemanticPack:
    """The SemanticPack of an adapter file, on the CPU, in the file's precision.

    Args:
        path: the file.
        fit: the widths of the backbone it shall serve; None: whatever it was made for.

    Raises:
        AdapterError: the file is missing, cut short, of a newer format, no adapter, or made for another backbone.
    """
    config = read_config(path)
    _check_widths(path, config.widths, widths)
    return _load_module(path, lambda: SemanticPack(config))


def load_recall(path: Path, pack: SemanticPack, beside: int = 0) -> Recall:
    """The Recall in a file, to ask the psi of `pack`, which is given so many channels `beside` those that are asked for.

    Raises:
        AdapterError: as `load_adapter`, or it asks a psi of another width, or for other channels.
    """
    config = _read_config(path, RecallConfig)
    for what, asks, holds in (
        ("wide", config.width, pack.config.width), ("channels deep", config.channels, pack.config.channels - beside),
    ):
        if asks != holds:
            raise AdapterError(
                f"The adapter {path} asks a memory {asks} {what}, and this one is {holds} {what}. "
                "Use the two files that were made together."
            )
    return _load_module(path, lambda: Recall(config))


def _read_config(path: Path, kind: type[C]) -> C:
    try:
        with safe_open(path, framework="pt") as file:
            return _config(path, file.metadata() or {}, kind)
    except (OSError, SafetensorError) as error:
        raise _unreadable(path, error) from None


def _load_module(path: Path, build: Callable[[], M]) -> M:
    """The module with the file's weights."""
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except (OSError, SafetensorError) as error:
        raise _unreadable(path, error) from None
    with torch.device("meta"):
        module = build()
    wanted = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) != found.get(name):
            raise AdapterError(
                f"The adapter {path} does not hold what its config says: {name} is {found.get(name, 'missing')} and should be "
                f"{wanted.get(name, 'absent')}. Get the file again from who made it."
            )
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise AdapterError(f"The adapter {path} holds values that are not numbers (in {name}). Its training has failed.")
    module.load_state_dict(tensors, assign=True)
    return module.eval().requires_grad_(False)


def _config(path: Path, facts: dict[str, str], kind: type[C]) -> C:
    if facts.get("kind") != KINDS[kind]:
        what = DESCRIPTIONS[KINDS[kind]]
        raise AdapterError(f"{path} is a safetensors file, but no {what}. Choose a file written by this studio.")
    version = facts.get("version", "")
    if not version.isdecimal() or int(version) > VERSION:
        raise AdapterError(f"The adapter {path} is of format {version or 'unknown'}, made by a newer studio. Update this one.")
    try:
        table = json.loads(facts.get("config", ""))
        return kind(**_known(table, kind))
    except (ValueError, TypeError, AttributeError) as error:
        raise AdapterError(f"The config in the adapter {path} cannot be used: {error}. Get the file again.") from None


def _known(table: dict[str, Any], kind: type[C]) -> dict[str, Any]:
    if strangers := sorted(set(table) - {field.name for field in fields(kind)}):
        raise ValueError(f"unknown key '{strangers[0]}'")
    return {name: tuple(value) if isinstance(value, list) else value for name, value in table.items()}


def _check_widths(path: Path, made_for: Widths, widths: Widths | None) -> None:
    """Raise if the backbone's widths are others than those the adapter was made for."""
    for name, words in WIDTH_NAMES.items():
        if widths is not None and getattr(made_for, name) != getattr(widths, name):
            raise AdapterError(
                f"The adapter {path} does not fit this backbone: it was made for {words} {getattr(made_for, name)}, and the "
                f"backbone has {getattr(widths, name)}. Use it with the model it was trained on, or train one for this model."
            )


def _unreadable(path: Path, error: Exception) -> AdapterError:
    if isinstance(error, FileNotFoundError):
        return AdapterError(f"The adapter {path} is missing. Choose another one.")
    return AdapterError(f"The adapter {path} cannot be read ({error}): it was cut short or is no safetensors file. Get it again.")
