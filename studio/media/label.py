"""A visible label in a corner of a film's frames, such as “Made with AI”, in any script that this machine has a font for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from studio.media.clip import Frame
from studio.media.fonts import clusters, fonts_for
from studio.media.title import INK, SMALLEST, Line

HIGH, WIDE, MARGIN = 1 / 24, 0.5, 0.7
"""The letters' size over the frame's height; the label's width over the frame's, at most; the margin over the letters' size."""
STRENGTH, SHADOW = 0.9, 0.6
"""Opacity of the letters, and of the shadow that tells them from a light ground."""


class Label:
    """A text that is put into the lower right corner of frames of one size."""

    def __init__(self, text: str, width: int, height: int) -> None:
        """Draw the text once.

        Args:
            text: of letters that `title.check_title` accepts.
            width, height: of the frames, in pixels.
        """
        text, fonts = "".join(clusters(text)), fonts_for(text)
        size = max(SMALLEST, round(height * HIGH))
        line = Line(text, fonts, size)
        while size > SMALLEST and line.width() > width * WIDE:
            size -= 1
            line = Line(text, fonts, size)
        above, below = line.reach()
        margin = MARGIN * size
        left, baseline = width - margin - line.width(), height - margin - below
        box = (max(0, int(left - size)), max(0, int(baseline + above - size)), width, height)
        ground = Image.new("RGB", (box[2] - box[0], box[3] - box[1]))
        line.draw(ImageDraw.Draw(ground), left - box[0], baseline - box[1])
        letters = ground.getchannel(0).point([round(255 * value / INK[0]) if value < INK[0] else 255 for value in range(256)])
        shadow = letters.filter(ImageFilter.GaussianBlur(max(1.0, size / 5)))
        ink, dark = (np.asarray(layer, np.float32)[..., None] / np.float32(255) for layer in (letters, shadow))
        self._box = box
        # frame -> frame (1 - shadow) (1 - ink) + INK ink, as one factor and one summand
        self._factor: NDArray[np.floating] = (1 - SHADOW * np.minimum(1, 2 * dark)) * (1 - STRENGTH * ink)
        self._summand: NDArray[np.floating] = STRENGTH * ink * np.array(INK, np.float32)

    def put(self, frame: Frame) -> Frame:
        """A copy of the frame [H, W, 3] with the label."""
        labelled = frame.copy()
        left, top, right, bottom = self._box
        part = frame[top:bottom, left:right] * self._factor + self._summand
        labelled[top:bottom, left:right] = np.rint(part).clip(0, 255)
        return labelled
