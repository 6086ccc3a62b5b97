"""The pictures that large films are measured with: what a film begins with, and the scene around that frame.

Large films show the whole reference picture and stop at its edge, so a picture needs room on the side that a case leads to.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.animatic.film_size import view_factor
from studio.backbones.film_model import FilmModel
from studio.diffusion.backbone import ScenePicture
from studio.lab.measure.filming import Subject
from studio.lab.photographs import sample
from studio.lab.world import Film, still

MARGIN = 0.15
"""Room on every side besides the way of the true film's camera, as a share of the frame's width: it slows down before an edge."""
Room = tuple[int, int, int, int]
"""Pixels to the left of a frame, above it, to its right and below it."""


@dataclass(frozen=True)
class FilmSize:
    """The size of films, and how recognisers look at them: at the trained size, with the frames a second of small films."""

    width: int
    height: int
    factor: int = 1        # V, by which frames are reduced each way for the recognisers, see `film_size`
    every: int = 1         # of how many frames they see one
    large: bool = False    # whether the films are views of a scene picture

    @property
    def seen(self) -> tuple[int, int]:
        """Width and height of the reduced frames, at which true films are drawn."""
        return self.width // self.factor, self.height // self.factor

    def reduced(self, frames: Tensor) -> Tensor:
        """Returns frames [n, 3, H, W] as recognisers see them; n is a multiple of `every`, and the last of each is seen."""
        frames = frames[self.every - 1 :: self.every]
        return F.avg_pool2d(frames, self.factor) if self.factor > 1 else frames


def film_size(model: FilmModel, width: int, height: int) -> FilmSize:
    """Returns the size of a model's films of `width` x `height` pixels."""
    if not model.card.is_large((width, height)):
        return FilmSize(width, height)
    return FilmSize(width, height, view_factor(width, height), model.card.clock((width, height))[0] // model.card.fps, large=True)


def room_of_way(true: Film, size: FilmSize) -> Room:
    """Returns the room that a camera needs that goes as in a true film, which was drawn at the size `size.seen`."""
    (width, height), factor = size.seen, size.factor
    x, y, zoom = (true.pose - true.pose[:1]).double().unbind(dim=1)
    wide, high = width / 2 * (-zoom).exp(), height / 2 * (-zoom).exp()
    reaches = ((wide - x).max(), (high - y).max(), (wide + x).max(), (high + y).max())
    least = MARGIN * width
    left, top, right, bottom = (
        factor * math.ceil(max(0.0, float(reach) - side / 2) + least)
        for reach, side in zip(reaches, (width, height, width, height), strict=True))
    return left, top, right, bottom


def scene_picture(subject: Subject, size: FilmSize, room: Room | None = None) -> ScenePicture:
    """Returns what a subject's film begins with, and the room around it. A photograph goes on mirrored, as in true films.

    `room`: None: a third of the frame's width and height on each side.
    """
    left, top, right, bottom = room = room or (size.width // 3, size.height // 3) * 2
    if not subject.photograph:
        drawn = still(subject.seed, size.width, size.height, room)
        return _picture(drawn.float() / 255, left, top, size)
    canvas = subject.canvas(size.width, size.height)
    aside, above = (canvas.shape[2] - size.width) // 2, (canvas.shape[1] - size.height) // 2
    more = max(0, left - aside), max(0, right - aside), max(0, top - above), max(0, bottom - above)
    wide = torch.from_numpy(np.pad(canvas.numpy(), ((0, 0), more[2:], more[:2]), mode="symmetric"))
    x, y = aside + more[0] - left, above + more[2] - top
    cut = wide[:, y : y + top + size.height + bottom, x : x + left + size.width + right]
    return _picture(cut, left, top, size)


def sharp_scene(image: Image.Image, size: FilmSize) -> ScenePicture:
    """Returns an image at its own size, with a frame of `size` in its middle.

    Raises:
        ValueError: the image is smaller than the frame.
    """
    if image.width < size.width or image.height < size.height:
        raise ValueError(
            f"The picture has {image.width} x {image.height} pixels, fewer than the film's {size.width} x {size.height}.")
    pixels = torch.from_numpy(np.asarray(image.convert("RGB"), dtype=np.float32)).movedim(2, 0) / 255
    return _picture(pixels, (image.width - size.width) // 2, (image.height - size.height) // 2, size)


def sharp_scenes(size: FilmSize, drawn: Sequence[int], photograph: str = "hubble_deep_field") -> dict[str, ScenePicture]:
    """Returns pictures that have all the detail that their size can have, by name: scenes drawn at it, and a large photograph.

    `drawn`: the numbers of the scenes. The photograph is left out where it is smaller than the frame.
    """
    room = (size.width // 3, size.height // 3) * 2
    scenes = {f"scene {number}": _picture(still(number, size.width, size.height, room).float() / 255, *room[:2], size)
              for number in drawn}
    image = sample(photograph)
    if image.width < size.width or image.height < size.height:
        return scenes
    return {photograph: sharp_scene(image, size), **scenes}


def first_frame(scene: ScenePicture) -> Tensor:
    """Returns the frame that a film of the scene begins with, [3, H, W] in [0, 1]."""
    return (scene.picture[0, :, scene.top : scene.top + scene.height, scene.left : scene.left + scene.width] + 1) / 2


def own_view(scene: ScenePicture, pose: Tensor, factor: int) -> Tensor:
    """Returns the best picture there is of what a camera sees of a scene: its own pixels, resampled with a Lanczos filter.

    Args:
        scene: the whole picture.
        pose: [3] x and y in cells of 16 x `factor` pixels from the middle of the first frame, and the log of the magnification.
        factor: V, see `film_size`.

    Returns:
        [3, H, W] in [0, 1].
    """
    x, y, zoom = pose.double().tolist()
    half_width, half_height = scene.width / 2 * math.exp(-zoom), scene.height / 2 * math.exp(-zoom)
    middle_x, middle_y = scene.left + scene.width / 2 + 16 * factor * x, scene.top + scene.height / 2 + 16 * factor * y
    box = (middle_x - half_width, middle_y - half_height, middle_x + half_width, middle_y + half_height)
    bounds = (0.0, 0.0, float(scene.picture.shape[3]), float(scene.picture.shape[2]))
    inside = (max(box[0], bounds[0]), max(box[1], bounds[1]), min(box[2], bounds[2]), min(box[3], bounds[3]))
    pixels = ((scene.picture[0].movedim(0, -1) + 1) * 127.5).round().to(torch.uint8).cpu().numpy()
    seen = Image.fromarray(pixels).resize((scene.width, scene.height), Image.Resampling.LANCZOS, inside)
    return torch.from_numpy(np.asarray(seen, dtype=np.float32)).movedim(2, 0) / 255


def _picture(pixels: Tensor, left: int, top: int, size: FilmSize) -> ScenePicture:
    return ScenePicture(pixels[None] * 2 - 1, left, top, size.width, size.height)
