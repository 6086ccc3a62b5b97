"""Beginnings of new shots, from pictures anywhere and from frames of the film."""

from __future__ import annotations

import tempfile
from pathlib import Path

from PIL import Image

from studio.backbones.registry import sees_outside_frame
from studio.catalogue.cards import ModelCard
from studio.language import sentence
from studio.media import MediaError
from studio.media.clip import read_frame
from studio.media.picture import save_png
from studio.memory.context_sizes import RECENT
from studio.project.frames import default_frame
from studio.project.model import Frame, Project, Shot
from studio.project.store import CLIP, Store
from studio.project.tree import usable_take
from studio.session.models import check_beginning
from studio.session.pictures import import_picture


def words_shot(card: ModelCard | None) -> Shot:
    """A shot that begins from words alone. Raises EditError: the model (None: it is not installed) begins with a picture."""
    if card is not None:
        check_beginning(card)
    return Shot(from_words=True)


def picture_shot(store: Store, project: Project, card: ModelCard | None, path: Path, frame: Frame | None = None) -> Shot:
    """A shot that begins at the picture in a file anywhere, which is copied into the project.

    Args:
        store, project, card: the project and its model.
        path: of the picture.
        frame: the part of it that the shot begins with; None: the usual one where the model knows what lies outside of it.

    Raises:
        MediaError: it is no picture, or the disk is full.
    """
    picture = import_picture(path, store)
    if frame is None and card and sees_outside_frame(card, project.size):
        frame = default_frame((picture.width, picture.height), project.size, [])
    return Shot(picture, frame)


def frame_shot(store: Store, project: Project, card: ModelCard | None, take: str, at: int) -> Shot:
    """A shot that begins at a frame of a take.

    The model's state at that frame is used where the take's snapshot still holds it; an older frame is a picture like any other.

    Raises:
        EditError: no such take, or it is in the trash.
        MediaError: its clip is missing or damaged, or the disk is full.
    """
    known = usable_take(project, take)
    clip = store.take_folder(take) / CLIP
    if not clip.is_file():
        raise MediaError(sentence("The clip of this take is missing, so no shot can begin there. Choose another take."))
    at = min(max(0, at), known.frames - 1)
    made = known.segment.video is None                     # the model has no state at a frame of a video
    same = made and card is not None and (known.model, known.size) == (project.model, project.size)
    if same and card and not known.thinned and card.latents_back(project.size, known.frames - 1 - at) < RECENT:
        return Shot(take=take, at=at)
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / f"segment {len(project.lineage(take))}, frame {at + 1}.png"
        save_png(Image.fromarray(read_frame(clip, at)), picture)
        return picture_shot(store, project, card, picture, (0.0, 0.0, 1.0, 1.0))
