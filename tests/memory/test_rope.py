"""RoPE indices against hand-computed ones, and their effect on the network."""

from __future__ import annotations

import pytest
import torch
from diffusers.models.embeddings import apply_rotary_emb

from studio.backbones.framepack.backbone import FramePackBackbone
from studio.diffusion import flow
from studio.diffusion.backbone import Conditioning
from studio.diffusion.section import Sampling, SectionResult, denoise_section
from studio.lab import tiny
from studio.memory.context_sizes import RECENT
from studio.memory.framepack import pack_context
from studio.memory.rope import FIXED_OFFSETS, RopeRule, TrueIndices, rope_rule
from studio.memory.snapshot import Snapshot

SHAPE = (1, 4, 3, 4, 4)


def indices(positions: RopeRule, sections: int, window: int = 9) -> dict[str, list[int]]:
    film = torch.zeros(1, 1, 1 + RECENT, 2, 2)
    packed = pack_context(film[:, :, :1], film[:, :, 1:], window, positions(sections, window))
    return {
        "clean": packed.clean_index.tolist(), "twice": packed.history_2x_index.tolist(),
        "fourfold": packed.history_4x_index.tolist(), "window": packed.index.tolist(),
    }


def test_the_first_section_is_framepacks() -> None:
    assert indices(TrueIndices(100), 0) == indices(FIXED_OFFSETS, 0) == {
        "clean": [0, 19], "twice": [17, 18], "fourfold": list(range(1, 17)), "window": list(range(20, 29)),
    }


def test_fixed_offsets_never_move() -> None:
    assert indices(FIXED_OFFSETS, 57) == indices(FIXED_OFFSETS, 0)


def test_true_indices_of_the_third_section() -> None:
    """Two sections of 9 lie behind it: all but the image has moved on by 18."""
    assert indices(TrueIndices(100), 2) == {
        "clean": [0, 37], "twice": [35, 36], "fourfold": list(range(19, 35)), "window": list(range(38, 47)),
    }


@pytest.mark.parametrize("sections", range(6))
def test_a_frame_keeps_its_index_and_the_image_moves_away(sections: int) -> None:
    now, then = TrueIndices(200)(sections, 9), TrueIndices(200)(sections + 1, 9)
    assert now[-9:].tolist() == then[RECENT - 8:RECENT + 1].tolist()     # the window becomes the newest recent frames
    assert now[0] == then[0] == 0
    assert then[-1] - then[0] == now[-1] - now[0] + 9


def test_longer_films_stay_in_the_trained_range() -> None:
    """Trained on five sections of 9, up to 19 + 45 = 64: the fifth ends there, and so do all that follow."""
    assert indices(TrueIndices(64), 4)["window"] == list(range(56, 65))
    assert indices(TrueIndices(64), 5) == indices(TrueIndices(64), 4) == indices(TrueIndices(64), 4000)
    assert indices(TrueIndices(60), 4) == {                              # cut inside a section: 32 instead of 36
        "clean": [0, 51], "twice": [49, 50], "fourfold": list(range(33, 49)), "window": list(range(52, 61)),
    }
    assert indices(TrueIndices(28), 9) == indices(FIXED_OFFSETS, 9)              # a range of one section is FramePack's layout


def test_a_range_too_small_and_a_wrong_count_are_refused() -> None:
    with pytest.raises(ValueError, match=r"up to 27 were trained.* needs 28"):
        TrueIndices(27)(0, 9)
    film = torch.zeros(1, 1, 1 + RECENT, 2, 2)
    with pytest.raises(ValueError, match=r"28.* positions for 1 start, 19 recent and 9 new"):
        pack_context(film[:, :, :1], film[:, :, 1:], 9, torch.arange(28))


def test_the_rule_by_number() -> None:
    assert rope_rule(0) is FIXED_OFFSETS
    assert rope_rule(64) == TrueIndices(64)


@pytest.fixture(scope="module")
def backbone() -> FramePackBackbone:
    return FramePackBackbone(tiny.transformer())


@pytest.fixture(scope="module")
def conditioning() -> Conditioning:
    torch.manual_seed(0)
    return Conditioning(torch.randn(1, 12, 16), torch.ones(1, 12), torch.randn(1, 8), torch.randn(1, 25, 32))


def test_only_the_distance_of_two_frames_counts(backbone: FramePackBackbone) -> None:
    """Equation 2, with the transformer's own RoPE."""
    torch.manual_seed(1)
    query, key = torch.randn(1, 1, 1, 10), torch.randn(1, 1, 1, 10)

    def product(m: int, n: int) -> torch.Tensor:
        turned = [
            apply_rotary_emb(x, backbone.transformer.rope(torch.tensor([index]), 2, 2, torch.device("cpu")), sequence_dim=1)
            for x, index in ((query, m), (key, n))
        ]
        return (turned[0] * turned[1]).sum()

    torch.testing.assert_close(product(28, 3), product(40, 15))
    assert (product(28, 3) - product(40, 3)).abs() > 1e-2


@torch.no_grad()
def test_the_way_to_the_image_alone_is_felt(backbone: FramePackBackbone, conditioning: Conditioning) -> None:
    torch.manual_seed(1)
    start, recent = torch.randn(1, 4, 1, 4, 4), torch.randn(1, 4, RECENT, 4, 4)
    x, t, guidance = torch.randn(SHAPE), torch.tensor([700.0]), torch.tensor([4500.0])
    near, far = FIXED_OFFSETS(0, 3), FIXED_OFFSETS(0, 3)
    far[0] = -12
    one, other = (backbone(x, t, pack_context(start, recent, 3, indices), conditioning, guidance) for indices in (near, far))
    assert (one - other).abs().max() > 1e-5


def test_the_section_loop_follows_the_rule(backbone: FramePackBackbone, conditioning: Conditioning) -> None:
    torch.manual_seed(2)
    new = Snapshot.initial(torch.randn(1, 4, 1, 4, 4))
    old = new.advance(torch.randn(SHAPE)).advance(torch.randn(SHAPE))

    def latents(snapshot: Snapshot, **rule_of: RopeRule) -> torch.Tensor:
        *_, last = denoise_section(backbone, snapshot, conditioning, flow.noise(SHAPE, 1), Sampling(2, 4.5, 3), **rule_of)
        assert isinstance(last, SectionResult)
        return last.latents

    assert torch.equal(latents(old), latents(old, rope=FIXED_OFFSETS))
    assert torch.equal(latents(new), latents(new, rope=TrueIndices(100)))
    assert torch.equal(latents(old), latents(old, rope=TrueIndices(RECENT + 3)))
    assert not torch.equal(latents(old), latents(old, rope=TrueIndices(100)))
