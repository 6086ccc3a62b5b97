"""The look of pictures in numbers: what moves each measure, what does not, and that another picture is told from a camera move."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from studio.media import MediaError
from studio.media.clip import Frame, write_clip
from studio.media.look import clip_look, cosine, edges, look_of, palette_distance, sharpness
from studio.media.picture import crop

PICTURES = sorted((Path(__file__).parents[2] / "assets" / "examples").glob("*/*.jpg"))


def view(path: Path, x: float, y: float, width: float) -> Frame:
    """A part of a sample picture, 320x192."""
    return np.asarray(crop(Image.open(path).convert("RGB"), (x, y, width, width), (320, 192)))


@pytest.fixture(scope="module")
def lighthouse() -> Frame:
    return view(next(p for p in PICTURES if p.stem == "lighthouse"), 0.2, 0.2, 0.6)


def test_blur_lowers_sharpness_and_light_does_not(lighthouse: Frame) -> None:
    as_it_is, blurred = look_of([lighthouse]), look_of([cv2.GaussianBlur(lighthouse, (0, 0), 2)])
    assert blurred.sharpness < 0.6 * as_it_is.sharpness
    darker = sharpness(lighthouse.astype(np.float32) / np.float32(510))
    assert darker == pytest.approx(as_it_is.sharpness, rel=1e-3)


def test_contrast_and_palette_follow_light_and_colour(lighthouse: Frame) -> None:
    as_it_is = look_of([lighthouse])
    flat = look_of([(lighthouse // 2 + 64).astype(np.uint8)])
    assert flat.contrast < 0.6 * as_it_is.contrast
    assert palette_distance(as_it_is.palette, look_of([lighthouse[:, ::-1].copy()]).palette) < 1e-6
    assert palette_distance(as_it_is.palette, look_of([lighthouse[..., ::-1].copy()]).palette) > 0.5
    assert 0 < as_it_is.mean[0] < 100 and as_it_is.mean[1] > 0, "a red sky"


def test_edges_tell_another_picture_from_a_move_of_the_camera() -> None:
    """On the sample pictures: a smaller part, a part beside it, and night are more like the same picture than any other one is."""
    here = {path.stem: edges(view(path, 0.2, 0.2, 0.6)) for path in PICTURES}
    right = 0
    for path in PICTURES:
        night = (view(path, 0.2, 0.2, 0.6) * np.array([0.3, 0.35, 0.5])).astype(np.uint8)
        for moved in (view(path, 0.3, 0.2, 0.6), view(path, 0.3, 0.3, 0.4), view(path, 0, 0, 1), night):
            found = {name: cosine(edges(moved), other) for name, other in here.items()}
            right += max(found, key=lambda name: found[name] or 0) == path.stem
    assert len(here) == 9 and right >= 34, "of 36"
    others = [cosine(here[a], here[b]) or 0 for a in here for b in here if a < b]
    assert float(np.mean(others)) < 0.45


def test_black_frames_and_clips_of_one_frame(tmp_path: Path, lighthouse: Frame) -> None:
    black = look_of([np.zeros((48, 64, 3), np.uint8)])
    assert (black.sharpness, black.contrast) == (0, 0) and black.mean[0] == 0
    assert cosine(black.edges, look_of([lighthouse]).edges) is None
    write_clip(tmp_path / "one.mp4", lighthouse[None], 12)
    assert clip_look(tmp_path / "one.mp4").sharpness == pytest.approx(look_of([lighthouse]).sharpness, rel=0.05)


def test_clips_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="is not there any more"):
        clip_look(tmp_path / "gone.mp4")
    (tmp_path / "bad.mp4").write_bytes(b"nothing")
    with pytest.raises(MediaError, match=r"bad\.mp4 is not a video"):
        clip_look(tmp_path / "bad.mp4")
