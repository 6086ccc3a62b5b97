"""The title card: words over a frame of the film; it does not know how long it is shown."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont

from studio.media.clip import Frame

BLUR, DIM = 24, 0.42           # the blur is this part of the height
INK = (244, 240, 232)          # warm white


def title_card(frame: Frame, title: str) -> Frame:
    """The frame, dim and out of focus, with the title in its middle."""
    height, width = frame.shape[:2]
    image = ImageEnhance.Brightness(Image.fromarray(frame).filter(ImageFilter.GaussianBlur(height / BLUR))).enhance(DIM)
    wide, high = width * 0.84, height * 0.6
    draw = ImageDraw.Draw(image)
    for size in range(height // 8, 5, -1):            # as large as fits, on as many lines as it takes
        font = ImageFont.load_default(size)
        text = "\n".join(balanced(title, font, wide))
        left, top, right, bottom = draw.multiline_textbbox((0, 0), text, font, spacing=size * 0.4, align="center")
        if right - left <= wide and bottom - top <= high:
            break
    place = ((width - right - left) / 2, (height - bottom - top) / 2)
    draw.multiline_text(place, text, INK, font, spacing=size * 0.4, align="center")
    return np.asarray(image)


def balanced(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: float) -> list[str]:
    """As few lines as fit, all about as long: no lonely last word."""
    widest = lines(text, font, width)
    narrower = (lines(text, font, width * share / 20) for share in range(6, 20))
    return next((tried for tried in narrower if len(tried) == len(widest)), widest)


def lines(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: float) -> list[str]:
    """The words of `text` on lines that fit; a single word may still be too long."""
    done: list[str] = []
    for word in text.split():
        if done and font.getlength(f"{done[-1]} {word}") <= width:
            done[-1] += f" {word}"
        else:
            done.append(word)
    return done
