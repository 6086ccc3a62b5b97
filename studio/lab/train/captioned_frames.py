"""True films as frames with a caption for each section: of the procedural world, or of footage at a model's own frame rate.

Letters: T frames of a section, n sections, H and W height and width in pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from studio.catalogue.cards import ModelCard
from studio.lab.train.caption_files import FootageError
from studio.lab.train.footage import Footage
from studio.lab.train.shots import RATE, fit
from studio.lab.world import FRAMES, Film
from studio.media.clip import open_clip


@dataclass(frozen=True)
class CaptionedFrames:
    """Frames of a film, and the captions of its sections."""

    frames: Tensor                  # [1 + T n, 3, H, W] uint8
    captions: tuple[str, ...]       # of each section


def world_frames(film: Film, count: int, sections: int) -> CaptionedFrames:
    """The first `sections` sections of `count` frames of a film of the world.

    The world's own sections have other lengths. Each section here gets the caption of the one that it begins in.
    """
    captions = tuple(film.sections[n * count // FRAMES].caption for n in range(sections))
    return CaptionedFrames(film.frames()[: 1 + count * sections].cpu(), captions)


def footage_sections(card: ModelCard, sections: int) -> int:
    """How many of the footage's sections, which last three seconds, hold so many sections of a model; at least one."""
    return max(1, -(-sections * card.section_frames * RATE // (card.fps * FRAMES)))


def footage_frames(card: ModelCard, footage: Footage, number: int, size: tuple[int, int], sections: int) -> CaptionedFrames:
    """A film of footage at the frame rate of a model.

    Args:
        card: the model's.
        footage: the folder.
        number: of the film.
        size: width and height in pixels.
        sections: of the model, at most.

    Raises:
        FootageError: the film is shorter than a section of the model.
        MediaError: its file cannot be read.
    """
    piece = footage.piece(number)
    seconds = FRAMES * piece.sections / RATE
    count = min(sections, int(seconds * card.fps) // card.section_frames)
    if count < 1:
        raise FootageError(f"{piece.file}: {seconds:.1f} seconds are no section of {card.title}.")
    begin, length = piece.begin / RATE, card.section_frames / card.fps
    frames = list(frames_at(footage.folder / piece.file, begin, 1 + card.section_frames * count, card.fps, *size))
    count = min(count, (len(frames) - 1) // card.section_frames)
    if count < 1:
        raise FootageError(f"{piece.file} ends too soon: convert it, or take it out of the folder.")
    parts = footage.captions[piece.file]
    middles = [begin + (n + 0.5) * length for n in range(count)]
    captions = tuple(
        next((part.caption for part in parts if part.begin <= middle < part.end), parts[0].caption) for middle in middles
    )
    stacked = torch.from_numpy(np.stack(frames[: 1 + card.section_frames * count])).movedim(3, 1).contiguous()
    return CaptionedFrames(stacked, captions)


def frames_at(path: Path, begin: float, count: int, rate: float, width: int, height: int) -> Iterator[np.ndarray]:
    """The frames on screen at begin + k / rate seconds, k = 0 .. count - 1, fitted, [H, W, 3]; fewer where the file ends.

    Raises:
        MediaError: the file cannot be read.
    """
    with open_clip(path) as container:
        stream = container.streams.video[0]
        origin: float | None = None
        shown: np.ndarray | None = None
        at = 0
        for frame in container.decode(stream):
            origin = frame.time or 0.0 if origin is None else origin
            # A tolerance of a millisecond, for time stamps are rounded.
            while shown is not None and at < count and origin + begin + at / rate < (frame.time or 0.0) - 1e-3:
                yield shown
                at += 1
            if at == count:
                return
            if (frame.time or 0.0) - origin + 1 >= begin:
                shown = np.ascontiguousarray(fit(frame, float(stream.sample_aspect_ratio or 1), width, height))
        if shown is not None and at < count:
            yield shown
