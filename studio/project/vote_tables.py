"""Votes as JSON values and back. Unknown fields, of a newer format, are kept and written back."""

from __future__ import annotations

from collections.abc import Iterable

from studio.project.model import Vote
from studio.project.rules import FormatError
from studio.project.table_reader import Table, TableReader
from studio.project.votes import RESULTS


def votes_table(votes: Iterable[Vote]) -> Table:
    """The field of votes; without votes there is none, as in documents from before there were votes."""
    entries = [
        {**vote.unknown, "left": vote.left, "right": vote.right, "result": vote.result, "created": vote.created} for vote in votes
    ]
    return {"votes": entries} if entries else {}


def parse_vote(table: object) -> Vote:
    """The vote in a JSON object. Raises FormatError: a field is missing or of the wrong kind."""
    read = TableReader(table, "vote")
    left, right, result = read.id("left"), read.id("right"), read("result", str)
    if result not in RESULTS:
        raise FormatError(f"vote: 'result' is {result!r}")
    return Vote(left, right, RESULTS[result], read("created", str), read.rest())
