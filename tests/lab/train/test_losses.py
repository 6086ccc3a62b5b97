"""The film model's errors: none for what is true, each where it belongs, and none of what is not known to be true."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from studio.backbones.animatic.heads import DRAWN_CHANNELS, Heads
from studio.backbones.animatic.state import FilmState
from studio.lab.train.encoding import Truth
from studio.lab.train.losses import UNSEEN, WEIGHTS, FilmLoss, film_loss

B, T, H, W = 2, 9, 2, 3
SIGMA = torch.full((B, 1, 1, 1, 1), 0.5)
DEVIATION = torch.linspace(2, 0.5, DRAWN_CHANNELS)


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def true() -> Truth:
    known = torch.ones(B, T, H, W)
    known[..., -1] = 0
    return Truth(
        scene=randn(B, DRAWN_CHANNELS, T, H, W), base=randn(B, DRAWN_CHANNELS, T, H, W, seed=1), known=known,
        way=randn(B, T, 3, seed=2),
        flow=randn(B, T, 2, H, W, seed=3), light=randn(B, T, 3, H, W, seed=4), weather=randn(B, T, 3, seed=5).sigmoid(),
        says=torch.tensor([[0.0, 1.0], [-1.0, -1.0]]), trusted=torch.ones(B),
    )


def perfect(truth: Truth) -> tuple[Heads, FilmState]:
    """What a network would say that knows: gates are shut where nothing is asked for, and open at the end where something is."""
    gate = torch.linspace(0, 1, T).expand(B, T)
    heads = Heads(
        drawn=torch.zeros_like(truth.scene), camera=truth.way, flow=truth.flow, light=truth.light, flicker=torch.zeros(B, T),
        light_gate=torch.stack([torch.zeros(T), gate[0]]), weather=truth.weather, weather_gate=gate,
        wind=torch.zeros(B),
    )
    return heads, FilmState(torch.zeros(B, T, 3), truth.light, truth.weather, torch.zeros(B, T))


def found(truth: Truth, drawn: Tensor | None = None, sigma: Tensor = SIGMA, **said: Tensor) -> FilmLoss:
    heads, state = perfect(truth)
    for name, value in said.items():
        if name in ("light", "weather"):
            state = replace(state, **{name: value})
        else:
            heads = replace(heads, **{"camera" if name == "way" else name: value})
    return film_loss(heads, state, truth.scene if drawn is None else drawn, truth, sigma, DEVIATION)


def test_what_is_true_has_no_error() -> None:
    nothing = found(true())
    assert nothing.loss == 0
    assert set(nothing.parts) == set(WEIGHTS)
    assert not any(nothing.parts.values())


@pytest.mark.parametrize("name", ["way", "flow", "light", "weather"])
def test_each_error_is_counted_in_its_place(name: str) -> None:
    truth = true()
    made = found(truth, **{name: getattr(truth, name) + 0.3})
    assert made.parts[name] > 0
    assert made.loss.item() == pytest.approx(WEIGHTS[name] * made.parts[name], rel=1e-5)
    assert {other for other, error in made.parts.items() if error} == {name}
    assert found(truth, **{name: getattr(truth, name) + 0.6}).parts[name] > made.parts[name]


def test_large_errors_count_by_their_size_and_small_ones_by_their_square() -> None:
    truth = true()
    parts = [found(truth, weather=truth.weather + error).parts["weather"] for error in (0.02, 0.04, 4.0, 8.0)]
    assert parts[1] / parts[0] == pytest.approx(4.0, rel=1e-3)
    assert parts[3] / parts[2] == pytest.approx(2.0, rel=0.05)


def test_a_magnification_is_looked_at_six_cells_from_the_middle() -> None:
    truth = true()
    zoomed, panned = truth.way.clone(), truth.way.clone()
    zoomed[..., 2] += 0.1
    panned[..., 0] += 0.6
    assert found(truth, camera=zoomed).parts["way"] == pytest.approx(found(truth, camera=panned).parts["way"], rel=1e-4)


def test_untrusted_footage_teaches_neither_way_nor_flow_nor_light() -> None:
    truth = replace(true(), trusted=torch.zeros(B))
    wrong = found(truth, camera=truth.way + 5, flow=truth.flow + 5, light=truth.light + 5)
    assert wrong.loss == 0
    assert found(truth, weather=truth.weather + 0.5).loss > 0
    assert found(truth, drawn=truth.scene + 1).loss > 0
    half = replace(true(), trusted=torch.tensor([1.0, 0.0]))
    ways = [found(half, camera=half.way + torch.tensor(step).view(B, 1, 1)).parts["way"] for step in ([0.0, 3.0], [3.0, 0.0])]
    assert ways[0] == 0 < ways[1]


def test_flow_where_nothing_was_seen_counts_less() -> None:
    truth = true()
    seen, unseen = truth.flow.clone(), truth.flow.clone()
    seen[..., 0] += 1
    unseen[..., -1] += 1
    assert found(truth, flow=unseen).parts["flow"] == pytest.approx(UNSEEN * found(truth, flow=seen).parts["flow"], rel=1e-4)


def test_gates_are_shut_where_nothing_is_asked_for_and_open_at_the_end_where_something_is() -> None:
    truth = true()
    light, weather = torch.zeros(B, T), torch.zeros(B, T)
    light[0], weather[0] = 0.5, torch.linspace(0, 1, T)
    assert found(truth, light_gate=light, weather_gate=weather).parts["gates"] == pytest.approx(0.25 / 4)
    light[0], weather[0] = 0.0, 0.5
    assert found(truth, light_gate=light, weather_gate=weather).parts["gates"] == pytest.approx(0.25 / 4)
    weather[0], light[1], weather[1] = torch.linspace(0, 1, T), 0.7, 0.2      # of the second film nobody knows
    assert found(truth, light_gate=light, weather_gate=weather).parts["gates"] == 0


def test_drawn_channels_count_only_where_nothing_was_seen_and_more_when_there_is_little_noise() -> None:
    truth = true()
    seen, unseen = truth.scene.clone(), truth.scene.clone()
    seen[..., 0] += 1
    unseen[..., -1] += 1
    assert found(truth, drawn=seen).loss == 0
    assert found(truth, drawn=unseen).parts["drawn"] > 0
    quiet = found(truth, drawn=unseen, sigma=0.2 * SIGMA).parts["drawn"]
    assert quiet > 2 * found(truth, drawn=unseen).parts["drawn"]
    everything = replace(truth, known=torch.ones_like(truth.known))
    assert found(everything, drawn=unseen).loss == 0
