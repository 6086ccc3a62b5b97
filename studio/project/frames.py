"""The frame: which part of the reference picture the film begins with, in the film's shape.

A frame is x, y, width and height as shares of the picture (`model.Frame`). Sizes here are (width, height) in pixels.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import replace

from studio.language import sentence
from studio.project import limits
from studio.project.limits import EditError
from studio.project.model import Frame, Project

Size = tuple[int, int]

DIGITS = 6
"""Decimals of a share: far less than a pixel of any picture."""
SAME_SHAPE = 0.002
"""Difference of two shapes, relative, below which they are the same."""
MOST_ENLARGED = 10
"""Times that a frame may be enlarged in the film, unless it is half as wide as the largest one."""
USUAL, WIDE, SHARP = 0.72, 0.58, 0.9
"""Widths of the default frame, of the largest one's: with room on all sides; with more, where a prompt moves the camera back; and
where the picture has few pixels."""
PANORAMA = 1.9
"""Times longer than the film's shape that a picture is a panorama."""
STRIP = 0.94
"""Share of a panorama's short side that the default frame covers."""
MOVED = 3.0
"""Room in the direction of a whole section's move, of the room where nothing moves."""

_SLOW = re.compile(r"\b(slow|slowly|gently|slightly|a little|a bit)\b")
_CAMERA = re.compile(
    r"\b(camera|view|(pan|tilt|look|move|glide|drift|turn|track|slide|swing|travel)(s|ing)?)\b"
)
_WORDS = {
    "left": re.compile(r"\bleft(wards?)?\b"),
    "right": re.compile(r"\bright(wards?)?\b"),
    "up": re.compile(r"\b(up(wards?)?|rises?|rising|raises?|climbs?|ascends?)\b"),
    "down": re.compile(r"\b(down(wards?)?|sinks?|sinking|lowers?|descends?)\b"),
    "back": re.compile(
        r"\b((zoom|doll(y|ie))(s|ing)? (\w+ )?(out|back)|(pull|move|step|track|back)s? (\w+ )?(back|away|off|out)|"
        r"retreats?|recedes?|widens?|wider)\b"
    ),
    "near": re.compile(
        r"\b((zoom|doll(y|ie))(s|ing)? (\w+ )?in|moves? (\w+ )?(in|closer|forward|nearer)|push(es)? in|approach(es)?)\b"
    ),
}
"""Directions of the camera's moves, as they are often said."""


def whole_frame(picture: Size, film: Size) -> Frame:
    """The largest frame of a film's shape in a picture, in its middle: what a film without a frame begins with.

    Args:
        picture, film: width and height in pixels.
    """
    ratio = (film[1] / film[0]) * (picture[0] / picture[1])     # of the shares: height by width
    width = round(min(1.0, 1 / ratio), DIGITS)
    height = min(1.0, round(width * ratio, DIGITS))
    return round((1 - width) / 2, DIGITS), round((1 - height) / 2, DIGITS), width, height


def least_width(picture: Size, film: Size) -> float:
    """The width of the smallest frame, as a share of the picture's: it is enlarged 10 times, or is half of the largest frame."""
    return round(min(film[0] / MOST_ENLARGED / picture[0], whole_frame(picture, film)[2] / 2), DIGITS)


def fit_frame(frame: Frame, picture: Size, film: Size) -> Frame:
    """The frame in a film's shape: with the same middle and about the same area, moved and made smaller where it would not fit.

    Args:
        frame: of any shape.
        picture, film: width and height in pixels.

    Returns:
        A frame inside the picture, of at least `least_width`. Fitting it again changes nothing.
    """
    x, y, width, height = frame
    whole = whole_frame(picture, film)
    ratio = whole[3] / whole[2]
    same = abs(height / (width * ratio) - 1) < SAME_SHAPE
    side = width if same else math.sqrt(width * height / ratio)
    side = round(min(max(side, least_width(picture, film)), whole[2]), DIGITS)
    tall = min(round(side * ratio, DIGITS), 1.0)
    return _inside(x + (width - side) / 2, 1 - side), _inside(y + (height - tall) / 2, 1 - tall), side, tall


