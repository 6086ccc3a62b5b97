"""SemanticPack against its equation: what it can write, what it cannot, and what it costs."""

from __future__ import annotations

import copy
import itertools
from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from studio.lab.measure.memory_costs import count_costs
from studio.memory.semantic_pack import SemanticPack
from studio.memory.semantic_pack_config import FRAMEPACK_F1, SemanticPackConfig

TINY = SemanticPackConfig(
    width=24, channels=4, text=16, image=32, heads=2, window=(3, 2, 2), keep=(1, 1, 2), text_tokens=3, image_side=2,
)
SEGMENT = (1, 4, 3, 8, 12)     # 3 x 4 x 6 patches: 1 x 2 x 3 windows of 12, 12 tokens in all


@dataclass(frozen=True)
class Features:
    text: Tensor
    mask: Tensor
    image: Tensor


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def features(seed: int = 0, length: int = 9, batch: int = 1) -> Features:
    return Features(randn(batch, length, 16, seed=seed), torch.ones(batch, length), randn(batch, 25, 32, seed=seed + 1))


def pack(**changes: object) -> SemanticPack:
    torch.manual_seed(0)
    return SemanticPack(replace(TINY, **changes)).eval()  # type: ignore[arg-type]


# Memorize

@torch.no_grad()
def test_patches_and_windows_are_where_they_should_be() -> None:
    memorize, x = pack().memorize, randn(*SEGMENT)
    windows = memorize._windows(x)
    assert windows.shape == (1, 6, 12, 24)
    for (n, (row, column)), (p, (t, y, x_)) in itertools.product(
        enumerate(itertools.product(range(2), range(3))), enumerate(itertools.product(range(3), range(2), range(2)))
    ):
        top, left = 2 * (2 * row + y), 2 * (2 * column + x_)
        patch = x[0, :, t, top:top + 2, left:left + 2].reshape(-1)
        places = [linear(wave) for linear, wave in zip(memorize.places, _places(t, 2 * row + y, 2 * column + x_), strict=True)]
        torch.testing.assert_close(windows[0, n, p], memorize.patches(patch) + sum(places))


def _places(*at: int) -> list[Tensor]:
    periods = torch.tensor([2 * 128 ** (k / 7) for k in range(8)])
    return [torch.cat([(2 * torch.pi * a / periods).sin(), (2 * torch.pi * a / periods).cos()]) for a in at]


@torch.no_grad()
def test_windows_do_not_mix_and_patches_within_one_do() -> None:
    memorize, x = pack().memorize, randn(*SEGMENT)
    changed = x.clone()
    changed[:, :, 0, 0, 4] += 1                    # a pixel in window (0, 1), the second of six, in its left half
    before, after = (memorize(v).unflatten(1, (6, 2)) for v in (x, changed))
    others = [0, 2, 3, 4, 5]
    assert torch.equal(before[:, others], after[:, others])
    assert (before[:, 1] - after[:, 1]).abs().amax(dim=-1).min() > 1e-4    # the right half's token has seen it too


@torch.no_grad()
def test_a_pooled_token_is_the_mean_of_its_part_of_the_window() -> None:
    memorize = pack(window=(3, 4, 4), keep=(1, 2, 2)).memorize
    tokens = randn(1, 48, 24)
    cube = tokens.view(3, 4, 4, 24)
    hand = torch.stack([cube[:, y:y + 2, x:x + 2].mean(dim=(0, 1, 2)) for y in (0, 2) for x in (0, 2)])
    torch.testing.assert_close(memorize._pool(tokens)[0], hand)


@torch.no_grad()
def test_odd_sizes_are_filled_by_repetition() -> None:
    memorize, x = pack().memorize, randn(1, 4, 2, 7, 9)
    filled = torch.cat([x, x[:, :, -1:]], dim=2)
    filled = torch.cat([filled, filled[:, :, :, -1:]], dim=3)
    filled = torch.cat([filled, *[filled[..., -1:]] * 3], dim=4)
    assert torch.equal(memorize(x), memorize(filled))
    assert memorize(x).shape == (1, 12, 24)


# Squeeze: the literal one cannot write

@torch.no_grad()
def test_literal_squeeze_of_one_token_is_blind_and_the_default_sees() -> None:
    """With a single memory token every softmax is 1: the segment has no way in at all."""
    psi, here, there = randn(1, 1, 24), randn(*SEGMENT, seed=1), randn(*SEGMENT, seed=2)
    literal, default = pack(literal=True), pack()
    assert torch.equal(literal.update(psi, here), literal.update(psi, there))
    assert (default.update(psi, here) - default.update(psi, there)).abs().max() > 0.1


