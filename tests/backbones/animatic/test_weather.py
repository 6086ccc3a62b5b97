"""Weather drawn over frames: what it does not change, equality of pieces and the whole film, direction, effect on a picture."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.animatic.weather import KINDS, TextureNetwork, WeatherSynthesis, enlarge

VELOCITIES = {"snow": (1.0, 4.0), "rain": (-2.0, 12.0), "fog": (-2.0, 0.0)}


def pattern(kind: str) -> Tensor:
    """What a value of noise draws, of the network's reach: a flake, a streak, a patch of mist."""
    shape = torch.zeros({"snow": (9, 9), "rain": (31, 7), "fog": (5, 5)}[kind])
    if kind == "snow":
        shape[3:6, 3:6] = 4.0
    elif kind == "rain":
        shape[:, 3] = 4.0
    else:
        shape[2, 2] = 0.15
    return shape


@torch.no_grad()
def handmade(network: TextureNetwork, kind: str) -> None:
    """The first noise beyond a threshold, drawn as the kind's pattern. Fog: noise about a half."""
    for parameter in network.parameters():
        parameter.zero_()
    network.pick.weight[0, 0] = 1.0
    network.pick.bias[0] = 3.0 if kind == "fog" else -2.8
    network.shape.weight[0, 0] = pattern(kind).flip(0, 1)
    network.finish.weight[0] = 1.0


@pytest.fixture(scope="module")
def model() -> WeatherSynthesis:
    """One depth a kind, with hand-made textures."""
    made = WeatherSynthesis(kinds=KINDS, depths=(1, 1, 1), widths=(4, 4, 4), size=256)
    for depth, kind in enumerate(KINDS):
        handmade(made.textures[depth], kind)
        made.velocities[depth] = torch.tensor(VELOCITIES[kind])
    return made.eval().requires_grad_(False)


def picture(frames: int = 1, batch: int = 1, height: int = 96, width: int = 128) -> Tensor:
    """Dark and bright halves, [B, 3, T, H, W]."""
    ramp = torch.linspace(-0.8, 0.4, width).expand(batch, 3, frames, height, width)
    return ramp.contiguous()


def all_of(kind: str, frames: int, amount: float = 1.0) -> Tensor:
    amounts = torch.zeros(1, frames, 3)
    amounts[:, :, KINDS.index(kind)] = amount
    return amounts


def motion(before: Tensor, after: Tensor) -> tuple[int, int]:
    """x, y in pixels from one overlay to the next, by phase correlation."""
    cross = torch.fft.rfft2(after - after.mean()) * torch.fft.rfft2(before - before.mean()).conj()
    peak = torch.fft.irfft2(cross / cross.abs().clamp(min=1e-9), s=before.shape)
    y, x = divmod(int(peak.argmax()), peak.shape[1])
    return (x + 64) % 256 - 64, (y + 64) % 256 - 64


def test_no_weather_leaves_every_bit(model: WeatherSynthesis) -> None:
    frames = torch.randn(2, 3, 3, 96, 128)
    amounts = torch.zeros(2, 3, 3)
    assert torch.equal(model(frames, amounts, torch.zeros(2, 3)), frames)
    amounts[1, 2, 0] = 1.0
    drawn = model(frames, amounts, torch.zeros(2, 3))
    assert torch.equal(drawn[0], frames[0])
    assert torch.equal(drawn[1, :, :2], frames[1, :, :2])
    assert not torch.equal(drawn[1, :, 2], frames[1, :, 2])


def test_the_callers_frames_stay(model: WeatherSynthesis) -> None:
    frames = picture(2)
    before = frames.clone()
    model(frames, torch.ones(1, 2, 3), torch.arange(2.0)[None])
    assert torch.equal(frames, before)


