"""A picture's numbers as 8-bit sRGB, whatever they mean in its file: profiles, gamma, more than 8 bits, transparency."""

from __future__ import annotations

import io
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageCms

from studio.media.metadata import DAMAGED, Metadata

NEUTRAL = (214, 211, 206)             # shows through transparent places: neither paper white nor a black hole
SPACES = {"GRAY": "L", "RGB ": "RGB", "CMYK": "CMYK", "Lab ": "LAB"}
"""Pillow's modes for the colour spaces that profiles are for."""
SRGB_GAMMA = 0.45455
"""The gamma that files write for sRGB."""


def layers(image: Image.Image, metadata: Metadata) -> tuple[Image.Image, Image.Image | None]:
    """The image in 8-bit sRGB, with a neutral colour where it is transparent, and its opacity.

    Args:
        image: of any mode of Pillow's.
        metadata: the file's; a profile that cannot be read, or is for other colours than the image's, is ignored.

    Returns:
        An image of mode RGB and one of mode L, both of the same size; None for the second where nothing is transparent.
    """
    grey = image.mode in ("1", "L", "LA", "La") or image.mode.startswith(("I", "F"))
    transparent = "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "RGBa", "La")
    if image.mode.startswith(("I", "F")):
        colour, alpha = deep_grey(image, metadata)
    elif not transparent:
        coded = image.mode if image.mode in ("CMYK", "LAB") else "L" if grey else "RGB"
        colour, alpha = to_srgb(image if image.mode == coded else image.convert(coded), metadata), None
    else:
        straight = {"RGBa": "RGBA", "La": "LA"}.get(image.mode)
        layer = (image.convert(straight) if straight else image).convert("RGBA")
        colour, alpha = to_srgb(layer.getchannel("R") if grey else layer.convert("RGB"), metadata), layer.getchannel("A")
    if alpha is None:
        return colour, None
    result = Image.new("RGB", image.size, NEUTRAL)
    result.paste(colour, mask=alpha)
    return result, alpha if cast(int, alpha.getextrema()[0]) < 255 else None


def to_srgb(image: Image.Image, metadata: Metadata) -> Image.Image:
    """An opaque image of mode L, RGB, CMYK or LAB as RGB, converted by its profile or its gamma where it has one."""
    if metadata.profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(metadata.profile))
            coded = in_mode(image, SPACES.get(source.profile.xcolor_space))
            if coded is not None:
                result = ImageCms.profileToProfile(coded, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
                if result is not None:
                    return result
        except (ImageCms.PyCMSError, *DAMAGED):
            pass                                       # a profile that cannot be read is ignored
    gamma = metadata.gamma
    if gamma and 0.1 <= gamma <= 10 and abs(gamma / SRGB_GAMMA - 1) > 0.02 and image.mode in ("L", "RGB"):
        light = np.linspace(0, 1, 256) ** (1 / gamma)
        shown = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
        image = image.point(np.rint(shown * 255).astype(int).tolist() * len(image.getbands()))
    return image.convert("RGB")


def in_mode(image: Image.Image, mode: str | None) -> Image.Image | None:
    """The image in the mode of a profile, where it has colours of that kind, as greys are too. None: the profile is for others."""
    if image.mode == mode:
        return image
    if (image.mode, mode) == ("L", "RGB"):
        return image.convert("RGB")
    red, *others = image.split()
    if (image.mode, mode) == ("RGB", "L") and all(ImageChops.difference(red, other).getbbox() is None for other in others):
        return red
    return None


def deep_grey(image: Image.Image, metadata: Metadata) -> tuple[Image.Image, Image.Image | None]:
    """A grey image of more than 8 bits as RGB, and its opacity, if one of its values stands for transparent.

    Whole numbers are scaled from 16 bits, others from 0 to 1 or from their least to their largest: Pillow's own conversion
    would clip them to white. The profile acts on the values before they are rounded, so that dark places do not band.
    """
    values = np.asarray(image, dtype=np.float64)
    finite = values[np.isfinite(values)]
    least, most = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if image.mode.startswith("I;16") or (image.mode == "I" and least >= 0 and most <= 65535):
        least, most = 0.0, 65535.0
    elif image.mode == "F" and least >= 0 and most <= 1:
        least, most = 0.0, 1.0
    scaled = np.nan_to_num((values - least) / max(most - least, 1e-9), nan=0.0, posinf=1.0, neginf=0.0).clip(0, 1)
    ramp = to_srgb(Image.fromarray(np.arange(256, dtype=np.uint8)[None]), metadata)
    curve = np.asarray(ramp, dtype=np.float64)[0, :, 0]
    grey: NDArray[np.uint8] = np.rint(np.interp(scaled * 255, np.arange(256), curve)).astype(np.uint8)
    clear = image.info.get("transparency")
    alpha = Image.fromarray(np.where(values == clear, 0, 255).astype(np.uint8)) if isinstance(clear, int) else None
    return Image.fromarray(grey).convert("RGB"), alpha
