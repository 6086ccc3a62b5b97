"""A film's sidecar: a JSON file beside it that tells how it was made, with the pictures that it begins with.

`film.mp4.json` holds the record that the film has in its tags, the checksum of its coded frames, and the pictures themselves, which
do not fit into tags. It outlives programs that write a film anew and drop its tags.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.language import sentence
from studio.media import MediaError
from studio.media.packets import packet_sum
from studio.project.files import LARGEST, StoreError, read_json, write_json
from studio.project.model import Project
from studio.project.store import Store

VERSION = 1
KEY = "memorypack_sidecar"
"""The field that says that a JSON file is a sidecar, and of which version."""
CHOOSE = sentence("Choose a film, or the JSON file that was exported beside one.")
ROOM = LARGEST // 2
"""Bytes of pictures in a sidecar, at most, before they are written as text."""


def write_sidecar(film: Path, record: Mapping[str, Any], recipe: Project, store: Store) -> Path:
    """Write a film's sidecar beside it; returns its path.

    Args:
        film: the exported file.
        record: how it was made.
        recipe: the same as a project, whose pictures are put in.
        store: where the pictures lie.

    Raises:
        MediaError: the disk is full or cannot be written.
    """
    pictures, room = {}, ROOM
    for picture in pictures_of(recipe):
        path = store.folder / picture
        if path.is_file() and path.stat().st_size <= room:
            room -= path.stat().st_size
            pictures[picture] = base64.b64encode(path.read_bytes()).decode()
    out = film.with_name(f"{film.name}.json")
    try:
        write_json(out, {
            KEY: VERSION, "film": film.name, "packets": packet_sum(film), "record": dict(record), "pictures": pictures})
    except StoreError as error:
        raise MediaError(str(error)) from error
    return out


def pictures_of(recipe: Project) -> tuple[str, ...]:
    """The files of all pictures that a recipe needs, relative to a project's folder."""
    shots = (take.segment.shot for take in recipe.takes.values())
    found = [recipe.reference, *(shot.picture for shot in shots if shot)]
    return tuple(dict.fromkeys(picture.file for picture in found if picture))


def read_sidecar(path: Path) -> tuple[dict[str, Any], dict[str, bytes], str | None]:
    """The record in a sidecar, its pictures by their files, and the checksum of the film's coded frames.

    Raises:
        MediaError: it is no sidecar, or damaged.
    """
    try:
        table = read_json(path)
    except (OSError, ValueError) as error:
        raise MediaError(sentence(
            "{name} cannot be read ({error}). {choose}", name=path.name, error=str(error), choose=CHOOSE)) from error
    record, pictures = table.get("record"), table.get("pictures")
    if KEY not in table or not isinstance(record, dict):
        raise MediaError(sentence("{name} does not tell how a film was made. {choose}", name=path.name, choose=CHOOSE))
    found = {}
    for name, text in pictures.items() if isinstance(pictures, dict) else ():
        if isinstance(text, str) and re.fullmatch(r"media/[0-9a-f]{16}\.png", name):
            try:
                found[name] = base64.b64decode(text, validate=True)
            except binascii.Error as error:
                raise MediaError(sentence(
                    "{name} is damaged: a picture in it cannot be read. Copy the file again.", name=path.name)) from error
    packets = table.get("packets")
    return record, found, packets if isinstance(packets, str) else None