def test_pieces_are_the_whole_bit_for_bit(model: WeatherSynthesis) -> None:
    """Whatever frames are in the call, and from a model that was made anew."""
    draw = torch.Generator().manual_seed(3)
    frames = torch.rand(2, 3, 9, 64, 96, generator=draw) * 2 - 1
    amounts = torch.rand(2, 9, 3, generator=draw)
    clock = 123_456.5 + torch.arange(9.0).expand(2, 9)
    whole = model(frames, amounts, clock)
    parts = [model(frames[:, :, a:b], amounts[:, a:b], clock[:, a:b]) for a, b in ((0, 1), (1, 5), (5, 9))]
    assert torch.equal(torch.cat(parts, dim=2), whole)
    single = model(frames[1:, :, 4:5].contiguous(), amounts[1:, 4:5], clock[1:, 4:5])
    assert torch.equal(single, whole[1:, :, 4:5])
    again = WeatherSynthesis.from_config(model.config)
    again.load_state_dict(model.state_dict())
    assert torch.equal(again.eval()(frames, amounts, clock), whole)


def test_the_pattern_is_continuous_in_the_clock(model: WeatherSynthesis) -> None:
    """A thousandth of a frame changes little wherever it is, also where the torus closes, as far as a million frames on."""
    for kind in KINDS:
        step = max(abs(part) for part in VELOCITIES[kind]) + 1
        for clock in (0.0, 0.9995, 256 / step, 64.0, 999_999.0, -7.25):
            near = model.overlay(kind, 1.0, clock, 64, 64)
            assert (model.overlay(kind, 1.0, clock + 1e-3, 64, 64) - near).abs().max() < 2e-3 * step


