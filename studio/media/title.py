"""Drawing a film's title over one of its frames."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont

from studio.media.clip import Frame

BLUR = 24
"""Part of the height that the blur's radius is: height / 24."""
DIM = 0.42
"""Factor of the brightness."""
INK = (244, 240, 232)
"""Warm white."""


def draw_title(frame: Frame, title: str) -> Frame:
    """A copy of the frame [H, W, 3], darkened and blurred, with the title in its middle, in the largest size that fits."""
    height, width = frame.shape[:2]
    image = ImageEnhance.Brightness(Image.fromarray(frame).filter(ImageFilter.GaussianBlur(height / BLUR))).enhance(DIM)
    wide, high = width * 0.84, height * 0.6
    draw = ImageDraw.Draw(image)
    for size in range(height // 8, 5, -1):            # as large as fits, on as many lines as it takes
        font = ImageFont.load_default(size)
        text = "\n".join(balance_lines(title, font, wide))
        left, top, right, bottom = draw.multiline_textbbox((0, 0), text, font, spacing=size * 0.4, align="center")
        if right - left <= wide and bottom - top <= high:
            break
    place = ((width - right - left) / 2, (height - bottom - top) / 2)
    draw.multiline_text(place, text, INK, font, spacing=size * 0.4, align="center")
    return np.asarray(image)


def balance_lines(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: float) -> list[str]:
    """`text` on as few lines as fit into `width` pixels, and those as equal in length as possible."""
    widest = wrap_lines(text, font, width)
    narrower = (wrap_lines(text, font, width * share / 20) for share in range(6, 20))
    return next((tried for tried in narrower if len(tried) == len(widest)), widest)


def wrap_lines(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: float) -> list[str]:
    """`text` on lines of at most `width` pixels; a single longer word stays on a line of its own."""
    done: list[str] = []
    for word in text.split():
        if done and font.getlength(f"{done[-1]} {word}") <= width:
            done[-1] += f" {word}"
        else:
            done.append(word)
    return done
