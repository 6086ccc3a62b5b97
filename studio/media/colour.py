"""A picture's numbers as 8-bit sRGB, whatever they mean in its file: profiles, primaries, gamma, more than 8 bits, transparency."""

from __future__ import annotations

import contextlib
import io
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageCms

from studio.media.metadata import DAMAGED, CodePoints, Metadata
from studio.media.primaries import GAMMAS, PRIMARIES, SRGB, SRGB_CURVE, icc_profile, is_srgb, to_linear_srgb

NEUTRAL = (214, 211, 206)             # shows through transparent places: neither paper white nor a black hole
SPACES = {"GRAY": "L", "RGB ": "RGB", "CMYK": "CMYK", "Lab ": "LAB"}
"""Pillow's modes for the colour spaces that profiles are for."""
SRGB_GAMMA = 0.45455
"""The gamma that files write for sRGB."""
HIGH_RANGE, BT2020, UNSPECIFIED = (16, 18), 9, 2
"""Code points: the transfer functions PQ and HLG, the primaries that they usually have, and none in particular."""
_WIDENED = [round(min(max(value - 16, 0) / 219, 1) * 255) for value in range(256)]
"""Full range of the numbers from 16 to 235 that video uses."""


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
    """An opaque image of mode L, RGB, CMYK or LAB as RGB, converted by what its file says of its colours.

    The first that can be followed counts, in the order of PNG's specification (third edition): code points, a profile, primaries
    and gamma.
    """
    screen = image.mode in ("L", "RGB")
    if screen and metadata.codes is not None and (result := by_codes(image, metadata.codes)) is not None:
        return result
    if metadata.profile and (result := by_profile(image, metadata.profile)) is not None:
        return result
    if image.mode == "RGB" and metadata.primaries is not None and not is_srgb(metadata.primaries):
        given = metadata.gamma if metadata.gamma and 0.1 <= metadata.gamma <= 10 else SRGB_GAMMA
        curve = SRGB_CURVE if abs(given / SRGB_GAMMA - 1) <= 0.02 else 1 / given
        with contextlib.suppress(ValueError):          # primaries of no screen are ignored
            if (result := by_profile(image, icc_profile(metadata.primaries, curve))) is not None:
                return result
    gamma = metadata.gamma
    if gamma and 0.1 <= gamma <= 10 and abs(gamma / SRGB_GAMMA - 1) > 0.02 and screen:
        light = np.linspace(0, 1, 256) ** (1 / gamma)
        shown = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
        image = image.point(np.rint(shown * 255).astype(int).tolist() * len(image.getbands()))
    return image.convert("RGB")


def by_profile(image: Image.Image, profile: bytes) -> Image.Image | None:
    """The image converted by an ICC profile; None: the profile cannot be read, or is for other colours than the image's."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        coded = in_mode(image, SPACES.get(source.profile.xcolor_space))
        return coded and ImageCms.profileToProfile(coded, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, *DAMAGED):
        return None


def by_codes(image: Image.Image, codes: CodePoints) -> Image.Image | None:
    """An image of mode L or RGB converted by its code points; None: they say nothing, or nothing that is known here.

    PQ and HLG become what `high_range` makes of them, in the 8 bits that are left of each number.
    """
    primaries = PRIMARIES.get(codes.primaries, SRGB if codes.primaries == UNSPECIFIED else None)
    if primaries is None or (codes.primaries, codes.transfer) == (UNSPECIFIED, UNSPECIFIED):
        return None
    full = image if codes.full_range else image.point(_WIDENED * len(image.getbands()))
    if codes.transfer in HIGH_RANGE:
        return Image.fromarray(by_high_range(np.asarray(full.convert("RGB")), codes))
    gamma = GAMMAS.get(codes.transfer, SRGB_CURVE if codes.transfer == UNSPECIFIED else None)
    if gamma is None:
        return None
    if gamma == SRGB_CURVE and is_srgb(primaries):
        return full.convert("RGB")
    return by_profile(full, icc_profile(primaries, gamma))


def by_high_range(deep: NDArray[Any], codes: CodePoints) -> NDArray[np.uint8]:
    """Numbers [H, W, 3] of PQ or HLG, of 8 or 16 bits, as [H, W, 3] sRGB."""
    from studio.media.high_range import TO_SRGB, to_standard_range

    wide = codes.primaries == BT2020 or codes.primaries not in PRIMARIES
    return to_standard_range(deep, codes.transfer, TO_SRGB if wide else to_linear_srgb(PRIMARIES[codes.primaries]))


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
