"""Pictures with room around the frame, how recognisers look at large films of them, and how sharp these are."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from studio.backbones.load import load
from studio.catalogue.cards import read_card
from studio.lab.measure import camera_move, sharpness
from studio.lab.measure.filming import film, photographs, scenes
from studio.lab.measure.scene_pictures import (
    FilmSize,
    film_size,
    first_frame,
    own_view,
    room_of_way,
    scene_picture,
    sharp_scene,
)
from studio.lab.world import Section, shoot, still

ROOT = Path(__file__).parents[3]
SIZE = FilmSize(128, 64, factor=2, every=2, large=True)


def test_a_photograph_has_its_own_ground_around_the_frame_and_goes_on_mirrored() -> None:
    subject = photographs(("rocket",))[0]
    scene = scene_picture(subject, SIZE, (80, 16, 32, 48))
    assert scene.picture.shape == (1, 3, 16 + 64 + 48, 80 + 128 + 32)
    assert torch.allclose(first_frame(scene), subject.picture(128, 64), atol=1e-6)
    beyond = scene.picture[0, :, :, :16].flip(2)                 # the photograph ends 64 pixels from the frame
    assert torch.equal(beyond, scene.picture[0, :, :, 16:32])


def test_a_drawn_scene_is_the_one_of_its_films() -> None:
    seed = scenes(1)[0].seed
    frame = shoot([Section()], 96, 64, seed).frames()[0]
    around = still(seed, 96, 64, (32, 8, 16, 24))
    assert around.shape == (3, 8 + 64 + 24, 32 + 96 + 16)
    assert torch.equal(around[:, 8 : 8 + 64, 32 : 32 + 96], frame)


def test_room_is_where_the_true_camera_goes() -> None:
    true = shoot([Section("right")], 64, 32, 5)
    left, top, right, bottom = room_of_way(true, SIZE)
    assert right - left == 2 * 36 * 4
    assert top == bottom == left > 0
    out = room_of_way(shoot([Section("out", "fast")], 64, 32, 5), SIZE)
    assert out[0] == out[2] > left


def test_the_pictures_own_view_is_its_own_pixels() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (128, 256, 3), dtype=np.uint8)
    scene = sharp_scene(Image.fromarray(pixels), SIZE)
    assert torch.allclose(own_view(scene, torch.zeros(3), 2), first_frame(scene), atol=1e-6)
    moved = own_view(scene, torch.tensor([1.0, 0.0, 0.0]), 2)             # a cell of 32 pixels to the right
    assert torch.allclose(moved[:, :, :-32], first_frame(scene)[:, :, 32:], atol=1e-6)
    with pytest.raises(ValueError, match="fewer than the film's 128 x 64"):
        sharp_scene(Image.fromarray(pixels[:32]), SIZE)


def test_blur_is_less_sharp_and_light_is_no_blur() -> None:
    frame = torch.rand(3, 64, 128, generator=torch.Generator().manual_seed(0))
    same = sharpness.compare(frame, frame)
    assert (same["gradient"], same["fine"]) == (1, 1)
    blurred = sharpness.compare(F.avg_pool2d(frame[None], 3, 1, 1)[0], frame)
    assert blurred["gradient"] < 0.5 and blurred["fine"] < 0.5


@pytest.mark.slow
def test_a_large_film_is_seen_as_a_small_one(tmp_path: Path) -> None:
    """By the model that ships, with fewer steps: its pan goes as far as the true one's, in the frames that recognisers see."""
    model = load(read_card(ROOT / "models" / "memorypack-mini"), "cpu")
    model = replace(model, card=replace(model.card, steps=2))
    size = film_size(model, 384, 256)
    assert (size.seen, size.every, size.large) == ((192, 128), 2, True)
    subject = photographs(("coffee",))[0]
    true = subject.film([Section("right", "slow")], *size.seen)
    scene = scene_picture(subject, size, room_of_way(true, size))
    made = film(model, first_frame(scene), ["the camera pans slowly to the right"], 1, scene, size.reduced)
    assert made.shape == (37, 3, 128, 192)
    assert torch.allclose(made[0], true.frames()[0].float() / 255, atol=0.1)
    assert camera_move.classify(camera_move.estimate(made)) == "right"
    assert film_size(model, 320, 192) == FilmSize(320, 192)
