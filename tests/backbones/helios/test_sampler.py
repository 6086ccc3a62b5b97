"""The pyramid's parts: sizes and steps of its stages, the noise between them, and what it refuses."""

from __future__ import annotations

import pytest
import torch
from diffusers import HeliosDMDScheduler, HeliosScheduler

from studio.backbones.helios.backbone import HeliosBackbone
from studio.backbones.helios.sampler import HeliosSampler, Variant, block_noise, halve, stage_shapes, stage_steps
from studio.catalogue.cards import ModelError
from studio.diffusion import flow
from studio.diffusion.backbone import Backbone
from studio.diffusion.sampler import BringsSampler, EulerSampler, make_sampler
from studio.diffusion.section import Sampling
from studio.lab import tiny
from tests.backbones.helios.stock import plain_pipeline, pyramid_pipeline

PATCH = (1, 2, 2)
NOISE = flow.noise((1, 4, 9, 8, 16), 1)


def test_stages_grow_to_the_whole_size() -> None:
    assert stage_shapes((9, 48, 80), 3, PATCH) == [(9, 12, 20), (9, 24, 40), (9, 48, 80)]
    assert stage_shapes((9, 6, 10), 1, PATCH) == [(9, 6, 10)]


@pytest.mark.parametrize(("section", "stages", "said"), [
    ((9, 52, 80), 3, "at 1/4 of their size.*multiples of 64 and 64 pixels"),
    ((9, 48, 7), 1, "at full size.*multiples of 16 and 16"),
])
def test_other_sizes_are_refused_in_words(section: tuple[int, int, int], stages: int, said: str) -> None:
    with pytest.raises(ModelError, match=said + r".*Choose another size; nothing was lost"):
        stage_shapes(section, stages, PATCH)


@pytest.mark.parametrize(("steps", "stages", "each"), [
    (6, 3, [2, 2, 2]), (7, 3, [3, 2, 2]), (1, 3, [1, 1, 1]), (50, 1, [50]), (8, 3, [3, 3, 2]),
])
def test_steps_are_shared_out(steps: int, stages: int, each: list[int]) -> None:
    assert stage_steps(steps, stages) == each


def test_halved_noise_is_standard_normal() -> None:
    half = halve(flow.noise((1, 8, 9, 32, 32), 3), 2)
    assert half.shape == (1, 8, 9, 8, 8)
    assert float(half.mean()) == pytest.approx(0, abs=0.05) and float(half.std()) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("gamma", [0.25, 1 / 3])
def test_block_noise_has_its_covariance(gamma: float) -> None:
    drawn = block_noise((1, 16, 9, 32, 32), gamma, PATCH, 5)
    blocks = drawn.unflatten(4, (-1, 2)).unflatten(3, (-1, 2)).permute(0, 1, 2, 3, 5, 4, 6).reshape(-1, 4)
    wanted = torch.eye(4) * (1 + gamma) - gamma
    assert torch.allclose(blocks.T @ blocks / len(blocks), wanted, atol=0.03)
    assert torch.equal(drawn, block_noise((1, 16, 9, 32, 32), gamma, PATCH, 5))
    assert not torch.equal(drawn, block_noise((1, 16, 9, 32, 32), gamma, PATCH, 6))


def test_block_noise_is_diffusers_own_where_it_has_any() -> None:
    """Up to the rounding of its factor in float32; at the published gamma of 1/3 it has none on a processor."""
    pipe, shape = pyramid_pipeline(distilled=True, zero_star=False), (1, 4, 9, 8, 8)
    pipe.scheduler.register_to_config(gamma=0.25)
    theirs = pipe.sample_block_noise(*shape, PATCH, torch.device("cpu"), torch.Generator().manual_seed(2))
    assert torch.allclose(block_noise(shape, 0.25, PATCH, 2), theirs, atol=2e-6)


def test_a_distilled_film_begins_with_twice_the_steps() -> None:
    def timesteps(begins: bool, distilled: bool) -> int:
        kind = HeliosDMDScheduler if distilled else HeliosScheduler
        return len(HeliosSampler(kind(), Variant(distilled), Sampling(6), NOISE, PATCH, begins).timesteps)

    assert [timesteps(True, True), timesteps(False, True), timesteps(True, False)] == [12, 6, 6]


def test_zero_star_leaves_the_first_two_steps_out() -> None:
    asked: list[int] = []

    def velocity(x: torch.Tensor, timestep: torch.Tensor) -> torch.Tensor:
        asked.append(x.shape[-1])
        return torch.ones_like(x)

    def calls(guidance: float) -> list[int]:
        asked.clear()
        sampler = HeliosSampler(HeliosScheduler(), Variant(zero_star=True), Sampling(9, guidance), NOISE, PATCH, True)
        list(sampler.run(NOISE, velocity))
        return list(asked)

    assert calls(5.0) == [4, 8, 8, 8, 16, 16, 16] and calls(1.0) == [4, 4, 4, 8, 8, 8, 16, 16, 16]


@pytest.mark.parametrize(("steps", "asked"), [(1, 1), (2, 1), (3, 1), (4, 2)])
def test_a_section_of_few_steps_is_more_than_its_noise(steps: int, asked: int) -> None:
    times: list[float] = []

    def velocity(x: torch.Tensor, timestep: torch.Tensor) -> torch.Tensor:
        times.append(float(timestep))
        return torch.ones_like(x)

    sampler = HeliosSampler(plain_pipeline().scheduler, Variant(zero_star=True), Sampling(steps, 5.0), NOISE, PATCH, True)
    *_, last = sampler.run(NOISE, velocity)
    assert len(times) == asked and not torch.allclose(last.latents, NOISE)


def test_the_noise_between_stages_follows_the_seed() -> None:
    def film(seed: int) -> torch.Tensor:
        sampler = HeliosSampler(HeliosDMDScheduler(), Variant(True), Sampling(3, seed=seed), NOISE, PATCH, False)
        *_, last = sampler.run(NOISE, lambda x, t: 0.5 * x)
        return last.latents

    assert torch.equal(film(1), film(1)) and not torch.equal(film(1), film(2))


def test_a_backbone_brings_its_sampler_and_others_are_sampled_by_euler() -> None:
    own: Backbone = HeliosBackbone(tiny.helios(), HeliosDMDScheduler(), Variant(True))
    assert isinstance(own, BringsSampler) and isinstance(make_sampler(own, Sampling(6), NOISE, True), HeliosSampler)

    class Other:
        device, dtype, patch_size, channels = torch.device("cpu"), torch.float32, 2, 4

    sampler = make_sampler(Other(), Sampling(3, 4.5), NOISE, True)            # type: ignore[arg-type]
    assert isinstance(sampler, EulerSampler) and sampler.guidance.tolist() == [4500.0] and len(sampler.timesteps) == 3
