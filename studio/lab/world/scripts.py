"""Script files: sections of a film written down in TOML, and photographs made large enough for a script's way. No drawing."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from studio.lab.world.camera import way
from studio.lab.world.exposure import seen_area
from studio.lab.world.section import ScriptError, Section


def read_script(path: Path) -> list[Section]:
    """The sections of a script file: [[sections]] tables with the keys of Section. Raises ScriptError."""
    try:
        table = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise ScriptError(f"{path} cannot be read: {error.strerror or error}. Name a script file that exists.") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScriptError(f"{path} is not TOML: {error}. Correct it there.") from error
    if unknown := sorted(set(table) - {"sections"}):
        raise ScriptError(f"{path} has {', '.join(unknown)}, but a script has only [[sections]] tables. Take the rest out.")
    sections = table.get("sections")
    if not isinstance(sections, list) or not sections:
        raise ScriptError(f"{path} has no sections. Write at least one [[sections]] table.")
    return [_section(path, number, entries) for number, entries in enumerate(sections, 1)]


def _section(path: Path, number: int, entries: Any) -> Section:
    where = f"{path}, section {number}"
    if not isinstance(entries, dict):
        raise ScriptError(f"{where} is not a table. Write [[sections]] above its keys.")
    known = {field.name: type(field.default) for field in fields(Section)}
    for key, value in entries.items():
        if key not in known:
            raise ScriptError(f"{where}: there is no key {key!r}. Known are {', '.join(known)}.")
        if type(value) is not known[key]:
            kind = "true or false" if known[key] is bool else "text in quotes"
            raise ScriptError(f"{where}: {key} must be {kind}, not {value!r}.")
    try:
        return Section(**entries)
    except ValueError as error:
        raise ScriptError(f"{where}: {error}.") from error


def read_photograph(path: Path, script: Sequence[Section], width: int, height: int) -> Tensor:
    """A photograph [3, Hc, Wc] uint8, scaled so that all of the script's way lies on it. Raises ScriptError."""
    try:
        with Image.open(path) as image:
            picture = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, UnidentifiedImageError) as error:
        raise ScriptError(f"{path} cannot be read as a picture. Name a JPEG, PNG or WebP file.") from error
    area = seen_area(way(script), 1.0, width, height)
    reach = (2 * max(-area.left, area.left + area.width), 2 * max(-area.top, area.top + area.height))
    scale = max(reach[0] / picture.width, reach[1] / picture.height)
    size = (max(reach[0], round(picture.width * scale)), max(reach[1], round(picture.height * scale)))
    picture = picture.resize(size, Image.Resampling.LANCZOS)
    return torch.from_numpy(np.asarray(picture).copy()).permute(2, 0, 1).contiguous()
