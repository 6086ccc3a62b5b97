"""The linear map from latents to colours: what is linear is found, and sections add up."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from studio.backbones.large_latent_map import LatentMap

CHANNELS = 4


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


TRUE = 0.1 * randn(CHANNELS, 3, seed=9)


def pair(seed: int, noise: float = 0.0) -> tuple[Tensor, Tensor]:
    """Latents, and frames whose colours are linear in them."""
    latents = randn(1, CHANNELS, 3, 4, 6, seed=seed)
    colours = torch.einsum("bcnhw,cd->bdnhw", latents, TRUE) + torch.tensor([0.2, 0.0, -0.1]).view(1, 3, 1, 1, 1)
    frames = colours.repeat_interleave(4, 2).repeat_interleave(8, 3).repeat_interleave(8, 4)
    return latents, (frames + noise * randn(*frames.shape, seed=seed + 100)).clamp(-1, 1)


def test_what_is_linear_is_found() -> None:
    learned = LatentMap.empty(CHANNELS).add_section(*pair(1))
    assert torch.allclose(learned.weights[:-1].float(), TRUE, atol=1e-3) and learned.explained_variance > 0.999
    latents, frames = pair(2)
    made = learned(latents)
    assert made.shape == (3, 3, 4, 6) and torch.allclose(made, frames[0, :, ::4, ::8, ::8].movedim(1, 0), atol=2e-3)


def test_sections_add_up_and_order_does_not_matter() -> None:
    first, second = pair(1, 0.3), pair(2, 0.3)
    one = LatentMap.empty(CHANNELS).add_section(*first)
    both, other = one.add_section(*second), LatentMap.empty(CHANNELS).add_section(*second).add_section(*first)
    assert (one.sections, both.sections) == (1, 2) and torch.allclose(both.weights, other.weights)
    assert (both.weights[:-1].float() - TRUE).norm() < (one.weights[:-1].float() - TRUE).norm()
    assert 0.5 < both.explained_variance < 1


def test_what_a_section_does_not_show_is_not_made_up() -> None:
    """All latents alike: the mean colour is known, and nothing else."""
    latents = torch.ones(1, CHANNELS, 3, 4, 6)
    learned = LatentMap.empty(CHANNELS).add_section(latents, torch.full((1, 3, 12, 32, 48), 0.5))
    assert learned.weights.abs().max() <= 0.5 + 1e-6 and learned.explained_variance == 0
    assert torch.allclose(learned(latents), torch.full((3, 3, 4, 6), 0.5), atol=1e-3)


def test_wrong_shapes_and_nothing_learned() -> None:
    latents, frames = pair(1)
    with pytest.raises(ValueError, match="are not those of latents"):
        LatentMap.empty(CHANNELS).add_section(latents, frames[..., :-1])
    with pytest.raises(ValueError, match="no section"):
        LatentMap.empty(CHANNELS)(latents)
