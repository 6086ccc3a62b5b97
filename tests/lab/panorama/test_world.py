"""The bench's world: walks come back, gaps are right, places are told as they are, and frames are tokens and back."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.backbones.panorama.places import LARGEST_MOVE, VIEW, locate, to_frames, to_tokens
from studio.lab.panorama.films import columns_out_of_reach, draw_films, locate_films
from studio.lab.panorama.world import World, draw_returns, draw_walks, sections_since_seen

WORLDS = [World(), World(grid=1), World(columns=128), World(closed=False)]


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_what_was_seen_before_looks_the_same_again(world: World) -> None:
    films, _ = draw_films(8, 10, 3, world, "known", 8)
    gap, seen = sections_since_seen(films.walks, world)
    columns = (films.walks[..., None] + np.arange(VIEW)) % world.columns
    assert (gap > 1).mean() > 0.2                           # there is much to remember
    for film, n, frame, column in np.argwhere(gap > 0)[::53]:
        before = n - gap[film, n, frame, column]
        where = columns[film, n, frame, column]
        then, there = np.argwhere(columns[film, before] == where)[0]
        assert torch.equal(films.frames[film, n, frame, :, :, column], films.frames[film, before, then, :, :, there])
        assert not seen[film, before + 1 : n, where].any()


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_walks_stay_on_the_grid_and_in_the_world(world: World) -> None:
    walks = draw_walks(16, 12, world, np.random.default_rng(0))
    assert walks.shape == (16, 12, 2) and (walks % world.grid == 0).all()
    assert walks.min() >= 0 and walks.max() < (world.columns if world.closed else world.columns - VIEW + 1)


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_returns_are_from_long_ago(world: World) -> None:
    walks = draw_returns(32, 40, world, np.random.default_rng(0))
    assert (walks % world.grid == 0).all() and walks.min() >= 0
    assert walks.max() < (world.columns if world.closed else world.columns - VIEW + 1)
    assert (sections_since_seen(walks, world)[0] >= 17).mean() > 0.02


def test_what_is_out_of_reach_is_not_near_the_newest_section() -> None:
    films, _ = draw_films(4, 10, 1, World(), "known", 8)
    gap, far = columns_out_of_reach(films)
    columns = (films.walks[..., None] + np.arange(VIEW)) % 64
    for film, n, frame, column in far.nonzero()[::97].tolist():
        if n:
            shown = columns[film, n - 1].ravel()
            away = np.abs((shown - columns[film, n, frame, column] + 32) % 64 - 32)
            assert away.min() > 4
    assert not far[gap == 1].any()


def test_frames_are_tokens_and_back() -> None:
    frames = torch.randn(2, 3, 2, 3, VIEW, VIEW)
    assert torch.equal(to_frames(to_tokens(frames)), frames)


def test_the_same_place_is_told_the_same_whenever_it_is_seen() -> None:
    columns = torch.tensor([[[0.0, 4.0], [8.0, 4.0], [64.0, 60.0]]])
    places = locate(columns, 64, 8)
    known = places.known.unflatten(2, (2, 16))
    torch.testing.assert_close(known[0, 0, 0], known[0, 2, 0])          # column 64 is column 0 again
    torch.testing.assert_close(known[0, 0, 1], known[0, 1, 1])
    assert (known[0, 0, 0] - known[0, 0, 1]).abs().amax() > 0.1


def test_a_sum_of_moves_knows_where_the_film_has_been_and_not_where_it_began() -> None:
    walks = np.array([[[0, 4], [8, 4]], [[20, 24], [28, 24]]])
    moves = locate_films(walks, World(), "moves", 8, torch.Generator())
    torch.testing.assert_close(moves.known[0], moves.known[1])          # two films that move alike from other places
    known = moves.known.unflatten(2, (2, 16))
    torch.testing.assert_close(known[0, 0, 1], known[0, 1, 1])          # back after 4 and -4
    assert not locate_films(walks, World(), "blind", 8, torch.Generator()).known.any()


def test_moves_that_are_told_with_errors_leave_the_film_as_it_is() -> None:
    exact, wrong = (draw_films(16, 10, 1, World(error=error), "moves", 8)[0] for error in (0.0, 0.5))
    assert torch.equal(exact.frames, wrong.frames) and (exact.walks == wrong.walks).all()
    told, true = (LARGEST_MOVE * films.places.situation[..., -1].unflatten(2, (2, 16))[..., 0] for films in (wrong, exact))
    assert (told - true).std().item() == pytest.approx(0.5, rel=0.15)
    assert not torch.equal(exact.places.known, wrong.places.known), "the sum of the moves is wrong as well"
