"""The blind vote on one project's takes: the table of ratings, as rows and as a CSV file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from studio.media.spreadsheet import write_table
from studio.project.model import Project
from studio.project.votes import Contest, Rating, ratings

Row = dict[str, Any]


def rating_rows(project: Project, contest: Contest) -> list[Row]:
    """A row for each take or branch that was voted on, by segment, the best first. Segments count from 1.

    Raises:
        EditError: a branch of the contest is not there, or both are the same.
    """
    found = ratings(project, contest)
    if contest.branches:
        names = {branch.id: branch.name for branch in project.branches}
        return [{"branch": names[rating.player], **_numbers(rating)} for rating in found]
    rows = [_take_row(project, rating) for rating in found]
    return sorted(rows, key=lambda row: int(row["segment"]))          # stable: within a segment the best stays first


def write_ratings(rows: Sequence[Row], out: Path) -> None:
    """Write rows of ratings, at least one, as a CSV file with a line of names.

    Raises:
        MediaError: the disk is full or cannot be written.
    """
    write_table(list(rows[0]), (list(row.values()) for row in rows), out)


def _take_row(project: Project, rating: Rating) -> Row:
    path = project.lineage(rating.player)
    homes = (branch.name for branch in project.branches if any(t.id == rating.player for t in project.lineage(branch.tip)))
    return {
        "segment": len(path), "take": rating.player, "seed": path[-1].segment.seed, "branch": next(homes, ""), **_numbers(rating),
    }  # fmt: skip


def _numbers(rating: Rating) -> Row:
    bounds = {"low": rating.low, "high": rating.high}
    return {
        "votes": rating.votes, "wins": rating.wins, "losses": rating.losses, "ties": rating.ties, "elo": round(rating.elo, 1),
        **{key: None if value is None else round(value, 1) for key, value in bounds.items()},
    }  # fmt: skip

