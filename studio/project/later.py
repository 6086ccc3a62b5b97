"""Looks and trims of takes that are still to be made: a film that is made again shows each take as it was shown before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from studio.project.look_tables import known_looks, look_table, parse_look
from studio.project.model import Look, Project, Trim
from studio.project.table_reader import Table, TableReader
from studio.project.trim_tables import parse_trim, trim_table


def plan_later(project: Project, looks: Mapping[str, Look], trims: Mapping[str, Trim]) -> Project:
    """The project, which does not have these takes yet, with the looks and trims that they are to be shown with."""
    return replace(project, later_looks=dict(looks), later_trims=dict(trims))


def show_later(project: Project) -> Project:
    """The project with the looks and trims of takes that are there by now; a look also waits for the take that it matches."""
    if not project.later_looks and not project.later_trims:
        return project
    looks = known_looks(project.later_looks, project.takes)
    trims = {take: trim for take, trim in project.later_trims.items() if take in project.takes}
    if not looks and not trims:
        return project
    return replace(
        project, looks={**looks, **project.looks}, trims={**trims, **project.trims},
        later_looks={take: look for take, look in project.later_looks.items() if take not in looks},
        later_trims={take: trim for take, trim in project.later_trims.items() if take not in trims})


def later_table(project: Project) -> Table:
    """The fields of what waits; where nothing does there are none."""
    looks = {take: look_table(look) for take, look in project.later_looks.items()}
    trims = {take: trim_table(trim) for take, trim in project.later_trims.items()}
    return {**({"later_looks": looks} if looks else {}), **({"later_trims": trims} if trims else {})}


def parse_later(read: TableReader) -> tuple[Mapping[str, Look], Mapping[str, Trim]]:
    """What waits, in a document. Raises FormatError: a look or a trim cannot be read."""
    looks, trims = read.optional("later_looks", dict) or {}, read.optional("later_trims", dict) or {}
    return {take: parse_look(look) for take, look in looks.items()}, {take: parse_trim(trim) for take, trim in trims.items()}