@torch.no_grad()
def test_literal_squeeze_stays_among_the_values_of_psi_and_the_default_leaves_them() -> None:
    """Literal psi_{n+1} = sum_i a_i out(V(psi_i)) with a_i >= 0, sum a_i = 1 (one head): solved for, it leaves nothing over."""
    psi, memorized = randn(1, 4, 24), 3 * randn(1, 60, 24, seed=1)
    found: dict[bool, Tensor] = {}
    for literal in (True, False):
        squeeze = pack(heads=1, literal=literal).squeeze
        attention = squeeze.attention if literal else squeeze.block.attention
        values = F.pad(attention.out(attention.value(psi[0])), (0, 1), value=1.0)     # [4, D + 1], the last for sum a_i = 1
        written = F.pad(squeeze(psi, memorized)[0], (0, 1), value=1.0)                # [60, D + 1]
        weights = torch.linalg.lstsq(values.T, written.T).solution                    # [4, 60]
        found[literal] = (weights.T @ values - written).norm(dim=1) / written.norm(dim=1)
        if literal:
            assert weights.min() > -1e-3
            assert torch.linalg.matrix_rank(written - written.mean(0), atol=1e-4) == 3    # 60 contents, 4 tokens' hull
        else:
            assert torch.linalg.matrix_rank(written - written.mean(0), atol=1e-4) >= 20
    assert found[True].max() < 1e-4
    assert found[False].min() > 0.2


@torch.no_grad()
def test_content_that_queries_do_not_read_is_lost_by_the_literal_squeeze_alone() -> None:
    psi, memorized = randn(1, 5, 24), randn(1, 8, 24, seed=1)
    beside = torch.zeros(24)
    beside[:4] = torch.tensor([1.0, -1.0, 2.0, 0.5])
    literal, default = pack(literal=True).squeeze, pack().squeeze
    for attention in (literal.attention, default.block.attention):
        attention.query.weight[:, :4] = 0
    assert torch.equal(literal(psi, memorized + beside), literal(psi, memorized))
    assert (default(psi, memorized + beside) - default(psi, memorized)).abs().max() > 0.1


@torch.no_grad()
def test_both_read_the_old_memory() -> None:
    x = randn(*SEGMENT)
    for literal in (True, False):
        model = pack(literal=literal)
        assert (model.update(randn(1, 5, 24), x) - model.update(randn(1, 5, 24, seed=7), x)).abs().max() > 1e-2


# psi_0 and the structures

@torch.no_grad()
def test_psi_0_is_prompt_then_image() -> None:
    model, given = pack(), features()
    psi = model.begin(given)
    assert psi.shape == (1, 3 + 4, 24)
    other_text = model.begin(replace(given, text=randn(1, 9, 16, seed=5)))
    other_image = model.begin(replace(given, image=randn(1, 25, 32, seed=5)))
    assert torch.equal(psi[:, 3:], other_text[:, 3:]) and not torch.equal(psi[:, :3], other_text[:, :3])
    assert torch.equal(psi[:, :3], other_image[:, :3]) and not torch.equal(psi[:, 3:], other_image[:, 3:])
    everything = pack(text_tokens=0, image_side=0).begin(given)
    assert everything.shape == (1, 9 + 25, 24)
    assert not pack(zero_start=True).begin(given).any()


@torch.no_grad()
@pytest.mark.parametrize("length", [1, 2, 5, 9])
def test_padding_says_nothing(length: int) -> None:
    given = features(length=length)
    padded = replace(given, text=torch.cat([given.text, randn(1, 6, 16, seed=8)], 1), mask=F.pad(given.mask, (0, 6)))
    for model in (pack(), pack(text_tokens=0)):
        torch.testing.assert_close(model.begin(padded), model.begin(given))
    pooled = F.adaptive_avg_pool1d(given.text.transpose(1, 2), 3).transpose(1, 2)
    model = pack()
    torch.testing.assert_close(model.begin(given)[:, :3], model.norm(model.prompt(pooled)))


@torch.no_grad()
def test_a_batch_is_its_films() -> None:
    model, given, x = pack(), features(batch=2), randn(2, *SEGMENT[1:], seed=3)
    given.mask[1, 4:] = 0
    psi = model.update(model.begin(given), x)
    for film in range(2):
        alone = Features(*(v[film:film + 1] for v in (given.text, given.mask, given.image)))
        torch.testing.assert_close(psi[film:film + 1], model.update(model.begin(alone), x[film:film + 1]))


@torch.no_grad()
@pytest.mark.parametrize("literal", [False, True])
@pytest.mark.parametrize(("structure", "tokens"), [("A", [7, 12, 12, 12]), ("B", [7, 7, 7, 7]), ("C", [7, 9, 9, 9])])
def test_structures_and_their_token_counts(structure: str, tokens: list[int], literal: bool) -> None:
    model = pack(structure=structure, literal=literal)
    psi, counts = model.begin(features()), [7]
    for n in range(3):
        psi = model.update(psi, randn(*SEGMENT, seed=n))
        counts.append(psi.shape[1])
    assert counts == tokens


