"""Films to force a model with, made once and kept in a folder: those to learn from, and those held out for measuring.

Letters: T frames of a section, n sections, h and w cells, H and W height and width in pixels.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from studio.backbones.film_model import FilmModel
from studio.lab.train.caption_files import FootageError
from studio.lab.train.captioned_frames import footage_frames, footage_sections, world_frames
from studio.lab.train.checkpoints import load_checkpoint, save_checkpoint
from studio.lab.train.encoding import Truth
from studio.lab.train.families import training_family
from studio.lab.train.families.family import FilmRequest
from studio.lab.train.footage import Footage
from studio.lab.train.latent_film import LatentFilm, film_from_table, film_to_table
from studio.lab.world import CELL, FRAMES, film

log = logging.getLogger(__name__)

HELD_OUT = 850_000_000
"""Number of the world's first film for measuring only."""


def load_or_make_films(
    model: FilmModel, folder: Path, numbers: Sequence[int], size: tuple[int, int], sections: int, footage: str = "",
    away: float = 0.0,
) -> list[LatentFilm]:
    """Films for a model: read from the folder, or made and written there.

    Args:
        model: the films are its latents.
        folder: of their files.
        numbers: of the films.
        size: width and height in pixels.
        sections: of each film, at most.
        footage: a folder of videos with captions; empty: films of the procedural world.
        away: share of the world's films that need a memory, see `world.random_script`.

    Raises:
        FootageError: nothing in the footage can be used.
    """
    clips = _open_footage(model, folder, sections, footage)
    begun, fresh, films = time.monotonic(), 0, []
    for number in numbers:
        goes = goes_away(number, away)
        path = folder / f"{_key(model, size, sections, footage)}{'-away' * goes}-{number}.pt"
        table = load_checkpoint(path)
        if table is None:
            request = FilmRequest(number, size, sections, clips, goes)
            table = film_to_table(training_family(model.card).make_film(model, request))
            save_checkpoint(path, table)
            fresh += 1
            if fresh % 8 == 0:
                log.info("%d films made, %.0f s", fresh, time.monotonic() - begun)
        films.append(film_from_table(table))
    return films


def goes_away(number: int, share: float) -> bool:
    """Whether a film of the world is one of the `share` that show again what has long been out of view."""
    return bool(np.random.default_rng([number, 8]).random() < share)


@dataclass(frozen=True)
class HeldOutFilm:
    """A true film that a model's own film is compared with. Camera and light are known of the world's films only."""

    frames: Tensor                  # [1 + T n, 3, H, W] uint8
    captions: tuple[str, ...]       # of each section
    pose: Tensor | None             # [1 + T n, 3] from the first frame: cells at magnification 1, log of the magnification
    light: Tensor | None            # [1 + T n, 3, h, w] log of the gain


def held_out_films(
    model: FilmModel, folder: Path, first: int, count: int, size: tuple[int, int], sections: int, footage: str = "",
    away: float = 0.0,
) -> list[HeldOutFilm]:
    """Films that no training sees, with sections of the model's length. The world's are read from the folder, or made and written.

    Args:
        model: its card says how long a section is.
        folder: of the files.
        first: number of the first film of footage that is held out; the world's have numbers of their own.
        count: how many films.
        size: width and height in pixels.
        sections: of each film.
        footage: a folder of videos with captions; empty: films of the procedural world.
        away: share of the world's films that need a memory, see `world.random_script`.

    Raises:
        FootageError: the folder has not enough films.
    """
    if not count:
        return []
    clips = _open_footage(model, folder, sections, footage)
    if clips is not None:
        if first + count > len(clips):
            raise FootageError(f"{footage} holds {len(clips)} films: too few for {first} to learn from and {count} held out.")
        taken = [footage_frames(model.card, clips, first + k, size, sections) for k in range(count)]
        return [HeldOutFilm(each.frames, each.captions, None, None) for each in taken]
    films = []
    for number in range(count):
        goes = goes_away(number, away)
        path = folder / f"held-out{'-away' * goes}-{number}-{size[0]}x{size[1]}-{model.card.section_frames}-{sections}.pt"
        table = load_checkpoint(path)
        if table is None:
            true = film(HELD_OUT + number, *size, -(-model.card.section_frames * sections // FRAMES), late_return=goes)
            shown = world_frames(true, model.card.section_frames, sections)
            length = len(shown.frames)
            pose = torch.cat([(true.pose[:, :2] - true.pose[:1, :2]) / CELL, true.pose[:, 2:]], dim=1)[:length].float()
            table = {"frames": shown.frames, "captions": list(shown.captions), "pose": pose, "light": true.light[:length].half()}
            save_checkpoint(path, table)
        films.append(HeldOutFilm(table["frames"], tuple(table["captions"]), table["pose"], table["light"].float()))
    return films


def _open_footage(model: FilmModel, folder: Path, sections: int, footage: str) -> Footage | None:
    """A folder of footage, if one is named, with films long enough for so many sections of the model."""
    if not footage:
        return None
    return Footage(Path(footage), folder / "footage.json", sections=footage_sections(model.card, sections))


def _key(model: FilmModel, size: tuple[int, int], sections: int, footage: str) -> str:
    """Names the files of films that were made for this model in this way."""
    parts = (model.fingerprint, *size, sections, footage, *(field.name for field in fields(Truth)))
    return f"{model.card.kind}-{hashlib.sha256(repr(parts).encode()).hexdigest()[:10]}"
