"""Videos of any kind become frames of a film, or are refused with a sentence of their own."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from studio.media import MediaError
from studio.media.video import SLACK, frames, measure
from tests.media.videos import sound, turned, video


def levels(path: Path, rate: int = 24, first: int = 0) -> list[int]:
    """The numbers of the video's pictures that the film shows, read off their grey."""
    return [round((float(np.asarray(image)[-8:, -8:].mean()) - 40) / 3) for image in frames(path, path.name, rate, first)]


def test_each_picture_once_at_the_films_own_rate(tmp_path: Path) -> None:
    path = video(tmp_path / "a.mp4", 30)
    assert measure(path, "a.mp4").seconds == pytest.approx(30 / 24)
    assert levels(path) == list(range(30))
    assert levels(path, first=20) == list(range(20, 30))


@pytest.mark.parametrize(("rate", "count"), [(Fraction(24000, 1001), 60), (50, 60), (Fraction(30000, 1001), 60), (12, 24)])
def test_other_rates_show_the_newest_picture(tmp_path: Path, rate: Fraction | int, count: int) -> None:
    path = video(tmp_path / "a.mp4", count, rate)
    found = levels(path)
    assert abs(len(found) - 24 * count / rate) < 1
    assert found == [min(count - 1, int((n / 24 + SLACK) * rate)) for n in range(len(found))]
    half = len(found) // 2
    assert levels(path, first=half) == found[half:]


def test_pictures_of_varying_length_are_held(tmp_path: Path) -> None:
    path = video(tmp_path / "a.mkv", 4, 25, times=[500, 1000, 1041, 2000])
    found = levels(path)
    assert found[:12] == [0] * 12 and found[12] == 1 and found[13:36] == [2] * 23 and set(found[36:]) == {3}


def test_upright_in_odd_sizes_with_square_pixels(tmp_path: Path) -> None:
    upright = next(frames(turned(video(tmp_path / "a.mp4")), "a.mp4", 24))
    assert upright.size == (64, 96)
    corners = [np.asarray(upright)[y, x].astype(int) for y, x in ((10, 54), (10, 10))]
    assert corners[0][0] - corners[0][1] > 100 > abs(corners[1][0] - corners[1][1]), "left above is right above after the turn"
    odd = video(tmp_path / "odd.mp4", 3, size=(97, 65), pix_fmt="yuv444p")
    assert next(frames(odd, "odd", 24)).size == (97, 65)
    wide = video(tmp_path / "wide.mp4", 3, size=(72, 64), sample_aspect_ratio=Fraction(2, 1))
    assert next(frames(wide, "wide", 24)).size == (144, 64)


def test_large_pictures_are_scaled_down_while_they_are_decoded(tmp_path: Path) -> None:
    path = turned(video(tmp_path / "a.mp4", 2, size=(480, 320)))
    small, large = (next(frames(path, "a.mp4", 24, 0, least)) for least in ((64, 64), None))
    assert small.size == (64, 96) and large.size == (320, 480)
    wanted = np.asarray(large.resize(small.size, Image.Resampling.BOX)).astype(int)
    assert np.abs(np.asarray(small).astype(int) - wanted).mean() < 3
    assert next(frames(path, "a.mp4", 24, 0, (2000, 10))).size == (320, 480), "never larger than the video"


def test_more_than_eight_bits_and_transparency(tmp_path: Path) -> None:
    deep = video(tmp_path / "deep.mp4", 3, codec="libx265", pix_fmt="yuv420p10le", options={"x265-params": "log-level=none"})
    assert levels(deep) == [0, 1, 2]
    bright = video(
        tmp_path / "hdr.mp4", 60, codec="libx265", pix_fmt="yuv420p10le", color_trc=16, color_primaries=9, colorspace=9,
        options={"x265-params": "log-level=none:transfer=smpte2084:colorprim=bt2020:colormatrix=bt2020nc"})
    shown = [np.asarray(image)[-8:, -8:].mean() for image in frames(bright, "hdr.mp4", 24)]
    assert shown == sorted(shown) and shown[0] < 20 and 175 < shown[36] < 215, shown[36]
    clear = tmp_path / "clear.mov"
    with av.open(str(clear), "w") as film:
        stream = film.add_stream("qtrle", rate=24)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "argb"
        pixels = np.zeros((32, 32, 4), np.uint8)
        pixels[:16] = (255, 0, 0, 255)
        film.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgba").reformat(format="argb")))
        film.mux(stream.encode(None))
    image, = frames(clear, "clear.mov", 24)
    assert image.getpixel((5, 5)) == (255, 0, 0) and image.getpixel((5, 30)) == (214, 211, 206)


def test_a_video_of_one_picture(tmp_path: Path) -> None:
    assert levels(video(tmp_path / "one.mp4", 1)) == [0]


def test_what_is_cut_short_is_read_as_far_as_it_goes_or_refused(tmp_path: Path) -> None:
    whole = video(tmp_path / "whole.mkv", 96, options={"g": "12"})
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    found = levels(cut)
    assert 24 <= len(found) < 90 and found == list(range(len(found)))
    headless = tmp_path / "headless.mp4"
    headless.write_bytes(video(tmp_path / "a.mp4").read_bytes()[:-400])
    with pytest.raises(MediaError, match="cut short"):
        measure(headless, "headless.mp4")


def test_damage_before_the_end_is_told(tmp_path: Path) -> None:
    path = video(tmp_path / "a.mkv", 96, codec="mpeg4", options={"g": "8"})
    with av.open(str(path)) as film:
        places = [(packet.pos, packet.size) for packet in film.demux(video=0) if packet.size]
    content = bytearray(path.read_bytes())
    for place, size in places[40:]:
        content[place + 12 : place + size] = bytes(size - 12)
    path.write_bytes(content)
    try:
        found = levels(path)
    except MediaError as error:
        assert "damaged: it can be decoded up to" in str(error)
    else:
        assert len(found) == 96, "the decoder has hidden the damage"


@pytest.mark.parametrize(("content", "message"), [
    (b"", "is empty"), (b"no video at all" * 50, "not a video that can be read"),
])
def test_no_video(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(MediaError, match=message):
        next(frames(path, "a.mp4", 24))


def test_sound_alone_and_covers(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="has sound but no picture"):
        measure(sound(tmp_path / "a.m4a"), "a.m4a")
    with pytest.raises(MediaError, match="not there any more"):
        measure(tmp_path / "gone.mp4", "gone.mp4")
    with pytest.raises(MediaError, match="is a folder"):
        measure(tmp_path, "films")
    with pytest.raises(MediaError, match="only 8×8"):
        measure(video(tmp_path / "tiny.mkv", 3, size=(8, 8), codec="ffv1"), "tiny.mkv")
    Image.new("RGB", (64, 64)).save(tmp_path / "a.png")
    with pytest.raises(MediaError, match="not a video that can be read"):
        measure(tmp_path / "a.png", "a.png")
