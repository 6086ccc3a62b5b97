"""Still pictures: reading any file as an upright RGB image, and writing PNG and WebP."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageDraw, ImageOps, UnidentifiedImageError

from studio.media import MediaError
from studio.media.disk import atomic_write

FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "JPEG2000", "PPM")  # not EPS: it runs a program
SMALLEST, LARGEST = 16, 4096          # pixels of a side: refused below, scaled down above
MOST_PIXELS = 100_000_000             # more than any camera; a few bytes of PNG can claim far more
NEUTRAL = (214, 211, 206)             # shows through transparent places: neither paper white nor a black hole
# what Pillow's decoders raise on damaged files
DAMAGED = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError, struct.error, zlib.error
)


def read_picture(path: Path | str) -> Image.Image:
    """The picture in `path`: upright, sRGB, its first frame, scaled down to at most 4096 pixels a side.

    Raises:
        MediaError: it is no picture, too small or too large, damaged, or cannot be read.
    """
    path = Path(path)
    try:
        Image.init()
        with Image.open(path, formats=[name for name in FORMATS if name in Image.OPEN]) as image:
            check_size(path, image.width, image.height)
            image.draft("RGB", (LARGEST, LARGEST))      # lets JPEG decode straight to a smaller size
            image.load()
            picture = rotate_upright(flatten(image))
    except Image.DecompressionBombError as error:
        raise too_large(path) from error
    except UnidentifiedImageError as error:
        raise MediaError(f"{path.name} is not a picture the studio can read. Use PNG, JPEG, WebP or TIFF.") from error
    except FileNotFoundError as error:
        raise MediaError(f"{path.name} is not there any more. Choose the picture again.") from error
    except PermissionError as error:
        raise MediaError(f"{path.name} may not be read. Change its permissions or choose a copy.") from error
    except DAMAGED as error:
        raise MediaError(f"{path.name} is damaged or cut short ({error}). Save it again or choose another.") from error
    picture.thumbnail((LARGEST, LARGEST), Image.Resampling.LANCZOS)
    check_size(path, *picture.size)
    return picture


def check_size(path: Path, width: int, height: int) -> None:
    """Raises MediaError: a side is shorter than 16 pixels, or there are more than 100 megapixels."""
    if min(width, height) < SMALLEST:
        least = f"{SMALLEST}×{SMALLEST}"
        raise MediaError(f"{path.name} is only {width}×{height} pixels. Choose a picture of at least {least}.")
    if width * height > MOST_PIXELS:
        raise too_large(path)


def too_large(path: Path) -> MediaError:
    """The error for a picture of too many pixels."""
    most = f"{MOST_PIXELS // 10**6} megapixels"
    return MediaError(f"{path.name} has more than {most}. Save it smaller; {LARGEST} pixels a side is plenty.")


def flatten(image: Image.Image) -> Image.Image:
    """The image in 8-bit sRGB without transparency. The orientation tag is kept."""
    exif = image.getexif()
    if image.mode.startswith(("I", "F")):
        image = to_eight_bit(image)
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        layer = image.convert("RGBA")
        result = Image.new("RGB", image.size, NEUTRAL)
        result.paste(layer, mask=layer.getchannel("A"))
    else:
        result = to_srgb(image)
    result.info["exif"] = exif.tobytes()
    return result


def to_eight_bit(image: Image.Image) -> Image.Image:
    """A grey image of more than 8 bits, scaled to 8: Pillow's own conversion would clip it to white."""
    values = np.asarray(image, dtype=np.float64)
    deep = image.mode.startswith("I;16") or (image.mode == "I" and values.min() >= 0 and values.max() <= 65535)
    low, high = (0.0, 65535.0) if deep else (float(np.nanmin(values)), float(np.nanmax(values)))
    scaled = np.nan_to_num((values - low) / max(high - low, 1e-9))
    return Image.fromarray(np.rint(scaled.clip(0, 1) * 255).astype(np.uint8))


def to_srgb(image: Image.Image) -> Image.Image:
    """The image converted from its own colour profile to sRGB; a profile that cannot be read is ignored."""
    profile = image.info.get("icc_profile")
    if profile and image.mode in ("RGB", "CMYK", "L"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            result = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            if result is not None:
                return result
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass
    return image.convert("RGB")


def rotate_upright(image: Image.Image) -> Image.Image:
    """The image rotated as its orientation tag says, without tags, so that nothing rotates it a second time."""
    turned = ImageOps.exif_transpose(image)
    return Image.fromarray(np.asarray(turned))


def fit(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The centre of the image, scaled and cropped to exactly `size` (width, height)."""
    return ImageOps.fit(image, size, Image.Resampling.LANCZOS)


def save_png(image: Image.Image, path: Path) -> None:
    """Write an image as PNG. Raises MediaError: the disk is full or cannot be written."""
    with atomic_write(path, need=image.width * image.height * 3) as temporary:
        image.save(temporary, "PNG")


def save_poster(frame: NDArray[np.uint8], path: Path) -> None:
    """Write one frame [H, W, 3] as a still WebP."""
    with atomic_write(path) as temporary:
        Image.fromarray(frame).save(temporary, "WEBP", quality=86, method=4)


def save_map(
    frame: NDArray[np.uint8], share: NDArray[np.float32], view: tuple[float, float, float, float], path: Path, width: int = 640
) -> None:
    """Write a picture of a memory map as a still WebP.

    Args:
        frame: [H, W, 3] RGB.
        share: [H, W], the opacity of each pixel, from 0 to 1.
        view: left, top, right and bottom of an outline, in pixels of the frame.
        path: of the file.
        width: of the picture, at most.
    """
    alpha = (share.clip(0, 1) * 255).astype(np.uint8)
    image = Image.fromarray(np.dstack([frame, alpha]))
    scale = min(1.0, width / image.width)
    image = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))), Image.Resampling.LANCZOS)
    pen = ImageDraw.Draw(image)
    left, top, right, bottom = (round(edge * scale) for edge in view)
    for inset, colour, thick in ((0, (20, 18, 16, 255), 4), (1, (255, 255, 255, 255), 2)):
        box = (left + inset, top + inset, max(left + inset, right - 1 - inset), max(top + inset, bottom - 1 - inset))
        pen.rounded_rectangle(box, 6, outline=colour, width=thick)
    with atomic_write(path) as temporary:
        image.save(temporary, "WEBP", quality=84, method=4)


def preview_webp(frames: NDArray[np.uint8], fps: float, width: int = 240) -> bytes:
    """Frames [T, H, W, 3] as a small animated WebP, coded quickly and roughly: a preview of a section."""
    height = max(1, round(frames.shape[1] * width / frames.shape[2]))
    small = [Image.fromarray(frame).resize((width, height), Image.Resampling.BILINEAR) for frame in frames]
    buffer = io.BytesIO()
    small[0].save(
        buffer, "WEBP", save_all=True, append_images=small[1:], duration=round(1000 / fps), loop=0, quality=60, method=0
    )
    return buffer.getvalue()
