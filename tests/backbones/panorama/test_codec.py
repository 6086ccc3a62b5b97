"""Views become film that slides from one to the next, and the way that film is divided does not matter."""

from __future__ import annotations

import torch
from torch import Tensor

from studio.backbones.film_model import FilmModel
from studio.backbones.panorama.codec import PanoramaCodec, slide
from studio.backbones.panorama.latents import Views, to_latents
from tests.backbones.panorama.conftest import film


def world() -> Tensor:
    """[1, 3, 16, 48] a strip, of which views are taken."""
    return torch.rand(1, 3, 16, 48, generator=torch.Generator().manual_seed(1)) * 2 - 1


def test_pictures_become_the_means_of_their_areas_at_column_0(model: FilmModel, picture: Tensor) -> None:
    latent = model.codec.encode(picture)
    assert latent.shape == (1, 5, 1, 16, 16) and not latent[:, 3:].any()
    assert torch.allclose(latent[0, :3, 0, 2, 5], picture[0, :, 32:48, 80:96].mean(dim=(1, 2)), atol=1e-3)
    assert model.codec.latent_size(256, 256) == (16, 16)


def test_the_camera_slides_over_a_scene_that_both_views_show() -> None:
    strip = world()
    large = strip.repeat_interleave(16, dim=2).repeat_interleave(16, dim=3)
    for move in (4, 16, -8, 0):
        at = 16
        made = slide(strip[..., at : at + 16], strip[..., at + move : at + move + 16], move, 12)
        for index in range(12):
            left = 16 * at + round(16 * move * (index + 1) / 12)
            assert torch.allclose(made[:, :, index], large[..., left : left + 256], atol=1e-6), (move, index)


def test_the_last_frame_of_a_latent_is_its_view_and_a_held_view_fades() -> None:
    first, second = world()[..., :16], world()[..., 20:36]
    enlarged = second.repeat_interleave(16, dim=2).repeat_interleave(16, dim=3)
    for move in (-16, -4, 0, 8):
        assert torch.equal(slide(first, second, move, 6)[:, :, -1], enlarged)
    halfway = slide(first, second, 0, 2)[:, :, 0]
    assert torch.allclose(halfway[..., ::16, ::16], (first + second) / 2, atol=1e-6)


def test_decoding_in_pieces_gives_the_frames_of_decoding_at_once(model: FilmModel, picture: Tensor) -> None:
    made = film(model, picture, "the camera pans right", "the camera pans left fast", "static shot")
    start = model.codec.encode(picture)
    latents = torch.cat([each.latents for each in made], dim=2)
    once = model.codec.stream(start, 0).push(latents)
    assert once.shape == (1, 3, 6 * 12, 256, 256) and once.abs().max() <= 1
    stream = model.codec.stream(start, 0)
    assert stream.piece == 1
    assert torch.equal(torch.cat([stream.push(latent) for latent in latents.split(1, dim=2)], dim=2), once)
    later = model.codec.stream(made[0].snapshot.recent, 1)
    assert torch.equal(later.push(latents[:, :, 2:]), once[:, :, 24:]), "a stream continues after a snapshot"


def test_previews_are_small_pictures_of_views() -> None:
    views = Views(torch.full((1, 2, 3, 16, 16), 3.0), torch.zeros(1, 2), torch.zeros(1, 2))
    small = PanoramaCodec(12).preview(to_latents(views))
    assert small.shape == (2, 3, 64, 64) and float(small.max()) == 1
