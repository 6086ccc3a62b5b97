"""The history encoder: what it counts at full size, what each token sees, and what it is as a memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from studio.lab import tiny
from studio.memory.frame_preservation import FramePreservation, SegmentEncoder
from studio.memory.frame_preservation_config import (
    FRAMEPACK_F1,
    RATES,
    SECOND_RATE,
    PsiPositions,
)
from studio.memory.protocol import Memory, appends, read_psi
from studio.memory.snapshot import Snapshot, read_snapshot
from tests.memory.history_encoders import TINY, encoder, features, only, patchifier, randn

F1_480P = (120, 60, 104)        # 20 s of 480x832 at 24 frames a second, as latents


# At full size

def test_twenty_seconds_are_5460_tokens_at_the_papers_rate() -> None:
    """The paper's worked example, as counted and as computed, on a device that holds no values."""
    with torch.device("meta"), torch.no_grad():
        encode = FramePreservation(FRAMEPACK_F1, patchifier(3072, 16))
        tokens = encode(torch.empty(1, 16, *F1_480P))
    assert FRAMEPACK_F1.grid((4, 4, 2), *F1_480P) == (60, 7, 13)
    assert tokens.shape == (1, 5460, 3072) and FRAMEPACK_F1.tokens(*F1_480P) == 5460


def test_the_first_stages_sizes_have_17_million_parameters() -> None:
    """Latents of 128 channels and a backbone 4096 wide, as in the public implementation; FramePack-F1's has fewer."""
    with torch.device("meta"):
        sizes = [sum(p.numel() for p in FramePreservation(config, patchifier(config.width, config.channels)).parameters())
                 for config in (replace(FRAMEPACK_F1, width=4096, channels=128), FRAMEPACK_F1)]
    assert sizes[0] == pytest.approx(17e6, rel=0.02) and sizes[1] == pytest.approx(16.1e6, rel=0.01)


@pytest.mark.parametrize(("rate", "a_second"), zip(RATES, (195, 390, 780, 1560), strict=True))
def test_the_papers_rates(rate: tuple[int, int, int], a_second: int) -> None:
    """Tokens a second at 480p and four latents a second; part of a cell in space is not counted, hence a little less at 4x4."""
    config = replace(FRAMEPACK_F1, rate=rate)
    assert config.tokens(80, 60, 104) / 20 == pytest.approx(a_second, rel=0.07)
    assert config.tokens(80, 64, 128) / 20 == 4 * 32 * 64 / (rate[0] * rate[1] * rate[2])
    strides = config.strides(rate)
    assert [t for t, _ in strides].count(2) == rate[2].bit_length() - 1
    assert [s for _, s in strides].count(2) == rate[0].bit_length()
    assert [t for t, s in strides if s == 2] == [1] * rate[0].bit_length()
    assert strides.index((1, 2)) == rate[2].bit_length(), "time is reduced before space"


@pytest.mark.parametrize("rate", RATES)
@torch.no_grad()
def test_rates_are_what_comes_out(rate: tuple[int, int, int]) -> None:
    encode = encoder(rate=rate, stages=(4,) * 6)
    for shape in ((9, 16, 24), (4, 10, 8), (1, 3, 2), (5, 31, 17)):
        assert encode(randn(2, 4, *shape)).shape == (2, encode.config.tokens(*shape), 20)


# What a token sees

