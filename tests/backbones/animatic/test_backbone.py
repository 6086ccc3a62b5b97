"""The embedded model's backbone: its estimate of x_0, and the films that the section loop makes with a tiny network."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from studio.backbones.animatic import backbone as animatic
from studio.backbones.animatic.autoencoder import VALUES, LappedAutoencoder
from studio.backbones.animatic.backbone import precondition
from studio.backbones.animatic.codec import AnimaticCodec
from studio.backbones.animatic.composition import compose
from studio.backbones.animatic.heads import DRAWN_CHANNELS, OUTPUT_CHANNELS
from studio.backbones.animatic.network_channels import INPUT_CHANNELS, network_context
from studio.backbones.animatic.state import (
    STATE_CHANNELS,
    FilmState,
    concatenate_states,
    join_latents,
    split_latents,
    with_neutral_state,
)
from studio.backbones.animatic.weather import WeatherSynthesis
from studio.diffusion.flow import noise
from studio.diffusion.section import DenoisingStep, denoise_section
from studio.memory.framepack import pack_context
from studio.memory.snapshot import read_snapshot
from tests.backbones.animatic.tiny_films import (
    CONDITIONING,
    SAMPLING,
    WINDOW,
    H,
    W,
    backbone,
    first_snapshot,
    next_section,
    picture,
    randn,
    raw_motion,
)


def test_the_estimate_is_exact_where_nothing_deviates() -> None:
    x, base, output = randn(1, 4, 3, 2, 2), randn(1, 4, 3, 2, 2, seed=1), randn(1, 4, 3, 2, 2, seed=2)
    for sigma in (1.0, 0.5, 0.001):
        at = torch.full((1, 1, 1, 1, 1), sigma)
        assert torch.equal(precondition(x, at, base, output, torch.zeros(1, 4, 1, 1, 1)), base)


def test_the_estimate_begins_at_the_networks_output_and_ends_near_x() -> None:
    base, output, true = randn(1, 4, 3, 2, 2), randn(1, 4, 3, 2, 2, seed=1), randn(1, 4, 3, 2, 2, seed=2)
    deviation = torch.full((1, 4, 1, 1, 1), 2.0)
    start = precondition(randn(1, 4, 3, 2, 2, seed=3), torch.ones(1, 1, 1, 1, 1), base, output, deviation)
    assert torch.allclose(start, base + 2 * output, atol=1e-5)
    late = torch.full((1, 1, 1, 1, 1), 0.01)
    x = (1 - late) * true + late * randn(1, 4, 3, 2, 2, seed=4)
    assert (precondition(x, late, base, torch.zeros_like(base), deviation) - true).abs().mean() < 0.05 * (base - true).abs().mean()


def test_the_estimate_is_wieners_for_the_reduced_deviation() -> None:
    """For x of the reduced deviation and a silent network, no other factor of the noise gives a smaller error."""
    deviation_in_k, sigma = animatic.TRUST * 3.0, 0.4
    true = deviation_in_k * randn(1, 1, 1, 200, 200)
    x = (1 - sigma) * true + sigma * randn(1, 1, 1, 200, 200, seed=1)
    none, deviation = torch.zeros_like(x), torch.full((1, 1, 1, 1, 1), 3.0)
    made = precondition(x, torch.full((1, 1, 1, 1, 1), sigma), none, none, deviation)
    error = (made - true).square().mean()
    assert all((factor * made - true).square().mean() > error for factor in (0.8, 1.25))


def test_a_silent_networks_film_stands_still() -> None:
    """Bit for bit in the state, and to less than a thousandth of a level of 255 in the frames, over several sections."""
    film = backbone()
    snapshot = first_snapshot(film)
    first = _levels(film.autoencoder.decode_group(snapshot.start[:, :-STATE_CHANNELS, 0]))
    for seed in range(4):
        done = next_section(film, snapshot, seed)
        snapshot = done.snapshot
        scene, state = split_latents(done.latents)
        assert not state.pose.any()
        assert not state.light.any()
        assert not state.weather.any()
        for latent in scene.unbind(dim=2):
            torch.testing.assert_close(_levels(film.autoencoder.decode_group(latent)), first, rtol=0, atol=1e-3)


def test_a_held_picture_does_not_wear_off() -> None:
    """On a basis that loses something each time a picture is encoded, only the first time is seen."""
    film = backbone()
    film.autoencoder = LappedAutoencoder(48)
    film.autoencoder.set_basis(torch.linalg.qr(randn(VALUES, 48)).Q.T, torch.ones(48), torch.zeros(VALUES))
    moved = with_neutral_state(randn(1, 48, WINDOW, H // 16, W // 16))
    start = first_snapshot(film)
    for snapshot, begins in ((start, 0), (start.advance(moved), 1)):             # still from the start, and after a move
        scenes = []
        for seed in range(4):
            done = next_section(film, snapshot, seed)
            snapshot = done.snapshot
            scenes.append(split_latents(done.latents)[0])
        for scene in scenes[begins:]:
            assert torch.allclose(scene, scenes[begins][:, :, :1].expand_as(scene), atol=1e-5)
        if not begins:
            assert torch.allclose(scenes[0][:, :, :1], split_latents(snapshot.start)[0], atol=1e-5)


def _levels(frames: Tensor) -> Tensor:
    return (frames.clamp(-1, 1) + 1) * 127.5


@pytest.mark.parametrize(("x", "y"), [(4, 0), (-4, 0), (0, 2)])
def test_a_way_pans_the_picture_by_exactly_that(x: int, y: int) -> None:
    """So many pixels a frame for the first four frames, and then it stands; the next section goes on from there."""
    film = backbone(camera=[raw_motion(x / 4) if x else 0.0, raw_motion(y / 4) if y else 0.0, 0.0])
    snapshot, codec = first_snapshot(film), AnimaticCodec(film.autoencoder, WeatherSynthesis(size=256))
    start = picture()
    for number in (1, 2):
        done = next_section(film, snapshot, seed=number)
        frames = codec.decode_next(done.latents, snapshot.recent[:, :, -1:])
        state = split_latents(done.latents)[1]
        assert torch.allclose(state.pose[0, :, :2], torch.tensor([x / 4, y / 4]) * number, atol=1e-3)
        shown = [4 * (number - 1) + min(frame, 4) for frame in range(1, 13)]
        for frame, far in zip(frames.unbind(dim=2), shown, strict=True):
            assert (_moved(frame, -x * far, -y * far) - _moved(start, x * far, y * far)).abs().max() < 0.01
        snapshot = done.snapshot


def _moved(frame: Tensor, x: int, y: int) -> Tensor:
    """The part of a frame [1, 3, H, W] that is still there when all goes left by x and up by y."""
    return frame[..., max(y, 0) : H + min(y, 0), max(x, 0) : W + min(x, 0)]


def test_light_and_weather_do_not_change_the_scene() -> None:
    still = next_section(backbone(), first_snapshot(backbone())).latents
    film = backbone(light=[-1.0, -1.0, -0.5], light_gate=[20.0], weather=[0.75, 0.0, 0.25], weather_gate=[20.0])
    scene, state = split_latents(next_section(film, first_snapshot(film)).latents)
    assert torch.allclose(scene, split_latents(still)[0], atol=1e-4)
    assert torch.allclose(state.light[0, :, :, 0, 0], torch.tensor([-1.0, -1.0, -0.5]), atol=1e-3)
    assert torch.allclose(state.weather[0], torch.tensor([0.75, 0.0, 0.25]), atol=1e-3)


def test_a_new_shower_has_a_clock_of_its_own_that_runs_on() -> None:
    film = backbone(weather=[0.75, 0.0, 0.0], weather_gate=[20.0])
    snapshot = first_snapshot(film)
    one, other = (split_latents(next_section(film, snapshot, seed).latents)[1].clock[0] for seed in (1, 2))
    assert abs(one[0] - other[0]) > 1
    for clock in (one, other):
        assert clock.diff().tolist() == pytest.approx([4.0] * (WINDOW - 1), abs=1e-3)
    done = next_section(film, snapshot, 1)
    later = split_latents(next_section(film, done.snapshot, 7).latents)[1].clock[0]
    assert later[0].item() == pytest.approx(one[-1].item() + 4, abs=1e-2)


def test_content_is_drawn_where_no_source_shows_anything_and_only_there() -> None:
    film = backbone(camera=[raw_motion(1), 0.0, 0.0])
    plain = split_latents(next_section(film, first_snapshot(film)).latents)[0]
    film.transformer.proj_out.bias.data.view(OUTPUT_CHANNELS, 4)[0] = 1.0
    drawn = split_latents(next_section(film, first_snapshot(film)).latents)[0]
    assert torch.allclose(drawn[:, 1:], plain[:, 1:], atol=1e-3)
    change = (drawn - plain)[0, 0, -1]
    assert change[:, -1].min() > 0.5                      # the column that came into view
    assert change[:, 0].abs().max() < 0.5 * change[:, -1].min()


def test_what_left_is_composed_from_the_snapshots_older_frames() -> None:
    """Three cells to the right and back: the picture is the first one again, though the newest frame shows a third of it."""
    film = backbone()
    scene, _ = split_latents(first_snapshot(film).start)
    away = picture(seed=9)
    away[..., : W - 48] = picture()[..., 48:]
    gone = film.autoencoder.encode(away.unsqueeze(2)).expand(-1, -1, WINDOW, -1, -1)
    pose = torch.tensor([3.0, 0.0, 0.0]).expand(1, WINDOW, 3)
    clear = torch.zeros(1, WINDOW, 3)
    state = FilmState(pose, torch.zeros(1, WINDOW, 3, H // 16, W // 16), clear, torch.zeros(1, WINDOW))
    snapshot = first_snapshot(film).advance(join_latents(gone, state))
    film = backbone(camera=[raw_motion(-3), 0.0, 0.0])
    found, after = split_latents(next_section(film, snapshot).latents)
    assert torch.allclose(after.pose[0, -1], torch.zeros(3), atol=1e-3)
    back = film.autoencoder.decode_group(found[:, :, -1])[:, :, -1]
    assert (back - picture()).square().mean().sqrt() < 0.02
    assert torch.allclose(split_latents(snapshot.start)[0], scene)


def test_frames_are_composed_again_only_when_the_motion_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    def counted(*arguments: Tensor) -> tuple[Tensor, Tensor]:
        calls.append(1)
        return compose(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(animatic, "compose", counted)
    film = backbone(camera=[raw_motion(1), 0.0, 0.0])
    first = next_section(film, first_snapshot(film))
    assert len(calls) == 1
    next_section(film, first.snapshot)
    assert len(calls) == 2
    bias = film.transformer.proj_out.bias.data.view(OUTPUT_CHANNELS, 4)[DRAWN_CHANNELS]
    for more, wanted in ((0.01, 1), (0.05, SAMPLING.steps)):      # of 4 cells, added at every step; a cell's eighth is the limit
        calls.clear()
        bias.fill_(raw_motion(1))
        shape = (1, film.channels, WINDOW, H // 16, W // 16)
        for event in denoise_section(film, first_snapshot(film), CONDITIONING, noise(shape, 1), SAMPLING):
            if isinstance(event, DenoisingStep):
                bias.add_(more)
        assert len(calls) == wanted


def test_the_same_snapshot_and_noise_make_the_same_latents() -> None:
    film, again = backbone(silent=False), backbone(silent=False)
    snapshot = next_section(film, first_snapshot(film)).snapshot
    one = next_section(film, snapshot, seed=5).latents
    assert torch.equal(one, next_section(film, snapshot, seed=5).latents)
    assert torch.equal(one, next_section(again, snapshot, seed=5).latents)
    assert not torch.equal(one, next_section(film, snapshot, seed=6).latents)


def test_a_branch_from_a_snapshot_on_disk_goes_on_as_the_film_did(tmp_path: Path) -> None:
    film = backbone(silent=False)
    first = next_section(film, first_snapshot(film), seed=1)
    first.snapshot.write(tmp_path / "snapshot.safetensors")
    went_on = next_section(film, first.snapshot, seed=2)
    other = backbone(silent=False)
    branch = next_section(other, read_snapshot(tmp_path / "snapshot.safetensors"), seed=2)
    assert torch.equal(branch.latents, went_on.latents)
    assert torch.equal(branch.snapshot.recent, went_on.snapshot.recent)


def test_the_network_sees_coarse_scene_light_weather_and_places_but_no_clock() -> None:
    film = backbone()
    snapshot = next_section(film, first_snapshot(film)).snapshot
    context = network_context(pack_context(snapshot.start, snapshot.recent, WINDOW))
    assert context.clean.shape == (1, INPUT_CHANNELS, 2, H // 16, W // 16)
    assert context.history_2x.shape[1] == context.history_4x.shape[1] == INPUT_CHANNELS
    changed = snapshot.recent.clone()
    changed[:, -1] += 500                                  # the clock
    changed[:, -STATE_CHANNELS : -STATE_CHANNELS + 3] += 7             # the pose: the network counts from the newest frame
    other = network_context(pack_context(snapshot.start, changed, WINDOW))
    assert torch.equal(other.clean, context.clean)
    changed[:, -2] += 0.5                                  # fog
    assert not torch.equal(network_context(pack_context(snapshot.start, changed, WINDOW)).clean, context.clean)
    assert not torch.equal(context.clean[..., 0, :], context.clean[..., 1, :])


def test_states_follow_each_other() -> None:
    state = FilmState(randn(1, 4, 3), randn(1, 4, 3, 2, 2), randn(1, 4, 3), randn(1, 4))
    whole = concatenate_states(state[0:1], state[1:4])
    assert torch.equal(whole.pose, state.pose)
    assert torch.equal(whole.light, state.light)
    assert torch.equal(whole.clock, state.clock)


def test_the_prompt_says_how_hard_the_wind_blows() -> None:
    """The picture sways at its top, comes back to rest, and is not encoded anew while no wind blows."""
    film = backbone()
    snapshot, codec = first_snapshot(film), AnimaticCodec(film.autoencoder, WeatherSynthesis(size=256))
    width = film.transformer.config.pooled_projection_dim
    film.wind_weights = torch.cat([torch.zeros(width), torch.tensor([1.0])])
    frames = codec.decode_next(next_section(film, snapshot).latents, snapshot.recent[:, :, -1:])[0]
    start = picture()[0]
    moved = (frames - start[:, None]).abs().mean(dim=(0, 1, 3))                 # by row
    assert moved[:8].mean() > 1.3 * moved[-8:].mean()
    assert moved[:8].mean() > 0.05
    film.wind_weights = -film.wind_weights
    still = codec.decode_next(next_section(film, snapshot).latents, snapshot.recent[:, :, -1:])[0]
    assert torch.allclose(still, start[:, None].expand_as(still), atol=0.01)
