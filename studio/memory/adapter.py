"""Adapter files: a trained SemanticPack as one safetensors file that says what it is. It does not know how one is trained.

The file's metadata: `kind`, `version`, and `config`, the `SemanticPackConfig` as JSON (structure, widths, heads, windows, indices).
The widths among them say which backbones it is for. So a file can be shared and judged without any other.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from studio.memory.semantic_pack import Fit, SemanticPack, SemanticPackConfig

KIND = "memorypack-semantic-pack"
VERSION = 1
NAMES = {
    "width": "inner width", "channels": "number of latent channels", "text": "width of prompt features",
    "image": "width of image features",
}


class AdapterError(Exception):
    """An adapter file cannot be used: the message names the file, what is wrong and the remedy."""


def save_adapter(pack: SemanticPack, path: Path) -> None:
    """Write weights and config as one file: whole or not at all.

    Raises:
        OSError: the disk is full or the folder cannot be written.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in pack.state_dict().items()}
    facts = {"kind": KIND, "version": str(VERSION), "config": json.dumps(asdict(pack.config))}
    partial = path.with_name(f"{path.name}.partial")
    try:
        try:
            save_file(tensors, partial, metadata=facts)
        except SafetensorError as error:      # safetensors wraps what the system said
            raise OSError(f"{path} cannot be written: {error}") from error
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


def read_config(path: Path) -> SemanticPackConfig:
    """The config of an adapter file; its weights are not read.

    Raises:
        AdapterError: as `load_adapter`.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return _config(path, file.metadata() or {})
    except (OSError, SafetensorError) as error:
        raise _unreadable(path, error) from None


def load_adapter(path: Path, fit: Fit | None = None) -> SemanticPack:
    """The SemanticPack of an adapter file, on the CPU, in the file's precision.

    Args:
        path: the file.
        fit: the widths of the backbone it shall serve; None: whatever it was made for.

    Raises:
        AdapterError: the file is missing, cut short, of a newer format, no adapter, or made for another backbone.
    """
    config = read_config(path)
    _hold_against(path, config.fit, fit)
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except (OSError, SafetensorError) as error:
        raise _unreadable(path, error) from None
    with torch.device("meta"):
        pack = SemanticPack(config)
    wanted = {name: tuple(tensor.shape) for name, tensor in pack.state_dict().items()}
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
    pack.load_state_dict(tensors, assign=True)
    return pack.eval().requires_grad_(False)


def _config(path: Path, facts: dict[str, str]) -> SemanticPackConfig:
    if facts.get("kind") != KIND:
        raise AdapterError(f"{path} is a safetensors file, but no SemanticPack adapter. Choose a file written by this studio.")
    version = facts.get("version", "")
    if not version.isdecimal() or int(version) > VERSION:
        raise AdapterError(f"The adapter {path} is of format {version or 'unknown'}, made by a newer studio. Update this one.")
    try:
        table = json.loads(facts.get("config", ""))
        return SemanticPackConfig(**_known(table))
    except (ValueError, TypeError, AttributeError) as error:
        raise AdapterError(f"The config in the adapter {path} cannot be used: {error}. Get the file again.") from None


def _known(table: dict[str, Any]) -> dict[str, Any]:
    if strangers := sorted(set(table) - {field.name for field in fields(SemanticPackConfig)}):
        raise ValueError(f"unknown key '{strangers[0]}'")
    return {name: tuple(value) if isinstance(value, list) else value for name, value in table.items()}


def _hold_against(path: Path, made_for: Fit, fit: Fit | None) -> None:
    """Raise if the backbone's widths are others than those the adapter was made for."""
    for name, words in NAMES.items():
        if fit is not None and getattr(made_for, name) != getattr(fit, name):
            raise AdapterError(
                f"The adapter {path} does not fit this backbone: it was made for {words} {getattr(made_for, name)}, and the "
                f"backbone has {getattr(fit, name)}. Use it with the model it was trained on, or train one for this model."
            )


def _unreadable(path: Path, error: Exception) -> AdapterError:
    if isinstance(error, FileNotFoundError):
        return AdapterError(f"The adapter {path} is missing. Choose another one.")
    return AdapterError(f"The adapter {path} cannot be read ({error}): it was cut short or is no safetensors file. Get it again.")
