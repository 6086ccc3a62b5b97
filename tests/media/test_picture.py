"""Pictures as they really come: every kind of file an artist may drop, whole, odd or broken."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from studio.media import MediaError
from studio.media.colour import NEUTRAL
from studio.media.picture import crop, fit, preview_webp, read_layers, read_picture, save_map, save_png, save_poster

LEFT, RIGHT = (200, 40, 30), (20, 60, 190)


def two_halves(width: int = 64, height: int = 40) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (width, height), RIGHT)
    image.paste(LEFT, (0, 0, width // 2, height))
    return image


def near(pixel: object, colour: tuple[int, int, int], by: int = 12) -> bool:
    return bool(np.abs(np.asarray(pixel, int) - colour).max() <= by)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "bmp", "tif", "gif", "ppm", "jp2"])
def test_the_usual_files(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"picture.{suffix}"
    two_halves().save(path)
    picture = read_picture(path)
    assert (picture.mode, picture.size) == ("RGB", (64, 40))
    assert near(picture.getpixel((5, 20)), LEFT) and near(picture.getpixel((60, 20)), RIGHT)


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "LAB"])
def test_other_colour_models(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "picture.tif"
    source = two_halves() if mode != "LAB" else to_lab(two_halves())
    source.convert(mode).save(path)
    picture = read_picture(path)
    assert (picture.mode, picture.size) == ("RGB", (64, 40))
    if mode not in ("1", "L"):
        assert near(picture.getpixel((5, 20)), LEFT, 40) and near(picture.getpixel((60, 20)), RIGHT, 40)


def to_lab(image: Image.Image) -> Image.Image:
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    result = ImageCms.profileToProfile(image, srgb, lab, outputMode="LAB")
    assert result is not None
    return result


def test_a_cmyk_jpeg_is_not_inverted(tmp_path: Path) -> None:
    two_halves().convert("CMYK").save(tmp_path / "print.jpg", quality=95)
    picture = read_picture(tmp_path / "print.jpg")
    assert near(picture.getpixel((5, 20)), LEFT, 30) and near(picture.getpixel((60, 20)), RIGHT, 30)


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bit_grey_is_scaled_not_clipped(tmp_path: Path, suffix: str) -> None:
    ramp = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (32, 1))
    Image.fromarray(ramp).save(tmp_path / f"deep.{suffix}")
    row = np.asarray(read_picture(tmp_path / f"deep.{suffix}"))[0, :, 0].astype(int)
    assert row[0] == 0 and row[-1] == 255 and np.abs(row - np.linspace(0, 255, 64)).max() <= 1


def test_sixteen_bit_colour(tmp_path: Path) -> None:
    rows = np.zeros((20, 20, 3), ">u2")
    rows[..., 0], rows[..., 2] = 65535, 32768
    body = b"".join(b"\0" + row.tobytes() for row in rows)
    (tmp_path / "deep.png").write_bytes(png(20, 20, depth=16, body=zlib.compress(body)))
    assert near(read_picture(tmp_path / "deep.png").getpixel((3, 3)), (255, 0, 128), 1)


def test_floating_point_tiff(tmp_path: Path) -> None:
    ramp = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (32, 1))
    ramp[3, 3] = np.nan
    Image.fromarray(ramp).save(tmp_path / "float.tif")
    row = np.asarray(read_picture(tmp_path / "float.tif"))[0, :, 0]
    assert row[0] == 0 and row[-1] == 255 and 120 <= row[32] <= 135


@pytest.mark.parametrize(
    ("orientation", "red_at"), [(1, (5, 20)), (2, (60, 20)), (3, (60, 20)), (6, (20, 5)), (8, (20, 60))]
)
def test_pictures_stand_as_the_camera_was_held(tmp_path: Path, orientation: int, red_at: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    for name in ("photo.jpg", "photo.png", "photo.webp"):
        two_halves().save(tmp_path / name, exif=exif)
        picture = read_picture(tmp_path / name)
        assert picture.size == ((40, 64) if orientation in (6, 8) else (64, 40))
        assert near(picture.getpixel(red_at), LEFT, 20)
        save_png(picture, tmp_path / "copy.png")
        assert read_picture(tmp_path / "copy.png").size == picture.size, "a copy must not turn a second time"


def test_transparency_shows_a_soft_neutral(tmp_path: Path) -> None:
    image = two_halves().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    image.putpixel((1, 1), (0, 0, 0, 0))
    image.save(tmp_path / "rgba.png")
    image.save(tmp_path / "rgba.webp", lossless=True)
    image.convert("LA").save(tmp_path / "la.png")
    for name in ("rgba.png", "rgba.webp", "la.png"):
        assert near(read_picture(tmp_path / name).getpixel((1, 1)), NEUTRAL, 3)
    assert near(read_picture(tmp_path / "rgba.png").getpixel((5, 39)), LEFT, 8)


def test_the_opacity_comes_upright_with_the_picture(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = two_halves().convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 20, 40))
    image.save(tmp_path / "turned.png", exif=exif)
    picture, opacity = read_layers(tmp_path / "turned.png")
    assert opacity and opacity.mode == "L" and opacity.size == picture.size == (40, 64)
    assert opacity.getpixel((20, 5)) == 0 and opacity.getpixel((20, 60)) == 255
    image.putalpha(255)
    image.save(tmp_path / "opaque.png")
    two_halves().save(tmp_path / "plain.png")
    assert read_layers(tmp_path / "opaque.png")[1] is None and read_layers(tmp_path / "plain.png")[1] is None


def test_a_frame_is_cut_out_and_scaled_as_the_whole_is() -> None:
    image = Image.effect_noise((160, 96), 60).convert("RGB")
    assert crop(image, None, (64, 48)).tobytes() == fit(image, (64, 48)).tobytes()
    assert crop(image, (0, 0, 1, 1), (80, 48)).tobytes() == fit(image, (80, 48)).tobytes()
    assert crop(image, (0.25, 0.5, 0.5, 0.5), (80, 48)).tobytes() == image.crop((40, 48, 120, 96)).tobytes(), "pixel for pixel"
    assert crop(image, (0.25, 0, 0.5, 1), (80, 48)).tobytes() == image.crop((40, 24, 120, 72)).tobytes(), "of another shape"
    assert crop(image, (0, 0.5, 1, 0.5), (80, 48)).tobytes() == image.crop((40, 48, 120, 96)).tobytes()
    assert crop(image, (0.333333, 0.666667, 0.666667, 0.333333), (32, 16)).size == (32, 16), "at the very edge"


def test_a_transparent_palette(tmp_path: Path) -> None:
    image = two_halves().quantize(4)
    clear = image.getpixel((5, 5))
    image.save(tmp_path / "p.png", transparency=clear)
    image.save(tmp_path / "p.gif", transparency=clear)
    for name in ("p.png", "p.gif"):
        picture = read_picture(tmp_path / name)
        assert near(picture.getpixel((5, 20)), NEUTRAL, 2) and near(picture.getpixel((60, 20)), RIGHT)


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_the_first_frame_of_an_animation(tmp_path: Path, suffix: str) -> None:
    later = [Image.new("RGB", (64, 40), (i * 60, 255, 0)) for i in range(3)]
    two_halves().save(tmp_path / f"a.{suffix}", save_all=True, append_images=later)
    assert near(read_picture(tmp_path / f"a.{suffix}").getpixel((5, 20)), LEFT)


def test_a_colour_profile_is_honoured_and_a_broken_one_is_not_fatal(tmp_path: Path) -> None:
    grey = Image.new("RGB", (32, 32), (128, 128, 128))
    grey.save(tmp_path / "broken.png", icc_profile=b"no profile at all")
    assert read_picture(tmp_path / "broken.png").getpixel((1, 1)) == (128, 128, 128)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    grey.save(tmp_path / "srgb.png", icc_profile=srgb)
    assert near(read_picture(tmp_path / "srgb.png").getpixel((1, 1)), (128, 128, 128), 1)


def test_a_very_large_picture_is_scaled_down(tmp_path: Path) -> None:
    Image.new("L", (9000, 600), 90).save(tmp_path / "wide.png")
    assert read_picture(tmp_path / "wide.png").size == (4096, 273)


@pytest.mark.parametrize("size", [(1, 1), (15, 400), (400, 3), (100_000, 20)])
def test_too_small(tmp_path: Path, size: tuple[int, int]) -> None:
    Image.new("L", size).save(tmp_path / "dot.png")
    with pytest.raises(MediaError, match="at least 16×16"):
        read_picture(tmp_path / "dot.png")


@pytest.mark.parametrize("side", [11_000, 40_000])
def test_a_decompression_bomb_is_refused_before_it_unfolds(tmp_path: Path, side: int) -> None:
    (tmp_path / "bomb.png").write_bytes(png(side, side, depth=8, body=zlib.compress(b"\0" * 1000)))
    with warnings.catch_warnings(), pytest.raises(MediaError, match="more than 100 megapixels"):
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        read_picture(tmp_path / "bomb.png")


def png(width: int, height: int, depth: int, body: bytes) -> bytes:
    """A PNG file by hand: Pillow cannot write these."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def test_files_that_are_no_pictures(tmp_path: Path) -> None:
    contents = {"empty.png": b"", "notes.png": b"a shopping list", "page.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n"}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(MediaError, match=f"{name} is not a picture"):
            read_picture(tmp_path / name)
    with pytest.raises(MediaError, match="not there any more"):
        read_picture(tmp_path / "gone.png")
    with pytest.raises(MediaError):
        read_picture(tmp_path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP"])
def test_truncated_and_scrambled_files_never_surprise(tmp_path: Path, form: str) -> None:
    """Whatever is wrong inside, the answer is a picture or a MediaError: nothing else."""
    rng = np.random.default_rng(7)
    buffer = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (48, 64, 3), dtype=np.uint8)).save(buffer, form)
    raw = buffer.getvalue()
    path = tmp_path / f"broken.{form.lower()}"
    path.write_bytes(raw[: len(raw) // 2])
    with pytest.raises(MediaError):
        read_picture(path)
    for _ in range(60):
        scrambled = bytearray(raw)
        for spot in rng.integers(0, min(len(raw), 400), 4):
            scrambled[spot] = rng.integers(256)
        path.write_bytes(scrambled)
        try:
            assert read_picture(path).mode == "RGB"
        except MediaError as error:
            assert path.name in error.message


@pytest.mark.parametrize("size", [(320, 192), (192, 320), (48, 48)])
def test_fit_keeps_the_centre(size: tuple[int, int]) -> None:
    image = two_halves(400, 300)
    fitted = fit(image, size)
    middle = size[0] // 2
    assert fitted.size == size
    assert near(fitted.getpixel((middle - 6, 10)), LEFT) and near(fitted.getpixel((middle + 6, 10)), RIGHT)


def test_posters_and_previews(tmp_path: Path, film: Callable[..., np.ndarray]) -> None:
    shot = film(36, width=320, height=192)
    save_poster(shot[0], tmp_path / "poster.webp")
    with Image.open(tmp_path / "poster.webp") as still:
        assert still.size == (320, 192) and np.abs(np.asarray(still.convert("RGB"), int) - shot[0]).mean() < 4
    moving = preview_webp(shot, 12, 160)
    with Image.open(io.BytesIO(moving)) as preview:
        assert (preview.format, preview.size, getattr(preview, "n_frames", 1)) == ("WEBP", (160, 96), 36)
    assert len(moving) < 150_000


def test_a_map_is_as_opaque_as_it_is_known_and_shows_where_one_looks(tmp_path: Path) -> None:
    frame = np.full((200, 400, 3), (200, 40, 40), np.uint8)
    share = np.zeros((200, 400), np.float32)
    share[:, 200:] = 1
    save_map(frame, share, (220, 40, 380, 160), tmp_path / "map.webp", width=200)
    made = np.asarray(Image.open(tmp_path / "map.webp"))
    assert made.shape == (100, 200, 4)
    assert made[50, 40, 3] < 20 and made[50, 160, 3] > 235
    assert made[50, 112].min() > 180 and made[30, 150, :3].tolist() != made[22, 150, :3].tolist()    # the frame's white edge
    save_map(frame, share, (399.6, 10, 400, 10.2), tmp_path / "edge.webp")
    assert Image.open(tmp_path / "edge.webp").size == (400, 200)


def test_names_that_no_file_can_have(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("no folder")
    cases = {tmp_path / f"{'a' * 300}.png": "too long for this disk", tmp_path / "note.txt" / "a.png": "is not there"}
    for path, sentence in cases.items():
        with pytest.raises(MediaError, match=sentence) as caught:
            read_picture(path)
        assert len(str(caught.value)) < 150
