"""Differences between JSON values: applied to the older value, they give the newer one, and they share what is the same."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.project.differences import DifferenceError, apply, difference

PLAIN = st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2)
KEYS = st.sampled_from(["id", "a", "set"])
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner))


@given(VALUES, VALUES)
def test_there_from_here(old: object, new: object) -> None:
    before = json.dumps(old)
    change = difference(old, new)
    if change is None:
        assert old == new
    else:
        assert apply(json.loads(json.dumps(change)), old) == new
    assert json.dumps(old) == before


def test_a_word_in_a_long_list_is_a_short_difference_and_the_rest_is_shared() -> None:
    old = {"segments": [{"id": str(n), "prompt": "x" * 100} for n in range(400)], "name": "Sea"}
    segments = [dict(segment) for segment in old["segments"]]          # type: ignore[call-overload]
    segments[200]["prompt"] = "night"
    new = apply(difference(old, {"segments": segments, "name": "Sea"}), old)
    assert len(json.dumps(difference(old, new))) < 80
    assert new["segments"][200]["prompt"] == "night" and new["segments"][201] is old["segments"][201]   # type: ignore[index]


def test_inserted_removed_and_moved_parts() -> None:
    old = [{"id": n} for n in "abcde"]
    for new in ([*old, {"id": "f"}], old[1:], [old[0], {"id": "x"}, *old[1:]], [old[1], old[0], *old[2:]], []):
        assert apply(difference(old, new), old) == new


@pytest.mark.parametrize("change", [None, 3, [], {}, {"each": {"7": {"is": 1}}}, {"at": 2, "cut": 9, "put": []}, {"set": 4}])
def test_what_does_not_fit_is_refused(change: object) -> None:
    with pytest.raises(DifferenceError):
        apply(change, [1, 2, 3])
