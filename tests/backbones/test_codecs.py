"""Stream decoding and one-shot decoding, the embedded model's and HunyuanVideo's: the same frames; light and weather on top."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.animatic.codec import AnimaticCodec, apply_light
from studio.backbones.animatic.state import STATE_CHANNELS, FilmState, join_latents, split_latents, with_neutral_state
from studio.backbones.animatic.weather import WeatherSynthesis
from studio.backbones.framepack.codec import HunyuanCodec
from studio.lab import tiny
from studio.memory.snapshot import Snapshot
from tests.bases import of_colours

WINDOW, SECTIONS = 9, 3
H, W = 32, 48


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def animatic() -> AnimaticCodec:
    torch.manual_seed(0)
    weather = WeatherSynthesis(size=256).eval().requires_grad_(False)
    weather.velocities.copy_(randn(7, 2))
    return AnimaticCodec(of_colours(4), weather)


def latents(count: int = 7, weather: float = 1.0, light: float = 1.0) -> Tensor:
    """A film's latents [1, C, count, h, w] whose light, weather and place change."""
    t, h, w = count, H // 16, W // 16
    amounts = (weather * (0.5 + 0.5 * randn(1, t, 3, seed=2))).clamp(0, 1)
    state = FilmState(randn(1, t, 3), light * 0.5 * randn(1, t, 3, h, w, seed=1), amounts, 900 + 4 * torch.arange(float(t))[None])
    return join_latents(2 * randn(1, 48, t, h, w, seed=3), state)


@pytest.mark.parametrize("cuts", [[6], [3, 3], [1, 2, 3], [1] * 6])
def test_however_the_embedded_models_film_is_cut_its_frames_have_the_same_bits(animatic: AnimaticCodec, cuts: list[int]) -> None:
    film = latents()
    whole = animatic.decode(film)
    assert whole.shape == (1, 3, 25, H, W)
    recent = F.pad(film[:, :, :1], (0, 0, 0, 0, 18, 0))
    stream, pieces, at = animatic.stream(recent, 0), [animatic.decode(film[:, :, :1])], 1
    for count in cuts:
        pieces.append(stream.push(film[:, :, at : at + count]))
        at += count
    assert torch.equal(torch.cat(pieces, dim=2), whole)


def test_a_take_of_its_own_goes_on_with_the_same_bits(animatic: AnimaticCodec) -> None:
    film = latents()
    snapshot = Snapshot.initial(film[:, :, :1]).advance(film[:, :, 1:4])
    stream = animatic.stream(snapshot.recent, snapshot.sections)
    assert torch.equal(stream.push(film[:, :, 4:]), animatic.decode(film)[:, :, 13:])


def test_a_film_without_light_and_weather_is_its_scene(animatic: AnimaticCodec) -> None:
    film = latents()
    scene = split_latents(film)[0]
    assert torch.equal(animatic.decode(with_neutral_state(scene)), animatic.autoencoder.decode(scene).clamp(-1, 1))
    assert not torch.equal(animatic.decode(film), animatic.decode(with_neutral_state(scene)))


