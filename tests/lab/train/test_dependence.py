"""Memory Dependence of the loss: nothing where the other film's psi is the same one, something where it is not."""

from __future__ import annotations

import pytest

from studio.lab.train.dependence import measure
from tests.lab.train.toys import velocity, velocity_film


def test_another_films_psi_is_told_from_its_own() -> None:
    film = velocity_film()
    alike = measure(velocity(), [film, film], 3, seed=1, draws=1)
    assert alike["own"] == alike["other"]
    apart = measure(velocity(), [film, velocity_film(seed=9)], 3, seed=1, draws=1)
    assert apart["own"]["loss"] != apart["other"]["loss"] != apart["first"]["loss"]
    assert [len(course) for course in apart["curve"].values()] == [3, 3, 3]
    assert apart["curve"]["own"][0] == apart["curve"]["first"][0] != apart["curve"]["other"][0]      # before any section: psi_0
    assert apart == measure(velocity(), [film, velocity_film(seed=9)], 3, seed=1, draws=1)


def test_what_cannot_be_measured() -> None:
    with pytest.raises(ValueError, match="two films"):
        measure(velocity(), [velocity_film()], 3, seed=1)
    with pytest.raises(ValueError, match="needs a memory"):
        measure(velocity(memory=False), [velocity_film()] * 2, 3, seed=1)
