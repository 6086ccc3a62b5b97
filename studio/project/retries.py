"""Retries: how often a take is made again by itself while it has drifted too far, and which one is kept on the branch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from studio.language import sentence
from studio.project import limits
from studio.project.limits import EditError, fresh_seed
from studio.project.model import Measure, Project, Retries, Take
from studio.project.rules import FormatError
from studio.project.table_reader import Table, TableReader
from studio.project.take_requests import TakeRequest, request_take
from studio.project.tree import known_take, replace_branch

MOST = 4
"""Retries of one take, at most."""
THRESHOLDS = 0.5, 0.99
"""Bounds of the share of the first take below which a take is made again."""
MEASURES: Mapping[str, Measure] = MappingProxyType(
    {"sharpness": "sharpness", "contrast": "contrast", "palette": "palette", "identity": "identity"})


def set_retries(project: Project, times: int, measure: Measure, threshold: float) -> Project:
    """Make a take again up to `times` times, 0 to 4, while its measure is worse than that share of its shot's first take.

    Raises:
        EditError: a value is out of range.
    """
    if isinstance(times, bool) or not isinstance(times, int) or not 0 <= times <= MOST:
        raise EditError(sentence("A take is retried 0 to {most} times. The setting stays as it was.", most=MOST))
    if measure not in MEASURES:
        raise EditError(sentence(
            "A take is judged by one of {measures}. The setting stays as it was.", measures=", ".join(MEASURES)))
    share = limits.within(THRESHOLDS, threshold, sentence("The threshold of retries"))
    return replace(project, retries=replace(project.retries, times=times, measure=measure, threshold=share))


def retry_request(project: Project, take: Take, number: int) -> TakeRequest:
    """The request for the retry of that number of a take: as that one was asked, with its words and step cache, and another seed.

    Raises:
        EditError: there is no reference image any more.
    """
    segment = replace(take.segment, seed=fresh_seed())
    again = replace(
        request_take(project, segment, take.parent), settings=take.settings,
        words=take.words, style_words=take.style_words, cast_words=take.cast_words,
        context_look=take.context_look, step_ratios=take.step_ratios,
        profile_cache=take.profile_cache,
    )  # fmt: skip
    depth = len(project.lineage(take.parent))
    return TakeRequest(again, project.clock.sections(segment.frames), depth, audition=True, retry=number, retry_of=take.id)


def swap_take(project: Project, take: str, better: str) -> Project:
    """Put a take in the place of its sibling at the end of branches, and the head with it. The other one stays, on no branch.

    A branch that has gone on meanwhile stays as it is.

    Raises:
        EditError: no such take, they continue different takes, or the better one is in the trash.
    """
    old, new = known_take(project, take), known_take(project, better)
    if old.parent != new.parent or better in project.trash:
        raise EditError(sentence("These takes are not of the same place in the film. Nothing was changed."))
    index = len(project.lineage(old.parent))
    swapped = project
    for branch in project.branches:
        if branch.tip == take:
            planned = replace(branch.segments[index], seed=new.segment.seed)
            segments = (*branch.segments[:index], planned, *branch.segments[index + 1 :])
            swapped = replace_branch(swapped, replace(branch, tip=better, segments=segments))
    moved = project.head == take and swapped.current().tip == better
    return replace(swapped, head=better if moved else project.head)


def retries_table(retries: Retries) -> Table:
    """The field of retries; where nothing was set there is none, as in documents from before there were retries."""
    known = {"times": retries.times, "measure": retries.measure, "threshold": retries.threshold}
    return {} if retries == Retries() and not retries.unknown else {"retries": {**retries.unknown, **known}}


def parse_retries(table: Table | None) -> Retries:
    """The retries in a field; none without one. Raises FormatError: it cannot be read."""
    if table is None:
        return Retries()
    read = TableReader(table, "retries")
    times, measure, threshold = read.count("times"), read("measure", str), read.number("threshold")
    if times > MOST or measure not in MEASURES or not 0 <= threshold <= 1:
        raise FormatError("retries: a value is out of range")
    return Retries(times, MEASURES[measure], threshold, read.rest())