def test_a_picture_is_encoded_at_rest(animatic: AnimaticCodec) -> None:
    smooth = F.interpolate(0.5 * randn(1, 3, 2, 2), (H, W), mode="bicubic").clamp(-1, 1)
    start = animatic.encode(smooth)
    assert start.shape == (1, 48 + STATE_CHANNELS, 1, H // 16, W // 16)
    assert not start[:, -STATE_CHANNELS:].any()
    assert (animatic.decode(start)[:, :, 0] - smooth).abs().mean() < 0.05


def test_light_multiplies_colours() -> None:
    frames = torch.rand(1, 3, 2, H, W) * 2 - 1
    gain = torch.tensor([0.5, 1.0, 2.0])
    light = gain.log().view(1, 1, 3, 1, 1).expand(1, 2, 3, H // 16, W // 16)
    assert torch.allclose((apply_light(frames, light) + 1) / 2, gain.view(3, 1, 1, 1) * (frames + 1) / 2, atol=1e-5)
    assert apply_light(frames, torch.zeros_like(light)) is frames


def test_light_changes_softly_within_a_group_and_over_the_frame(animatic: AnimaticCodec) -> None:
    scene = animatic.encode(torch.zeros(1, 3, H, W))[:, :-STATE_CHANNELS].expand(-1, -1, 2, -1, -1)
    light = torch.zeros(1, 2, 3, H // 16, W // 16)
    light[:, 1, :, :, 0] = -1.0
    nothing = torch.zeros(1, 2, 3)
    frames = (animatic.decode(join_latents(scene, FilmState(nothing, light, nothing, torch.zeros(1, 2)))) + 1) / 2
    row = frames[0, 0, :, H // 2]
    assert torch.allclose(row[:, 0], 0.5 * torch.tensor([0.0, -0.25, -0.5, -0.75, -1.0]).exp(), atol=1e-3)
    assert torch.allclose(row[:, -1], torch.tensor(0.5), atol=1e-3)
    assert (row[4].diff() >= -1e-5).all()


def test_weather_is_drawn_over_the_lit_scene(animatic: AnimaticCodec) -> None:
    film = latents(light=0.0)
    scene, state = split_latents(film)
    assert state.weather.any()
    drawn = animatic.decode(film)
    clear = animatic.decode(with_neutral_state(scene))
    grey = animatic.weather(clear[:, :, 4:5], state.weather[:, 1:2], state.clock[:, 1:2])
    assert torch.allclose(drawn[:, :, 4:5], grey.clamp(-1, 1), atol=0.05)
    assert (drawn - clear).abs().mean() > 1e-3


def test_a_preview_is_lit(animatic: AnimaticCodec) -> None:
    smooth = F.interpolate(0.4 * randn(1, 3, 2, 2), (H, W), mode="bilinear")
    scene = animatic.encode(smooth)[:, :-STATE_CHANNELS].expand(-1, -1, 3, -1, -1)
    light = torch.tensor([0.0, -1.0, -2.0]).view(1, 3, 1, 1, 1).expand(1, 3, 3, H // 16, W // 16)
    nothing = torch.zeros(1, 3, 3)
    small = animatic.preview(join_latents(scene, FilmState(nothing, light, nothing, torch.zeros(1, 3))))
    assert small.shape == (3, 3, H // 4, W // 4)
    brightness = ((small + 1) / 2).mean(dim=(1, 2, 3))
    assert (brightness / brightness[0]).tolist() == pytest.approx([1.0, 0.3679, 0.1353], rel=0.02)
    assert torch.equal(animatic.preview(with_neutral_state(scene))[0], animatic.autoencoder.preview(scene)[0, :, 0])


@pytest.fixture(scope="module")
def film() -> torch.Tensor:
    return torch.randn(1, 4, 1 + WINDOW * SECTIONS, 4, 4, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("restart", [False, True], ids=["one take", "a take per section"])
@torch.no_grad()
def test_every_section_equals_the_one_shot_decode_of_the_film_so_far(film: torch.Tensor, restart: bool) -> None:
    autoencoder = tiny.autoencoder()
    codec = HunyuanCodec(autoencoder, WINDOW)
    snapshot = Snapshot.initial(film[:, :, :1])
    stream = codec.stream(snapshot.recent, 0)
    for k in range(SECTIONS):
        end = 1 + WINDOW * (k + 1)
        if restart:
            stream = codec.stream(snapshot.recent, snapshot.sections)
        frames = stream.push(film[:, :, end - WINDOW : end])
        whole = autoencoder.decode(film[:, :, :end] / autoencoder.config.scaling_factor).sample
        assert torch.equal(frames, whole[:, :, -4 * WINDOW :])
        snapshot = snapshot.advance(film[:, :, end - WINDOW : end])


def test_decoder_calls_do_not_grow(film: torch.Tensor) -> None:
    autoencoder = tiny.autoencoder()
    calls: list[int] = []
    autoencoder.decoder.register_forward_hook(lambda *_: calls.append(1))
    stream = HunyuanCodec(autoencoder, WINDOW).stream(Snapshot.initial(film[:, :, :1]).recent, 0)
    counts = []
    with torch.no_grad():
        for k in range(SECTIONS):
            stream.push(film[:, :, 1 + WINDOW * k : 1 + WINDOW * (k + 1)])
            counts.append(len(calls))
            calls.clear()
    assert counts == [3, 4, 4]


def test_a_window_of_broken_tiles_is_refused() -> None:
    with pytest.raises(ValueError, match="whole number of temporal tiles"):
        HunyuanCodec(tiny.autoencoder(), 8)
