"""The blend at the beginning of a segment: how far it is at each moment, and two prompts' embeddings mixed."""

from __future__ import annotations

import pytest
import torch

from studio.diffusion.backbone import Conditioning
from studio.diffusion.blend import SectionBlend, mix, section_blend


def test_how_far_it_is() -> None:
    first, second = section_blend(72, 0, 36), section_blend(72, 1, 36)
    assert first == SectionBlend(72, 0, 36) and second == SectionBlend(72, 36, 36)
    assert (first.reached(0), first.reached(1), second.reached(0), second.reached(1)) == (0, 0.5, 0.5, 1)
    assert first.reached(0.5) == pytest.approx(0.15625) and second.reached(0.5) == pytest.approx(0.84375)
    whole = [*first.ends(9), *second.ends(9)]
    assert whole == sorted(whole) and whole[-1] == 1 and len(set(whole)) == 18
    assert first.middles(9)[0] < first.ends(9)[0] < first.middles(9)[1]
    assert SectionBlend(12, 0, 36).reached(0.5) == 1, "it is over within the section"
    assert section_blend(36, 1, 36) is None and section_blend(0, 0, 36) is None


def embeddings(words: int, value: float, length: int = 4) -> Conditioning:
    mask = (torch.arange(length) < words).long().unsqueeze(0)
    return Conditioning(torch.full((1, length, 2), value), mask, torch.full((1, 3), value), torch.full((1, 1, 1), value))


def test_embeddings_are_mixed() -> None:
    before, after = embeddings(2, 0.0), embeddings(3, 1.0)
    early, late = mix(before, after, 0.25), mix(before, after, 0.75)
    assert early.text[0, :, 0].tolist() == [0.25, 0.25, 1, 0] and early.mask[0].tolist() == [1, 1, 0, 0]
    assert late.text[0, :, 0].tolist() == [0.75, 0.75, 1, 1] and late.mask[0].tolist() == [1, 1, 1, 0]
    assert early.pooled.tolist() == [[0.25] * 3] and early.image is after.image
    for weight, whole in ((0.0, before), (1.0, after)):
        mixed = mix(before, after, weight)
        there = whole.mask[0] == 1
        assert torch.equal(mixed.text[0, there], whole.text[0, there]) and torch.equal(mixed.mask, whole.mask)


def test_prompts_of_different_lengths_and_half_precision() -> None:
    before, after = embeddings(2, 0.0, length=2), embeddings(3, 1.0, length=5)
    half = Conditioning(after.text.half(), after.mask, after.pooled.half(), after.image)
    mixed = mix(before, half, 0.25)
    assert mixed.text.shape == (1, 5, 2) and mixed.text.dtype == torch.float16
    assert mixed.mask[0].tolist() == [1, 1, 0, 0, 0] and mixed.text[0, :, 0].tolist() == [0.25, 0.25, 1, 0, 0]
