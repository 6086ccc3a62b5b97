"""Votes: which of two takes is better, seen without their names, and what the votes say together, as Elo ratings.

The rating is that of Elo ("The Rating of Chessplayers, Past and Present", 1978) with K = 32, from 1500, in the order of the votes;
alike counts as half a win for each. MemoryPack's paper (2510.01784) evaluates its films by such votes of people, with the same K.
Ratings can be compared among takes that were voted on against each other, directly or by way of others.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from statistics import quantiles

from studio.language import sentence
from studio.project.limits import EditError
from studio.project.model import Project, Vote, VoteResult

START, K = 1500.0, 32.0
ROUNDS, SEED = 1000, 0
LEAST = 5
"""Votes on a player from which on its rating has an interval."""
VOTES = 5000
"""Votes of one project, at most."""
RESULTS: Mapping[str, VoteResult] = {"left": "left", "right": "right", "alike": "alike"}
"""The results of a vote, by how documents and messages write them."""
SCORES: Mapping[VoteResult, float] = {"left": 1.0, "alike": 0.5, "right": 0.0}

Pair = tuple[str, str]
Game = tuple[int, int, float]
"""Indexes of two players, and the score of the first: 1, 0.5 or 0."""


@dataclass(frozen=True)
class Contest:
    """What is voted on: the takes of one segment, of all segments (None), or of two branches against each other."""

    segment: int | None = None                  # index
    branches: tuple[str, str] | None = None     # ids


@dataclass(frozen=True)
class Rating:
    """The rating of a player, a take or a branch, with its 95 % interval."""

    player: str                   # id
    votes: int
    wins: int
    losses: int
    ties: int
    elo: float
    low: float | None             # None: too few votes, or votes so alike that drawing them again changes nothing
    high: float | None


def add_vote(project: Project, left: str, right: str, result: VoteResult) -> Project:
    """Keep a vote on two takes. `result`: the side that is better, or alike.

    Raises:
        EditError: a take is not in the film, the takes are of different segments or the same, there is no such result, or there
            are 5000 votes already.
    """
    if left not in project.takes or right not in project.takes:
        raise EditError(sentence("A take of this vote is not in the film any more. Nothing was counted; vote on another pair."))
    if left == right or len(project.lineage(left)) != len(project.lineage(right)):
        raise EditError(sentence("A vote compares two takes of the same segment. Nothing was counted."))
    if result not in SCORES:
        raise EditError(sentence("A vote is for left, right or alike. Nothing was counted."))
    if len(project.votes) >= VOTES:
        raise EditError(sentence("A film keeps {most:,} votes at most. This one was not counted; the others are kept.", most=VOTES))
    vote = Vote(left, right, result, datetime.now(UTC).isoformat(timespec="milliseconds"))
    return replace(project, votes=(*project.votes, vote))


def drop_vote(project: Project) -> Project:
    """Take back the newest vote. Raises EditError: there is none."""
    if not project.votes:
        raise EditError(sentence("There is no vote to take back."))
    return replace(project, votes=project.votes[:-1])


def players(project: Project, contest: Contest) -> dict[str, str]:
    """The player that each take of a contest plays for: itself, or the one of two branches that it lies on.

    Takes on both branches or on neither play for none, nor do those of other segments.

    Raises:
        EditError: a branch is not there, or both are the same.
    """
    if contest.branches is None:
        at = contest.segment
        return {take: take for take in project.takes if at is None or len(project.lineage(take)) == at + 1}
    paths = {b.id: {take.id for take in project.lineage(b.tip)} for b in project.branches}
    one, other = contest.branches
    if one not in paths or other not in paths:
        raise EditError(sentence("This branch is not there any more. Look at the list of branches again."))
    if one == other:
        raise EditError(sentence("These are the same branch. Choose two different ones to compare."))
    return {take: one if take in paths[one] else other for take in paths[one] ^ paths[other]}


def pairs(project: Project, contest: Contest, shown: Iterable[str] | None = None) -> list[Pair]:
    """The pairs of takes that a contest compares: of the same segment, for different players, none of them in the trash.

    `shown`: takes that have a clip; None: all.
    """
    playing = players(project, contest)
    visible = set(playing if shown is None else shown)
    places: dict[int, list[str]] = {}
    for take in project.takes:
        if take in playing and take in visible and take not in project.trash:
            places.setdefault(len(project.lineage(take)), []).append(take)
    return [(one, other) for takes in places.values() for i, one in enumerate(takes) for other in takes[i + 1 :]
            if playing[one] != playing[other]]


def draw(choices: Sequence[Pair], votes: Iterable[Vote], by: random.Random | None = None) -> Pair | None:
    """The next pair to vote on, left and right: at random among those with the fewest votes; the sides too. None: there is none."""
    if not choices:
        return None
    by = by or random.SystemRandom()
    counts = Counter(frozenset((vote.left, vote.right)) for vote in votes)
    least = min(counts[frozenset(pair)] for pair in choices)
    one, other = by.choice([pair for pair in choices if counts[frozenset(pair)] == least])
    return (one, other) if by.random() < 0.5 else (other, one)


def ratings(project: Project, contest: Contest) -> list[Rating]:
    """The players of a contest that were voted on, the best first."""
    playing = players(project, contest)
    depths = {take: len(project.lineage(take)) for take in playing}
    between = [vote for vote in project.votes if vote.left in playing and vote.right in playing
               and playing[vote.left] != playing[vote.right] and depths[vote.left] == depths[vote.right]]
    names = list(dict.fromkeys(playing[take] for vote in between for take in (vote.left, vote.right)))
    index = {name: at for at, name in enumerate(names)}
    games = [(index[playing[vote.left]], index[playing[vote.right]], SCORES[vote.result]) for vote in between]
    scores: list[Counter[float]] = [Counter() for _ in names]
    for one, other, score in games:
        scores[one][score] += 1
        scores[other][1 - score] += 1
    elos, bounds = elo_of(games, len(names)), intervals(games, len(names))
    found = [
        Rating(name, score.total(), score[1.0], score[0.0], score[0.5], elo, *(bound or (None, None)))
        for name, score, elo, bound in zip(names, scores, elos, bounds, strict=True)
    ]
    return sorted(found, key=lambda rating: -rating.elo)


def elo_of(games: Iterable[Game], count: int) -> list[float]:
    """The ratings of `count` players after these games, in their order."""
    elo = [START] * count
    for one, other, score in games:
        expected = 1 / (1 + 10 ** ((elo[other] - elo[one]) / 400))
        gain = K * (score - expected)
        elo[one] += gain
        elo[other] -= gain
    return elo


def intervals(games: Sequence[Game], count: int) -> list[tuple[float, float] | None]:
    """The 95 % interval of each player's rating: Efron's percentile bootstrap over the votes, with a fixed seed.

    Votes are drawn again with replacement, 1000 times, and rated in their order. None for a player with fewer than 5 votes, and
    where every draw gives the same rating: such an interval would have no width and say nothing.
    """
    played = Counter(at for one, other, _ in games for at in (one, other))
    by = random.Random(SEED)
    rounds = [elo_of([games[at] for at in sorted(by.choices(range(len(games)), k=len(games)))], count)
              for _ in range(ROUNDS if games else 0)]
    found: list[tuple[float, float] | None] = []
    for at in range(count):
        values = [elo[at] for elo in rounds]
        if played[at] < LEAST or max(values) - min(values) < 1e-9:
            found.append(None)
            continue
        cuts = quantiles(values, n=40)          # at 2.5 %, 5 %, ... 97.5 %
        found.append((cuts[0], cuts[-1]))
    return found
