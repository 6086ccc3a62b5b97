"""Still pictures: reading any file as an upright RGB image, and writing PNG and WebP."""

from __future__ import annotations

import errno
import io
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps, UnidentifiedImageError

from studio.language import sentence
from studio.media import MediaError, heic
from studio.media.colour import layers
from studio.media.disk import atomic_write
from studio.media.metadata import DAMAGED, Metadata, split
from studio.names import readable

FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "JPEG2000", "PPM")  # not EPS: it runs a program
SMALLEST, LARGEST = 16, 4096          # pixels of a side: refused below, scaled down above
MOST_PIXELS = 100_000_000             # more than any camera; a few bytes of PNG can claim far more
MOST_BYTES = 2**30                    # of a file: more than so many pixels take in any form
THINNEST = LARGEST // SMALLEST        # times as long as wide: scaled down, a thinner picture would be too narrow
OTHER_SHAPE = 0.005                   # of a frame, relative: less is rounding
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture of each orientation upright."""


def read_picture(path: Path | str) -> Image.Image:
    """The picture in `path`: upright, sRGB, its first frame, scaled down to at most 4096 pixels a side; see `read_layers`."""
    return read_layers(path)[0]


def read_layers(path: Path | str) -> tuple[Image.Image, Image.Image | None]:
    """The picture in `path`, and its opacity.

    Only its pixels decide whether it can be used. Orientation and colour profile are followed where they can be read; other
    metadata is not looked at.

    Returns:
        The picture: upright, sRGB, its first frame, scaled down to at most 4096 pixels a side, with a neutral colour where it is
        transparent. Its opacity: an image of mode L and the same size, or None where nothing is transparent.

    Raises:
        MediaError: it is no picture, too small, too thin or too large, damaged, or cannot be read.
    """
    path = Path(path)
    name = readable(path.name)
    try:
        Image.init()
        if path.stat().st_size > MOST_BYTES:
            raise MediaError(sentence(
                "{name} is larger than 1 GB. Save it smaller; {largest} pixels a side is plenty.", name=name, largest=LARGEST))
        with path.open("rb") as file:
            pixels, metadata = split(file)
            picture, opacity = _decode(name, pixels, metadata)
    except Image.DecompressionBombError as error:
        raise too_large(name) from error
    except UnidentifiedImageError as error:
        raise MediaError(sentence(
            "{name} is not a picture the studio can read. {advice}", name=name, advice=_advice(path))) from error
    except (FileNotFoundError, NotADirectoryError) as error:
        raise MediaError(sentence("{name} is not there any more. Choose the picture again.", name=name)) from error
    except IsADirectoryError as error:
        raise MediaError(sentence("{name} is a folder. Choose a picture in it.", name=name)) from error
    except PermissionError as error:
        raise MediaError(sentence("{name} may not be read. Change its permissions or choose a copy.", name=name)) from error
    except MemoryError as error:
        raise MediaError(sentence("{name} does not fit into the memory that is free. Save it smaller.", name=name)) from error
    except DAMAGED as error:
        if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
            raise MediaError(sentence(
                "{name}… cannot be a file: its name is too long for this disk. Give a shorter one.", name=name[:40])) from error
        raise MediaError(sentence(
            "{name} is damaged or cut short ({error}). Save it again or choose another.",
            name=name, error=str(error))) from error
    picture.thumbnail((LARGEST, LARGEST), Image.Resampling.LANCZOS)
    return picture, opacity and opacity.resize(picture.size, Image.Resampling.BOX)


def _decode(name: str, pixels: BinaryIO, metadata: Metadata) -> tuple[Image.Image, Image.Image | None]:
    """The picture of an open file, in sRGB and upright, and its opacity. Raises what Pillow raises, or MediaError for its size."""
    if heic.is_heic(pixels.read(256)):
        return _decode_heic(name, pixels)
    pixels.seek(0)
    with Image.open(pixels, formats=[form for form in FORMATS if form in Image.OPEN]) as image:
        check_size(name, image.width, image.height)
        image.draft("RGB", (LARGEST, LARGEST))      # lets JPEG decode straight to a smaller size
        metadata.add(image)
        image.load()
        colour, opacity = layers(image, metadata)
        turn = metadata.orientation()
        return rotate_upright(colour, turn), opacity and rotate_upright(opacity, turn)


def _decode_heic(name: str, file: BinaryIO) -> tuple[Image.Image, Image.Image | None]:
    """As `_decode`, for a HEIC picture. What its EXIF data say of its orientation does not count, as the format has it."""
    file.seek(0)
    found = heic.decode(file.read(), MOST_PIXELS)
    check_size(name, found.width, found.height)
    return layers(*found.image())


def check_size(name: str, width: int, height: int) -> None:
    """Check the size of a picture as it lies in its file.

    Raises:
        MediaError: a side is shorter than 16 pixels, one side is more than 256 times the other, or there are more than 100
            megapixels.
    """
    if min(width, height) < SMALLEST:
        raise MediaError(sentence(
            "{name} is only {width}×{height} pixels. Choose a picture of at least {least}×{least}.",
            name=name, width=width, height=height, least=SMALLEST))
    if max(width, height) > THINNEST * min(width, height):
        raise MediaError(sentence(
            "{name} is too thin: {width}×{height} pixels. Choose a picture of at least {smallest}×{smallest}, and at most "
            "{thinnest} times as long as it is wide.", name=name, width=width, height=height, smallest=SMALLEST, thinnest=THINNEST))
    if width * height > MOST_PIXELS:
        raise too_large(name)


def _advice(path: Path) -> str:
    """What to do with a file that is no picture of a kind that can be read."""
    with path.open("rb") as file:
        start = file.read(256)
    if heic.is_heic(start):
        return sentence("It is a HEIC picture, as phones make them: save it as JPEG and choose that.")
    if start[4:8] == b"ftyp" or start[:4] in (b"\x1aE\xdf\xa3", b"OggS") or start[:4] + start[8:12] == b"RIFFAVI ":
        return sentence("It is a video: drop it on the page of an empty film, which goes on from it. Here a picture is needed.")
    if not start:
        return sentence("It is empty: copy it again, or choose another.")
    return sentence("Use PNG, JPEG, WebP or TIFF.")


def too_large(name: str) -> MediaError:
    """The error for a picture of too many pixels."""
    return MediaError(sentence(
        "{name} has more than {most} megapixels. Save it smaller; {largest} pixels a side is plenty.",
        name=name, most=MOST_PIXELS // 10**6, largest=LARGEST))


def rotate_upright(image: Image.Image, orientation: int) -> Image.Image:
    """The image turned and mirrored as its orientation, from 1 to 8, says; it has no tags, so nothing turns it a second time."""
    turn = TURNS.get(orientation)
    return Image.fromarray(np.asarray(image if turn is None else image.transpose(turn)))


def fit(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The centre of the image, scaled and cropped to exactly `size` (width, height)."""
    return ImageOps.fit(image, size, Image.Resampling.LANCZOS)


def crop(image: Image.Image, frame: tuple[float, float, float, float] | None, size: tuple[int, int]) -> Image.Image:
    """A part of the image, scaled to exactly `size` as carefully as `fit` does.

    Args:
        image: any picture.
        frame: x, y, width and height of the part, as shares of the image's width and height; None: as much of the centre as fits.
            Of a part of another shape than `size`, as much of its own centre as fits.
        size: width and height of the result, in pixels.
    """
    if frame is None:
        return fit(image, size)
    left, top = frame[0] * image.width, frame[1] * image.height
    right, bottom = min(frame[0] + frame[2], 1.0) * image.width, min(frame[1] + frame[3], 1.0) * image.height
    longer = (right - left) * size[1] / ((bottom - top) * size[0])
    if longer > 1 + OTHER_SHAPE:
        spare = (right - left) * (1 - 1 / longer) / 2
        left, right = left + spare, right - spare
    elif longer < 1 - OTHER_SHAPE:
        spare = (bottom - top) * (1 - longer) / 2
        top, bottom = top + spare, bottom - spare
    return image.resize(size, Image.Resampling.LANCZOS, (left, top, right, bottom))


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
