"""The functions that are about how takes are shown, and which one is better: stars, trims, looks, votes. Takes stay as they are."""

from __future__ import annotations

from studio.api.calls import Calls
from studio.api.film_values import file_value
from studio.api.studio_values import Pair, Rating
from studio.api.values import File, Film
from studio.project import votes
from studio.project.model import Loop, VoteResult
from studio.ui.verbs.votes import read_contest


class ShownTakeCalls(Calls):
    """Functions on takes as they are shown and compared."""

    def star(self, film: str, take: str, on: bool = True) -> Film:
        """Give a take a star, or take it away.

        Args:
            take: the take's id.
            on: whether it has one.
        """
        return self._change(film, "star", take=take, star=on)

    def trim(
        self, film: str, take: str, first: int | None = None, end: int | None = None, loop: Loop | None = None,
        times: int | None = None,
    ) -> Film:  # fmt: skip
        """Let the film show a part of a take, or show it several times. What is null stays.

        Args:
            take: the take's id.
            first: the first frame that is shown, from 0.
            end: the frame after the last one that is shown; 0: the take's end.
            loop: how it is played again.
            times: how often in all, from 1 to 20.
        """
        return self._change(film, "set_trim", take=take, first=first, end=end, loop=loop, times=times)

    def hold_look(
        self, film: str, take: str, match: str | None = None, strength: float | None = None, after: bool = False,
        context: bool | None = None,
    ) -> Film:  # fmt: skip
        """Show a take in the colours and the contrast of another picture. What is null stays, where the take has a look.

        Args:
            take: the take's id.
            match: first (the first frame of its shot), reference, or the id of another take.
            strength: how much, from 0 to 1.
            after: whether all takes after it on the current branch are held to the same look.
            context: whether the section after it sees it so too. Not every model can do this.
        """
        return self._change(film, "set_look", take=take, match=match, strength=strength, after=after, context=context)

    def drop_look(self, film: str, take: str, after: bool = False) -> Film:
        """Show a take as it was made again.

        Args:
            take: the take's id.
            after: whether all takes after it on the current branch are too.
        """
        return self._change(film, "drop_look", take=take, after=after)

    def next_pair(self, film: str, place: int | None = None, branch: str | None = None, other: str | None = None) -> Pair:
        """Draw two takes of the same segment to vote on, in any order, among those that were compared least; look shows them.

        Args:
            place: of their segment in the film, from 0; null: any.
            branch: the id of a branch that is compared with the other one; null: takes are compared.
            other: the id of that.

        Returns:
            The takes.
        """
        with self._answering(film, branch=branch) as session:
            answer = self.page.verbs["next_pair"](session, self._fields({"place": place, "branch": branch, "other": other})) or {}
            pair = answer["pair"] or {"left": None, "right": None}
            return {"left": pair["left"], "right": pair["right"], "votes": answer["votes"]}

    def vote(self, film: str, left: str, right: str, result: VoteResult) -> Film:
        """Say which of two takes is better.

        Args:
            left: the id of one.
            right: the id of the other.
            result: left, right or alike.
        """
        return self._change(film, "vote", left=left, right=right, result=result)

    def drop_vote(self, film: str) -> Film:
        """Take back the vote that was given last."""
        return self._change(film, "drop_vote")

    def ratings(self, film: str, place: int | None = None, branch: str | None = None, other: str | None = None) -> list[Rating]:
        """Tell what the votes say of takes, or of two branches, the best first.

        Args:
            place: of the takes' segment in the film, from 0; null: all takes.
            branch: the id of a branch that is compared with the other one; null: takes are compared.
            other: the id of that.

        Returns:
            The ratings of those that were voted on.
        """
        with self._answering(film, branch=branch) as session:
            contest = read_contest(self._fields({"place": place, "branch": branch, "other": other}))
            return [
                {"player": each.player, "votes": each.votes, "wins": each.wins, "losses": each.losses, "ties": each.ties,
                 "elo": each.elo, "low": each.low, "high": each.high}
                for each in votes.ratings(session.project, contest)
            ]

    def export_ratings(self, film: str, place: int | None = None, branch: str | None = None, other: str | None = None) -> File:
        """Export what the votes say of takes, or of two branches, as a table.

        Args:
            place: of the takes' segment in the film, from 0; null: all takes.
            branch: the id of a branch that is compared with the other one; null: takes are compared.
            other: the id of that.

        Returns:
            The file: CSV.
        """
        with self._answering(film, branch=branch) as session:
            contest = read_contest(self._fields({"place": place, "branch": branch, "other": other}))
            return file_value(session.films.export_ratings(contest))