@torch.no_grad()
def test_structure_c_takes_the_first_window_in_and_b_does_not() -> None:
    b, c, x = pack(structure="B"), pack(structure="C"), randn(*SEGMENT)
    psi = b.begin(features())
    torch.testing.assert_close(c.update(psi, x)[:, :7], b.update(psi, x))
    queries, source = c.squeeze._roles(psi, memorized := c.memorize(x))
    assert torch.equal(queries, torch.cat([psi, memorized[:, :2]], dim=1))
    assert source is memorized


@pytest.mark.parametrize("zero_start", [False, True])
@pytest.mark.parametrize("literal", [False, True])
@pytest.mark.parametrize("structure", ["A", "B", "C"])
def test_gradients_reach_every_parameter(structure: str, literal: bool, zero_start: bool) -> None:
    model = pack(structure=structure, literal=literal, zero_start=zero_start, layers=2)
    psi = model.begin(features())
    for n in range(3):                  # from zero, the literal structure A has seen nothing yet after two
        psi = model.update(psi, randn(*SEGMENT, seed=n))
    (psi * randn(*psi.shape, seed=9)).sum().backward()
    dead = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert not dead


@torch.no_grad()
def test_the_same_film_gives_the_same_psi_bit_for_bit() -> None:
    model = pack()
    again = copy.deepcopy(model)
    one, other = model.begin(features()), again.begin(features())
    for n in range(4):
        one, other = model.update(one, randn(*SEGMENT, seed=n)), again.update(other, randn(*SEGMENT, seed=n))
        assert torch.equal(one, other)


# Cost

@torch.no_grad()
@pytest.mark.parametrize("structure", ["A", "B", "C"])
def test_an_update_costs_the_same_after_one_section_and_after_two_hundred(structure: str) -> None:
    model = pack(structure=structure)
    psi = model.update(model.begin(features()), randn(*SEGMENT))
    spent, size, scale = {}, {}, {}
    for n in range(1, 201):
        if n in (1, 200):
            with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:   # the CPU's own is not counted
                psi = model.update(psi, randn(*SEGMENT, seed=n))
            spent[n], size[n], scale[n] = counter.get_total_flops(), psi.nbytes, float(psi.std())
        else:
            psi = model.update(psi, randn(*SEGMENT, seed=n))
    assert spent[1] == spent[200] > 100_000
    assert size[1] == size[200] == 4 * 24 * {"A": 12, "B": 7, "C": 9}[structure]
    assert scale[200] == pytest.approx(scale[1], rel=0.2)     # and it neither fades nor grows


def test_counted_costs_agree_with_a_module_that_is_there() -> None:
    model, counted = pack(), count_costs(TINY, 8, 12, frames=3)
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        psi = model.update(randn(1, 12, 24), randn(*SEGMENT))
    assert counted.flops == counter.get_total_flops()
    assert counted.parameters == sum(p.numel() for p in model.parameters())
    assert (counted.tokens, counted.bytes) == (psi.shape[1], psi.nbytes)


def test_costs_for_the_13b_backbone_at_480p() -> None:
    counted = count_costs(FRAMEPACK_F1, 60, 104)
    assert counted.tokens == 4 * 7 * 4                                # 4 x 7 windows of 8 x 8 patches, 4 tokens each
    assert counted.bytes == 112 * 3072 * 4                            # 1.3 MiB in a snapshot
    assert counted.parameters == 243_079_936
    assert 3.7e12 < counted.flops < 3.9e12
    assert count_costs(FRAMEPACK_F1, 60, 104) == counted


# Errors

@pytest.mark.parametrize(("changes", "words"), [
    ({"heads": 5}, "cannot be shared by 5 heads"),
    ({"keep": (2, 1, 1)}, r"\(3, 2, 2\) patches cannot be pooled evenly"),
    ({"structure": "D"}, "A, B, C and map, not 'D'"),
    ({"structure": "C", "text_tokens": 0}, "needs fixed text_tokens"),
    ({"layers": 0}, "at least 1"),
    ({"image_side": -1}, "negative"),
])
def test_configs_that_cannot_be(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replace(TINY, **changes)  # type: ignore[arg-type]


def test_what_does_not_fit_is_refused() -> None:
    model, given = pack(), features()
    with pytest.raises(ValueError, match=r"20 wide and latents of 4 channels do not fit .* 24 and 4"):
        model.update(randn(1, 7, 20), randn(*SEGMENT))
    with pytest.raises(ValueError, match="latents of 6 channels"):
        model.update(randn(1, 7, 24), randn(1, 6, 3, 8, 12))
    with pytest.raises(ValueError, match="prompt features are 8 wide, this memory was made for 16"):
        model.begin(replace(given, text=randn(1, 9, 8)))
    with pytest.raises(ValueError, match="24 image tokens are no square"):
        model.begin(replace(given, image=given.image[:, 1:]))
    two = features(batch=2)
    two.mask[1, 4:] = 0
    with pytest.raises(ValueError, match="different lengths"):
        pack(text_tokens=0).begin(two)
