"""The reference picture around the film's frame: scaled so that the frame has the film's size, with what lies outside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

ROOM = 2048
"""Pixels outside the frame that are used on each side, at most."""
Frame = tuple[float, float, float, float]
"""Left, top, width and height, as shares of the picture's width and height."""


@dataclass(frozen=True)
class Scene:
    """A picture with the film's frame in it."""

    image: Image.Image
    left: int          # of the frame, in pixels of the image
    top: int
    shares: Frame = (0.0, 0.0, 1.0, 1.0)      # of the whole picture that the image shows

    def place(self, stroke: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        """Points given as shares of the whole picture, as shares of the image. They may lie outside it."""
        x, y, width, height = self.shares
        return [((at - x) / width, (down - y) / height) for at, down in stroke]

    def crop(self, left: int, top: int, right: int, bottom: int) -> Scene:
        """A part of the scene, in pixels of its image, with the frame in it."""
        x, y, width, height = self.shares
        across, down = width / self.image.width, height / self.image.height
        shares = x + left * across, y + top * down, (right - left) * across, (bottom - top) * down
        return Scene(self.image.crop((left, top, right, bottom)), self.left - left, self.top - top, shares)


def middle_frame(picture: tuple[int, int], size: tuple[int, int]) -> Frame:
    """The largest frame with the shape of `size` in the middle of a picture. Both are (width, height) in pixels."""
    width = min(1.0, size[0] / size[1] * picture[1] / picture[0])
    height = min(1.0, size[1] / size[0] * picture[0] / picture[1])
    return (1 - width) / 2, (1 - height) / 2, width, height


def scene(image: Image.Image, size: tuple[int, int], frame: Frame | None = None) -> Scene:
    """The picture at the scale at which `frame` has exactly `size` (width, height) pixels.

    Args:
        image: the whole picture.
        size: of the film.
        frame: None: the largest one, in the middle.
    """
    x, y, width, height = frame or middle_frame(image.size, size)
    # pixels of the film for one of the picture
    across, down = size[0] / (width * image.width), size[1] / (height * image.height)
    left, right = (min(ROOM, int(share * image.width * across + 1e-6)) for share in (x, 1 - x - width))
    top, bottom = (min(ROOM, int(share * image.height * down + 1e-6)) for share in (y, 1 - y - height))
    first_x, first_y = x * image.width - left / across, y * image.height - top / down
    columns, rows = left + size[0] + right, top + size[1] + bottom
    box = (max(0.0, first_x), max(0.0, first_y),
           min(float(image.width), first_x + columns / across), min(float(image.height), first_y + rows / down))
    shares = (box[0] / image.width, box[1] / image.height, (box[2] - box[0]) / image.width, (box[3] - box[1]) / image.height)
    return Scene(image.resize((columns, rows), Image.Resampling.LANCZOS, box), left, top, shares)
