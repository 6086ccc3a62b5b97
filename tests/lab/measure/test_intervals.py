"""The bootstrap: widths that are known, and pictures that are drawn whole."""

import numpy as np
import pytest

from studio.lab.measure.intervals import estimate


def test_the_interval_of_a_normal_mean_is_two_errors_wide() -> None:
    values = np.random.default_rng(1).normal(5, 2, 200).tolist()
    found = estimate(values)
    assert found is not None
    assert found.mean == pytest.approx(np.mean(values))
    error = np.std(values) / 200**0.5
    assert (found.low, found.high) == pytest.approx((found.mean - 1.96 * error, found.mean + 1.96 * error), abs=0.15 * error)
    assert estimate(values) == found


def test_many_measurements_of_few_pictures_do_not_narrow_it() -> None:
    once = estimate([1.0, 2.0, 3.0, 4.0])
    often = estimate([1.0, 2.0, 3.0, 4.0] * 25, ["a", "b", "c", "d"] * 25)
    assert once is not None and often is not None
    assert often.high - often.low == pytest.approx(once.high - once.low)
    assert (often.count, often.clusters) == (100, 4)
    alone = estimate([1.0, 2.0, 3.0, 4.0] * 25)
    assert alone is not None and alone.high - alone.low < 0.5 * (once.high - once.low)


def test_nothing_has_no_mean_and_every_value_a_picture() -> None:
    assert estimate([]) is None
    with pytest.raises(ValueError, match="2 values of 1 pictures"):
        estimate([1.0, 2.0], ["a"])
