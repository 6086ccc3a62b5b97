"""Verbs of the blind vote: the next pair, a vote, the table of ratings and its file."""

from __future__ import annotations

from collections.abc import Mapping

from studio.project import votes
from studio.session import Session
from studio.session.votes import rating_rows
from studio.ui.fields import Fields
from studio.ui.verbs.verb import Answer, Verb
from studio.ui.words import file_url


def read_contest(fields: Fields) -> votes.Contest:
    """The contest of a message: two branches, one segment (an index), or all takes."""
    if fields.has("branch"):
        return votes.Contest(branches=(fields.identifier("branch"), fields.identifier("other")))
    return votes.Contest(segment=fields.integer("place", 0, 10_000) if fields.has("place") else None)


def _pairs(session: Session, contest: votes.Contest) -> list[votes.Pair]:
    project = session.project
    return votes.pairs(project, contest, [take for take in project.takes if session.films.clip(take)])


def _next_pair(session: Session, fields: Fields) -> Answer:
    """A pair of takes to vote on, as ids; null where there is none."""
    drawn = votes.draw(_pairs(session, read_contest(fields)), session.project.votes)
    return {"pair": drawn and {"left": drawn[0], "right": drawn[1]}, "votes": len(session.project.votes)}


def _ratings(session: Session, fields: Fields) -> Answer:
    """The table of ratings, and how many pairs there are to vote on."""
    contest = read_contest(fields)
    return {"rows": rating_rows(session.project, contest), "pairs": len(_pairs(session, contest))}


def _export_ratings(session: Session, fields: Fields) -> Answer:
    path = session.films.export_ratings(read_contest(fields))
    return {"url": file_url(path), "file": path.name}


VERBS: Mapping[str, Verb] = {
    "next_pair": _next_pair,
    "vote": lambda s, f: s.edit(votes.add_vote, f.identifier("left"), f.identifier("right"), f.one_of("result", votes.RESULTS)),
    "drop_vote": lambda s, f: s.edit(votes.drop_vote),
    "ratings": _ratings,
    "export_ratings": _export_ratings,
}
