"""Script files, which describe a film's sections in TOML, and photographs, enlarged for a script's camera path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from studio.lab.world.camera import camera_path
from studio.lab.world.rendering import visible_area
from studio.lab.world.section import ScriptError, Section
from studio.tables import read_toml


def read_script(path: Path) -> list[Section]:
    """Reads a script file: [[sections]] tables with the keys of `Section`.

    Raises:
        ScriptError: the file cannot be read, or something in it is wrong.
    """
    table = read_toml(path, ScriptError)
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
    """Reads a photograph, scaled so that the camera stays on it for the whole script.

    Args:
        path: of the picture file.
        script: the sections.
        width, height: of a frame in pixels.

    Returns:
        [3, Hc, Wc] uint8.

    Raises:
        ScriptError: the file cannot be read as a picture.
    """
    try:
        with Image.open(path) as image:
            picture = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, UnidentifiedImageError) as error:
        raise ScriptError(f"{path} cannot be read as a picture. Name a JPEG, PNG or WebP file.") from error
    area = visible_area(camera_path(script), 1.0, width, height)
    reach = (2 * max(-area.left, area.left + area.width), 2 * max(-area.top, area.top + area.height))
    scale = max(reach[0] / picture.width, reach[1] / picture.height)
    size = (max(reach[0], round(picture.width * scale)), max(reach[1], round(picture.height * scale)))
    picture = picture.resize(size, Image.Resampling.LANCZOS)
    return torch.from_numpy(np.asarray(picture).copy()).permute(2, 0, 1).contiguous()
