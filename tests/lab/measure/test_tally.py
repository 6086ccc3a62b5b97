"""Counting, and the classifier: against numbers from the books."""

import pytest
import torch

from studio.lab.measure.discriminant import Discriminant
from studio.lab.measure.tally import Confusion, accuracy, wilson_interval


@pytest.mark.parametrize(("right", "count", "low", "high"), [
    (10, 10, 0.7225, 1.0), (0, 10, 0.0, 0.2775), (81, 263, 0.2553, 0.3662),  # the last one: Newcombe 1998, table I
])
def test_the_interval_is_wilsons(right: int, count: int, low: float, high: float) -> None:
    assert wilson_interval(right, count) == pytest.approx((low, high), abs=5e-4)


def test_nothing_counted_has_no_interval() -> None:
    with pytest.raises(ValueError, match="at least one"):
        wilson_interval(0, 0)
    assert accuracy(0, 0)["accuracy"] is None


def test_the_matrix_counts_other_words_for_the_same_as_right() -> None:
    confusion = Confusion(("hold", "in", "dolly in"), {"dolly in": "in"})
    assert confusion.add("dolly in", "in")
    assert confusion.add("in", "in")
    assert not confusion.add("in", "hold")
    assert (confusion.correct(), confusion.count()) == (2, 3)
    assert confusion.as_dict()["matrix"] == {"in": {"hold": 1, "in": 1}, "dolly in": {"in": 1}}
    assert confusion.columns() == ["hold", "in"]


def test_the_discriminant_weighs_features_by_their_spread() -> None:
    draw = torch.Generator().manual_seed(0)
    noise = torch.tensor([0.1, 10.0])

    def some(middle: float) -> list[torch.Tensor]:
        return [torch.tensor([middle, 0.0]) + noise * torch.randn(2, generator=draw) for _ in range(20)]

    reader = Discriminant.fit({"low": some(0.0), "high": some(1.0)}, torch.zeros(2))
    assert reader(torch.tensor([0.9, 30.0])) == "high"
    assert reader(torch.tensor([0.1, -30.0])) == "low"
    with pytest.raises(ValueError, match="no film to learn high"):
        Discriminant.fit({"low": some(0.0), "high": []}, torch.zeros(2))