def default_frame(picture: Size, film: Size, prompts: Iterable[str]) -> Frame:
    """A frame to begin with: it leaves room on all sides, and more in the directions in which the prompts move the camera.

    A picture much longer than the film's shape is a panorama: the frame covers nearly all of its short side. Of a picture with few
    pixels more is shown, so that the film is not soft.

    Args:
        picture, film: width and height in pixels.
        prompts: of the film's segments, in order.
    """
    whole = whole_frame(picture, film)
    left, right, up, down, back = camera_room(prompts)
    longer = (picture[0] * film[1]) / (picture[1] * film[0])
    if max(longer, 1 / longer) >= PANORAMA:
        scale = STRIP - (0.1 if back else 0)
    else:
        pixels = whole[2] * picture[0] / film[0]
        scale = min(max(WIDE if back else USUAL, 1 / pixels), SHARP)
    width, height = whole[2] * scale, whole[3] * scale
    before, above = (1 + MOVED * left) / (2 + MOVED * (left + right)), (1 + MOVED * up) / (2 + MOVED * (up + down))
    return fit_frame(((1 - width) * before, (1 - height) * above, width, height), picture, film)


def camera_room(prompts: Iterable[str]) -> tuple[float, float, float, float, float]:
    """How far the camera goes from where it begins, by simple words: left, right, up, down and back, in sections of a usual pace.

    Going there and back again needs room once.
    """
    x = y = depth = 0.0
    xs, ys, depths = [0.0], [0.0], [0.0]
    for prompt in prompts:
        text = prompt.lower()
        pace = 0.5 if _SLOW.search(text) else 1.0
        says = {word: bool(pattern.search(text)) for word, pattern in _WORDS.items()}
        if _CAMERA.search(text):                         # "the sun rises" moves no camera
            x += pace * (says["right"] - says["left"])
            y += pace * (says["down"] - says["up"])
        depth += pace * (says["back"] - says["near"])
        xs.append(x)
        ys.append(y)
        depths.append(depth)
    return -min(xs), max(xs), -min(ys), max(ys), max(depths)


def set_frame(project: Project, frame: Frame | None) -> Project:
    """Set the part of the reference image that the film begins with; None, or as much as fits, is its middle.

    The frame takes the film's shape. Takes made with another frame become stale.

    Raises:
        EditError: there is no picture, or the frame leads out of it or is too small.
    """
    if frame is None:
        return replace(project, frame=None)
    if project.reference is None:
        raise EditError(sentence("A frame is a part of the picture. Choose a reference image first."))
    picture = project.reference.width, project.reference.height
    check_large_enough(limits.frame(frame), picture, project.size)
    return refit(replace(project, frame=limits.frame(frame)))


def check_large_enough(frame: Frame, picture: Size, film: Size) -> None:
    """Raises EditError: the frame is too small for the film, however it is fitted."""
    least, whole = least_width(picture, film), whole_frame(picture, film)
    if frame[2] * frame[3] < least * least * whole[3] / whole[2] * (1 - SAME_SHAPE):
        pixels = f"{frame[2] * picture[0]:.0f}×{frame[3] * picture[1]:.0f}"
        enough = f"{math.ceil(least * picture[0])}×{math.ceil(least * whole[3] / whole[2] * picture[1])}"
        raise EditError(sentence(
            "This frame is too small: it has {pixels} pixels of the picture, and at least {enough} are needed for a film of "
            "{width}×{height}. Make it larger, or choose a larger picture.",
            pixels=pixels, enough=enough, width=film[0], height=film[1]))


def refit(project: Project) -> Project:
    """The project with its frame fitted to the picture's and the film's size. A frame as large as fits in the middle is None."""
    if project.frame is None or project.reference is None:
        return replace(project, frame=None)
    picture = project.reference.width, project.reference.height
    fitted = fit_frame(project.frame, picture, project.size)
    whole = whole_frame(picture, project.size)
    same = all(abs(a - b) <= limits.EDGE for a, b in zip(fitted, whole, strict=True))
    return replace(project, frame=None if same else fitted)


def _inside(share: float, most: float) -> float:
    return round(min(max(share, 0.0), most), DIGITS) + 0.0
