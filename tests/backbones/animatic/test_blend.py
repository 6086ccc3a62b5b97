"""The embedded model's blend: light, weather and the camera's pace go on from the state before, section by section."""

from __future__ import annotations

from dataclasses import replace

import torch

from studio.backbones.animatic.blend import blend_heads, pace
from studio.backbones.animatic.heads import Heads
from studio.backbones.animatic.state import FilmState, join_latents
from studio.diffusion.blend import SectionBlend

WINDOW, SECTION = 9, 36


def heads(light: float = -1.0, fog: float = 1.0, right: float = 0.0, gate: float = 1.0) -> Heads:
    """As the network predicts them: changes that are there at once, and a camera of even pace."""
    line = torch.arange(1, WINDOW + 1) * right
    weather, gates = torch.tensor([0, 0, fog]).expand(1, WINDOW, 3), torch.full((1, WINDOW), gate)
    return Heads(
        torch.zeros(1, 32, WINDOW, 2, 2), torch.stack([line, 0 * line, 0 * line], dim=-1).unsqueeze(0),
        torch.zeros(1, WINDOW, 2, 2, 2), torch.full((1, WINDOW, 3, 2, 2), light), torch.ones(1, WINDOW), gates, weather, gates,
        torch.zeros(1))


def state(light: float = 0.0, fog: float = 0.0) -> FilmState:
    weather = torch.tensor([[[0, 0, fog]]])
    return FilmState(torch.zeros(1, 1, 3), torch.full((1, 1, 3, 2, 2), light), weather, torch.zeros(1, 1))


def film(sections: int, frames: int, **asked: float) -> FilmState:
    """The states of so many sections that ask for the same, each begun from the one before."""
    before, speed, made = state(), torch.tensor([[0.5, 0.0, 0.0]]), []
    for index in range(sections):
        blended = blend_heads(heads(**asked), speed, SectionBlend(frames, index * SECTION, SECTION))
        after = replace(blended, flicker=torch.zeros(1, WINDOW)).film_state(before)
        speed = after.pose[:, -1] - after.pose[:, -2]
        before = FilmState(after.pose[:, -1:], after.light[:, -1:], after.weather[:, -1:], after.clock[:, -1:])
        made.append(after)
    return FilmState(*(torch.cat([getattr(one, name) for one in made], dim=1) for name in ("pose", "light", "weather", "clock")))


def test_sections_together_are_one_ease() -> None:
    blend = SectionBlend(72, 0, 72)
    made = film(2, 72)
    reached = torch.tensor(list(blend.ends(18)))
    assert torch.allclose(made.light[0, :, 0, 0, 0], -reached, atol=1e-5)
    assert torch.allclose(made.weather[0, :, 2], reached, atol=1e-5)


def test_it_ends_within_a_section() -> None:
    made = film(1, 12)
    light = made.light[0, :, 0, 0, 0].tolist()
    assert light[2:] == [-1.0] * 7 and -1 < light[1] < light[0] < 0


def test_what_is_not_asked_for_stays() -> None:
    made = film(1, 36, gate=0.0)
    assert not made.light.any() and not made.weather.any()


def test_the_cameras_pace_moves_over() -> None:
    steps = torch.diff(film(2, 72, right=-0.5).pose[0, :, 0], prepend=torch.zeros(1))
    assert steps[0] > 0.45 and steps[-1] < -0.49
    assert (torch.diff(steps) < 0).all() and torch.diff(steps).abs().max() < 0.1, "from 0.5 to the right to 0.5 to the left"
    still = film(1, 12, right=0.0)
    assert torch.equal(still.pose[0, 3:, 0], still.pose[0, 2:3, 0].expand(6)), "once it is over, a held camera stands"


def test_flicker_comes_in() -> None:
    blended = blend_heads(heads(), torch.zeros(1, 3), SectionBlend(36, 0, 36))
    assert blended.flicker[0, 0] < 0.1 < 0.9 < blended.flicker[0, -1]


def test_the_pace_before() -> None:
    def latent(x: float, zoom: float) -> torch.Tensor:
        pose = torch.tensor([[[x, 1.0, zoom]]])
        return join_latents(torch.zeros(1, 48, 1, 2, 2), replace(state(), pose=pose))

    found = pace(latent(1.0, 0.0), latent(1.5, 0.25))
    assert torch.allclose(found, torch.tensor([[0.5 * 1.284, 0.0, 0.25]]), atol=1e-3)