@torch.no_grad()
@pytest.mark.parametrize("rate", RATES)
def test_a_later_frame_changes_no_earlier_token(rate: tuple[int, int, int]) -> None:
    encode, x = encoder(rate=rate, stages=(4,) * 6), randn(1, 4, 8, 16, 16)
    before = encode(x).unflatten(1, (8 // rate[2], -1))
    for frame in (3, 6, 7):
        changed = x.clone()
        changed[:, :, frame] += 1
        after, at = encode(changed).unflatten(1, (8 // rate[2], -1)), frame // rate[2]
        assert torch.equal(before[:, :at], after[:, :at])
        assert ((before - after)[:, at:].abs().amax(dim=(0, 2, 3)) > 1e-5).all()        # its own token and all behind it do


@torch.no_grad()
def test_attention_reaches_over_the_whole_past() -> None:
    """A change in one corner of the first frames reaches the opposite corner of the last ones, which no convolution does."""
    encode, x = encoder(), randn(1, 4, 24, 48, 48)
    changed = x.clone()
    changed[:, :, 0, 0, 0] += 10
    assert (encode(x) - encode(changed))[0, -1].abs().max() > 1e-7
    only(encode).high.attention.out.weight.zero_()
    assert torch.equal(encode(x)[0, -1], encode(changed)[0, -1])


@torch.no_grad()
def test_segments_alone_are_segments_in_a_batch() -> None:
    encode, segments = encoder(), randn(3, 4, 5, 8, 12)
    torch.testing.assert_close(encode(segments), torch.cat([encode(one[None]) for one in segments]))


@torch.no_grad()
def test_odd_sizes_are_filled_by_repetition() -> None:
    encode, x = encoder(), randn(1, 4, 5, 8, 12)
    assert torch.equal(encode(x), encode(torch.cat([x, x[:, :, -1:]], dim=2)))
    small = x[:, :, :2, :3, :2]
    filled = torch.cat([small, small[:, :, :, -1:]], dim=3)
    assert torch.equal(encode(small), encode(torch.cat([filled, *[filled[..., -1:]] * 2], dim=4)))


@torch.no_grad()
def test_the_rest_of_a_side_is_seen_by_the_last_token() -> None:
    """30 rows of patches have 7 tokens of 4, in the paper's count: the last two rows are not lost."""
    encode, x = encoder(rate=(4, 4, 2), stages=(4,) * 5), randn(1, 4, 2, 60, 8)
    changed = x.clone()
    changed[:, :, :, 59] += 1
    only(encode).high.attention.out.weight.zero_()
    differs = (encode(x) - encode(changed)).abs().amax(dim=(0, 2)) > 1e-6
    assert differs.tolist() == [False] * 6 + [True]


@torch.no_grad()
def test_the_branches_are_added_and_the_gate_halves_their_sum() -> None:
    encode, x = encoder(), randn(1, 4, 4, 8, 8)
    assert only(encode).gate.item() == 0.5
    means = x.unflatten(4, (4, 2)).unflatten(3, (4, 2)).unflatten(2, (2, 2)).mean(dim=(3, 5, 7))
    low = patchifier()(means)
    torch.testing.assert_close(encode(x), 0.5 * (only(encode).high(x) + low))
    only(encode).gate.fill_(2)
    torch.testing.assert_close(encode(x), 2 * (only(encode).high(x) + low))


# Training

def test_gradients_reach_both_branches() -> None:
    encode, x = encoder(), randn(1, 4, 4, 8, 8).requires_grad_()
    encode(x).square().sum().backward()
    assert [name for name, p in encode.named_parameters() if p.grad is None or not p.grad.any()] == []
    nn.init.zeros_(only(encode).high.out.weight)
    (through_low,) = torch.autograd.grad(encode(x).square().sum(), x)
    assert through_low.abs().min() > 0


def test_the_patchifier_is_not_its_own() -> None:
    """Neither its state nor its parameters hold the backbone's projection, be that a module or a function."""
    own = encoder()
    other = FramePreservation(TINY, tiny.transformer().x_embedder)
    assert own.state_dict().keys() == other.state_dict().keys()
    assert {name.split(".")[0] for name in own.state_dict()} == {"encoders"}
    assert [name for name, _ in own.named_modules() if "patch" in name] == []
    with torch.no_grad():
        assert other(randn(1, 4, 4, 8, 8)).shape == (1, 8, 20)       # FramePack's own, of diffusers


# As a memory

@torch.no_grad()
def test_it_is_a_memory_that_appends() -> None:
    memory: Memory = encoder()
    psi = memory.begin(features(2))
    assert psi.shape == (2, 0, 20) and not memory.holds_places
    first, second = randn(2, 4, 3, 8, 8, seed=1), randn(2, 4, 3, 8, 8, seed=2)
    one = memory.update(psi, first)
    two = memory.update(one, second)
    assert one.shape == (2, 8, 20) and two.shape == (2, 16, 20)
    assert torch.equal(two[:, :8], one) and torch.equal(two[:, 8:], memory.update(psi, second))
    assert torch.equal(two, memory.update(one, second)) and torch.equal(one, memory.update(psi, first))
    assert memory.view(two, first) is None  # type: ignore[func-returns-value]
    assert appends(memory) and read_psi(memory, two, (2, 4, 3, 8, 8)) is two


@torch.no_grad()
def test_it_computes_in_its_own_precision() -> None:
    memory = FramePreservation(TINY, patchifier().bfloat16()).bfloat16()
    psi = memory.update(memory.begin(features()).float(), randn(1, 4, 3, 8, 8))
    assert psi.dtype == torch.bfloat16 and psi.isfinite().all()


def test_a_snapshot_keeps_an_empty_psi(tmp_path: Path) -> None:
    start = randn(1, 4, 1, 4, 4)
    psi = encoder().begin(features())
    Snapshot(start, randn(1, 4, 19, 4, 4), psi.detach()).write(tmp_path / "s.safetensors")
    back = read_snapshot(tmp_path / "s.safetensors").psi
    assert back is not None and back.shape == (1, 0, 20)


def test_another_models_memory_or_latents_are_refused() -> None:
    memory = encoder()
    for psi, latents in ((randn(1, 2, 24), randn(1, 4, 3, 8, 8)), (randn(1, 2, 20), randn(1, 16, 3, 8, 8))):
        with pytest.raises(ValueError, match="do not fit this history encoder, made for 20 and 4"):
            memory.update(psi, latents)


# Positions

def test_positions_are_those_of_the_film() -> None:
    """Two segments of three frames at 2x2x2 and 10 x 8 latents: cells of two frames and one, two rows of patches, two columns."""
    bounds = TINY.positions(16, 3, 10, 8)
    assert bounds.shape == (16, 3, 2)
    assert bounds[:, 0].tolist() == [[0, 2]] * 4 + [[2, 3]] * 4 + [[3, 5]] * 4 + [[5, 6]] * 4
    assert bounds[:4, 1:].tolist() == [[[0, 2], [0, 2]], [[0, 2], [2, 4]], [[2, 4], [0, 2]], [[2, 4], [2, 4]]]
    assert torch.equal(bounds[:4, 1:], bounds[12:, 1:])
    assert TINY.positions(0, 3, 10, 8).shape == (0, 3, 2)
    assert TINY.positions(1, 1, 2, 2).tolist() == [[[0, 1], [0, 1], [0, 1]]]           # smaller than a cell
    with pytest.raises(ValueError, match="15 tokens are no whole segments, which have 8 each"):
        TINY.positions(15, 3, 10, 8)


@torch.no_grad()
def test_indices_for_rope_count_from_the_films_first_frame() -> None:
    """As for the window: true up to the largest index in training, beyond it distances to the window are kept."""
    true = PsiPositions(replace(TINY, trained_index=60), window=3)
    assert true(8, 8, 8)[:, 0].tolist() == [[20, 22]] * 4 + [[22, 23]] * 4
    offsets = PsiPositions(TINY, window=3)                 # FramePack's rule: the newest frame of the past has index 19
    assert offsets(16, 8, 8)[-1, 0].tolist() == [19, 20] and offsets(16, 8, 8)[0, 0].tolist() == [14, 16]
    short = PsiPositions(replace(TINY, trained_index=25), window=3)
    assert short(8, 8, 8)[0, 0].tolist() == [20, 22] and short(16, 8, 8)[0, 0].tolist() == [17, 19]
    assert torch.equal(short(16, 8, 8)[:, 1:], true(16, 8, 8)[:, 1:])


@torch.no_grad()
def test_a_token_changes_most_with_what_lies_at_its_position() -> None:
    encode = encoder()
    only(encode).high.attention.out.weight.zero_()
    bounds, x = TINY.positions(12, 3, 8, 12), randn(1, 4, 3, 8, 12)
    before = encode(x)
    for k, ((t, t_end), (y, y_end), (x_, x_end)) in enumerate(bounds.tolist()):
        changed = x.clone()
        changed[:, :, t:t_end, 2 * y : 2 * y_end, 2 * x_ : 2 * x_end] += 1
        assert int((encode(changed) - before).norm(dim=2).argmax()) == k


# The paper's options

@torch.no_grad()
def test_a_second_encoder_follows_the_first() -> None:
    """The paper's second rate adds 195 tokens a second; both encode the same segment, each by itself."""
    full = replace(FRAMEPACK_F1, second_rate=SECOND_RATE)
    assert full.tokens(80, 60, 104) - FRAMEPACK_F1.tokens(80, 60, 104) == 195 * 20
    both, x = encoder(second_rate=(4, 4, 1), stages=(4,) * 6), randn(2, 4, 3, 16, 16)
    first, second = both.encoders
    assert isinstance(first, SegmentEncoder) and isinstance(second, SegmentEncoder)
    found, low = both(x), patchifier()
    assert found.shape == (2, both.config.tokens(3, 16, 16), 20) == (2, 32 + 12, 20)
    assert torch.equal(found[:, :32], first(x, low)) and torch.equal(found[:, 32:], second(x, low))
    bounds = both.config.positions(88, 3, 16, 16)
    assert bounds[32].tolist() == [[0, 1], [0, 4], [0, 4]] and bounds[44:, 0].min() == 3 and len(bounds) == 88


@torch.no_grad()
def test_a_window_holds_the_newest_frames_unreduced_and_moves_on() -> None:
    memory = encoder(window=2)
    first, second = randn(1, 4, 3, 8, 8, seed=1), randn(1, 4, 3, 8, 8, seed=2)
    one = memory.update(memory.begin(features()), first)
    two = memory.update(one, second)
    assert one.shape == (1, 8 + 32, 20) and two.shape == (1, 16 + 32, 20)
    assert torch.equal(two[:, 16:], patchifier()(second[:, :, 1:])) and torch.equal(one[:, 8:], patchifier()(first[:, :, 1:]))
    assert torch.equal(two[:, :16], torch.cat([memory(first), memory(second)], dim=1))
    bounds = memory.config.positions(48, 3, 8, 8)
    assert bounds[16].tolist() == [[4, 5], [0, 1], [0, 1]] and bounds[-1].tolist() == [[5, 6], [3, 4], [3, 4]]
    assert len(memory.config.positions(0, 3, 8, 8)) == 0
    with pytest.raises(ValueError, match="17 tokens are no whole segments, which have 8 each at this size, and 32 of a window"):
        memory.config.positions(17, 3, 8, 8)
    assert not appends(memory), "a window's tokens do not stay"
    long = encoder(window=9)
    assert long.update(long.begin(features()), first).shape == (1, 8 + 48, 20), "no more than there is"


# Configs

@pytest.mark.parametrize(("changes", "words"), [
    ({"width": 0}, "1 or more"), ({"stages": ()}, "at least one stage"), ({"heads": 3}, "16 channels cannot be shared by 3 heads"),
    ({"rate": (3, 3, 2)}, "three powers of two"), ({"rate": (2, 2)}, "three powers of two"), ({"patch": 3}, "powers of two"),
    ({"window": -1}, "0 or more"), ({"trained_index": -1}, "0 or more"), ({"stream": "past"}, "'history' or 'context'"),
    ({"second_rate": (2, 2, 8)}, r"rate of \(2, 2, 8\) .* needs 6 stages, not 4"), ({"second_rate": (1, 1)}, "three powers of two"),
    ({"rate": (2, 4, 2)}, "same along height and width, not 2 and 4"), ({"rate": (4, 4, 2)}, "needs 5 stages, not 4"),
])
def test_configs_that_make_no_sense(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replace(TINY, **changes)  # type: ignore[arg-type]


def test_no_latents_no_tokens() -> None:
    with pytest.raises(ValueError, match="at least one latent along each axis, not 0 x 4 x 4"):
        TINY.tokens(0, 4, 4)