def test_rain_and_fog_come_round(model: WeatherSynthesis) -> None:
    """On a torus of 256 pixels everything with a velocity of whole pixels is back after 256 frames."""
    for kind in ("rain", "fog"):
        assert torch.allclose(model.overlay(kind, 1.0, 3.5, 64, 64), model.overlay(kind, 1.0, 259.5, 64, 64), atol=1e-6)
        assert not torch.allclose(model.overlay(kind, 1.0, 3.5, 64, 64), model.overlay(kind, 1.0, 9.5, 64, 64), atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_it_moves_at_its_velocity(model: WeatherSynthesis, kind: str) -> None:
    x, y = VELOCITIES[kind]
    moved = motion(model.overlay(kind, 1.0, 20.0, 256, 256), model.overlay(kind, 1.0, 22.0, 256, 256))
    assert moved == (pytest.approx(2 * x, abs=1), pytest.approx(2 * y, abs=1))


def test_snow_brightens_spots(model: WeatherSynthesis) -> None:
    frames = picture()
    change = model(frames, all_of("snow", 1), torch.tensor([[5.0]])) - frames
    hit = change.abs().amax(dim=1) > 0.02
    assert 0.005 < hit.float().mean() < 0.3
    assert change.min() > -1e-6
    assert change.max() > 0.5


def test_rain_makes_streaks_and_dims_the_rest(model: WeatherSynthesis) -> None:
    """Along its fall the overlay is alike, across it is not."""
    frames = picture()
    overlay = model.overlay("rain", 1.0, 5.0, 96, 128)
    down, across = overlay.diff(dim=0).abs().mean(), overlay.diff(dim=1).abs().mean()
    assert across > 5 * down
    drawn = model(frames, all_of("rain", 1), torch.tensor([[5.0]]))
    dry = (overlay == 0).expand_as(frames)
    assert torch.allclose(drawn[dry] + 1, (frames[dry] + 1) * 0.85, atol=1e-5)


def test_fog_lowers_contrast(model: WeatherSynthesis) -> None:
    frames = picture()
    spread = [model(frames, all_of("fog", 1, amount), torch.tensor([[5.0]])).std() for amount in (0.25, 0.5, 1.0)]
    assert frames.std() > spread[0] > spread[1] > spread[2]
    assert spread[2] < 0.75 * frames.std()


def test_it_does_not_glow_at_night(model: WeatherSynthesis) -> None:
    day, night = picture(), (picture() + 1) * 0.15 - 1
    for kind in KINDS:
        by_day, by_night = (model(frames, all_of(kind, 1), torch.tensor([[5.0]])).amax() for frames in (day, night))
        assert by_night < by_day - 0.8


@pytest.mark.parametrize("kind", KINDS)
def test_half_the_amount_is_half_the_weather(model: WeatherSynthesis, kind: str) -> None:
    hidden = [float(model.overlay(kind, amount, 5.0, 256, 256).mean()) for amount in (0.001, 0.25, 0.5, 0.75, 1.0)]
    assert hidden == sorted(hidden)
    assert hidden[0] < 0.01 * hidden[-1]
    assert hidden[2] == pytest.approx(hidden[-1] / 2, rel=0.15)


def test_amounts_beyond_are_cut(model: WeatherSynthesis) -> None:
    frames, clock = picture(), torch.tensor([[5.0]])
    assert torch.equal(model(frames, all_of("fog", 1, 1.3), clock), model(frames, all_of("fog", 1, 1.0), clock))
    assert torch.equal(model(frames, all_of("fog", 1, -0.3), clock), frames)


def test_what_does_not_fit_is_refused(model: WeatherSynthesis) -> None:
    frames = picture(2)
    with pytest.raises(ValueError, match=r"needs amounts \[1, 2, 3\]"):
        model(frames, torch.ones(1, 3, 3), torch.zeros(1, 2))
    with pytest.raises(ValueError, match=r"clock \[1, 2\]"):
        model(frames, torch.ones(1, 2, 3), torch.zeros(2))
    with pytest.raises(ValueError, match="not a finite number"):
        model(frames, torch.full((1, 2, 3), torch.nan), torch.zeros(1, 2))
    with pytest.raises(ValueError, match="not a finite number"):
        model(frames, torch.ones(1, 2, 3), torch.full((1, 2), torch.inf))
    with pytest.raises(ValueError, match="multiples of 256"):
        model.textures[2].noise(torch.Generator(), 100, 256)
    with pytest.raises(ValueError, match="hail"):
        WeatherSynthesis(("snow", "hail"), (1, 1), (4, 4))


def test_changed_weights_change_the_weather(model: WeatherSynthesis) -> None:
    """Textures are kept after their first use, but not past new weights."""
    other = WeatherSynthesis.from_config(model.config).eval()
    frames, clock = picture(), torch.tensor([[5.0]])
    before = other(frames, all_of("fog", 1), clock)
    other.load_state_dict(model.state_dict())
    after = other(frames, all_of("fog", 1), clock)
    assert not torch.equal(before, after)
    assert torch.equal(after, model(frames, all_of("fog", 1), clock))


def test_half_precision_frames(model: WeatherSynthesis) -> None:
    frames, clock = picture(), torch.tensor([[5.0]])
    drawn = model(frames.bfloat16(), all_of("snow", 1), clock)
    assert drawn.dtype == torch.bfloat16
    assert (drawn.float() - model(frames, all_of("snow", 1), clock)).abs().max() < 0.03


def test_saved_and_loaded(model: WeatherSynthesis, tmp_path: Path) -> None:
    model.save_pretrained(tmp_path / "weather")
    again = WeatherSynthesis.from_pretrained(tmp_path / "weather").eval()
    assert tuple(again.config.kinds) == KINDS
    frames, clock = picture(2), torch.tensor([[5.0, 6.25]])
    assert torch.equal(again(frames, torch.ones(1, 2, 3), clock), model(frames, torch.ones(1, 2, 3), clock))


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_values_are_enlarged_as_torch_does(scale: int) -> None:
    values = torch.rand(13, 7, generator=torch.Generator().manual_seed(0))
    wanted = F.interpolate(values[None, None], scale_factor=scale, mode="bicubic", align_corners=False)[0, 0]
    assert enlarge(values, scale).sub(wanted).abs().max() < 1e-4


def test_weather_does_not_change_the_frames_it_is_given(model: WeatherSynthesis) -> None:
    frames = torch.rand(1, 3, 2, 24, 32, generator=torch.Generator().manual_seed(0))
    before, amounts = frames.clone(), torch.tensor([[[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]])
    drawn = model(frames, amounts, torch.tensor([[3.0, 4.0]]), 2)
    assert torch.equal(frames, before)
    assert torch.equal(drawn[:, :, 1], before[:, :, 1]) and not torch.equal(drawn[:, :, 0], before[:, :, 0])
