"""Films that lead past the frame with which a small film begins: as small films and as large ones, on one sheet to look at."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from studio.backbones.film_model import FilmModel
from studio.engine.events import Failed, RenderRequest
from studio.engine.jobs import Stop
from studio.engine.render import Renderer
from studio.engine.take_folder import CLIP
from studio.lab.measure.filming import HELD_OUT
from studio.lab.measure.sheet import SheetRow, contact_sheet, to_thumbnails
from studio.lab.photographs import sample
from studio.lab.world import still
from studio.media.clip import read_clip
from studio.media.picture import crop, read_picture
from studio.project.frames import default_frame

EXAMPLES = Path(__file__).parents[3] / "assets" / "examples"
DRAWINGS, PHOTOGRAPHS = ("lighthouse", "desert", "alley"), ("astronaut", "coffee", "rocket")
PICTURES = (*DRAWINGS, *PHOTOGRAPHS)
"""Three of the studio's samples, and three photographs that nothing was trained on."""
PROMPTS = ("the camera pans right", "the camera tilts up", "the camera pans left fast", "the camera zooms out")
BEFORE = 320, 192
COLUMN = 288
"""Pixels of a frame on the sheet."""
Size = tuple[int, int]


def picture(name: str) -> Image.Image:
    """Returns the picture of a name: a sample of the studio, a photograph of scikit-image, or a drawn scene ("scene 3").

    Raises:
        ValueError: there is no such picture.
    """
    file = EXAMPLES / name / f"{name}.jpg"
    if file.is_file():
        return read_picture(file)
    if name.startswith("scene ") and name[6:].isdigit():
        return Image.fromarray(still(HELD_OUT + int(name[6:]), 1280, 768, (0, 0, 0, 0)).movedim(0, -1).numpy())
    return sample(name)


def film(model: FilmModel, reference: Path, size: Size, prompts: Sequence[str], folder: Path) -> Tensor:
    """Returns the first frame of a film of one section per prompt, and the last frame of each section, [1 + n, 3, H, W] in [0, 1].

    A large film begins with the frame that the studio offers for these prompts, a small one with as much of the picture as fits.

    Raises:
        ValueError: the engine could not render it.
    """
    renderer, card, parent = Renderer(model), model.card, None
    image = read_picture(reference)
    frame = default_frame(image.size, size, prompts) if card.is_large(size) else None
    shown = [np.asarray(crop(image, frame, size))]
    for number, prompt in enumerate(prompts):
        take = folder / f"take-{number}"
        take.mkdir(parents=True)
        request = RenderRequest(
            take.name, card.name, prompt, 1 + number, 1, card.steps, card.guidance, size, reference, parent, take, frame=frame)
        for event in renderer.render(request, Stop()):
            if isinstance(event, Failed):
                raise ValueError(f"'{prompt}' at {size[0]}x{size[1]} could not be filmed: {event.message} {event.remedy}")
        shown.append(read_clip(take / CLIP)[-1])
        parent = take
    return torch.from_numpy(np.stack(shown)).movedim(-1, 1).float() / 255


def measure(
    model: FilmModel, names: Sequence[str], after: Size, path: Path, report: Callable[[str], None] = lambda _: None,
    before: Size = BEFORE, prompts: Sequence[str] = PROMPTS,
) -> None:
    """Films each picture at two sizes and writes a sheet with a row for each film.

    Args:
        model: films them.
        names: of the pictures, see `picture`.
        after: the size of the large films.
        path: of the sheet, PNG or WebP.
        report: called with each picture's name before it is filmed.
        before: the size of the small films.
        prompts: of the sections.

    Raises:
        ValueError: there is no such picture, or a film could not be made.
    """
    rows = list[SheetRow]()
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            report(name)
            reference = Path(folder) / f"{name}.png"
            picture(name).save(reference)
            for size in (before, after):
                shown = film(model, reference, size, prompts, Path(folder) / f"{name} {size[0]}")
                label = f"{name}, {size[0]}x{size[1]}: the first frame, and after each of: {'; '.join(prompts)}"
                rows.append(SheetRow(label, to_thumbnails(shown, COLUMN)))
    path.parent.mkdir(parents=True, exist_ok=True)
    contact_sheet(rows, path, f"{model.card.title}: beyond the first frame, before and after")
