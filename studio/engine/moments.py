"""What the long-term memory gives back for a moment of the film: the remembered picture of a frame's place, beside the frame.

Nothing is rendered: the memory is asked by the frame's place alone, after everything that the film has shown since.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from studio.backbones.film_model import FilmModel
from studio.engine import take_folder
from studio.engine.events import Moment
from studio.engine.input_reader import InputReader
from studio.language import sentence
from studio.media.clip import read_frame
from studio.media.picture import save_png
from studio.memory.protocol import AnswersPlaces
from studio.memory.snapshot import SnapshotError


def ask_memory(model: FilmModel, inputs: InputReader, moment: Moment, head: Path, size: tuple[int, int], folder: Path) -> None:
    """Write the frame of a moment and what is remembered of it, as two pictures.

    Args:
        model, inputs: the model, and the reader of its snapshots.
        moment: a frame of the film.
        head: folder of the take after which the memory is asked.
        size: width and height of the film.
        folder: where `take_folder.SHOWN` and `take_folder.REMEMBERED` are written; the latter's opacity is how much is known.

    Raises:
        SnapshotError: a snapshot cannot be read or does not reach back to the frame, or holds no memory that can be asked.
        MediaError: the clip cannot be read, or the disk is full.
    """
    latent, psi = inputs.latent_at(moment.take, moment.at, size), inputs.snapshot_after(head, size).psi
    memory = model.memory
    if psi is None or not isinstance(memory, AnswersPlaces):
        raise SnapshotError(sentence("This take keeps no memory that can be asked for a place."))
    psi = psi.to(model.device)
    if not memory.answers(psi):
        raise SnapshotError(sentence("At this size the memory cannot be asked for a place."))
    found = memory.answer(psi, latent.to(model.device))
    shown = torch.cat([found.frame.float().clamp(-1, 1).add(1).div(2), found.known[None].float().clamp(0, 1)])
    pixels = shown.mul(255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
    save_png(Image.fromarray(np.ascontiguousarray(pixels)), folder / take_folder.REMEMBERED)
    save_png(Image.fromarray(read_frame(moment.take / take_folder.CLIP, moment.at)), folder / take_folder.SHOWN)
