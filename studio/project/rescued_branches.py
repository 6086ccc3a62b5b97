"""The branches of a damaged project, joined from every copy of them that can be read: none is lost, and none of their segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from studio.project.codec import branch_table, parse_branch
from studio.project.limits import fresh_id
from studio.project.model import Branch, Segment, Take
from studio.project.rules import FormatError
from studio.project.segment_tables import parse_segment
from studio.project.table_reader import Table, as_list


def path_to(tip: str | None, takes: Mapping[str, Take]) -> list[str]:
    """Ids of the takes from the first one to `tip`."""
    path: list[str] = []
    while tip is not None:
        path.append(tip)
        tip = takes[tip].parent
    return path[::-1]


def join_branches(
    documents: Sequence[Table], plans: Sequence[Table], takes: Mapping[str, Take]
) -> tuple[dict[str, Branch], bool]:
    """All branches by id, and whether the documents had a whole list of them; where they had not, those of the plans too.

    Args:
        documents: what is left of the documents, the newest first.
        plans: what lies beside each take, likewise.
        takes: all takes, by id.
    """
    found: dict[str, Branch] = {}
    damaged: set[str] = set()
    whole = False
    for table in documents:
        whole = _add_branches(found, damaged, table, takes) or whole
    whole = whole and not damaged
    for table in () if whole else plans:
        _add_branches(found, damaged, table, takes)
    return {key: _fill_plan(branch, takes) for key, branch in found.items()}, whole


def _add_branches(found: dict[str, Branch], damaged: set[str], table: Table, takes: Mapping[str, Take]) -> bool:
    """Add to `found` what an older copy has: branches that are not there, and segments that are missing in them.

    Args:
        found: branches of newer copies, by id.
        damaged: ids of those that no copy has described whole so far.
        table: the older copy.
        takes: all takes, by id.

    Returns:
        Whether every branch of the copy has an id that can be read.
    """
    entries = as_list(table.get("branches"))
    whole = bool(entries)
    for entry in entries:
        read = _read_branch(entry, takes)
        if read is None:
            whole = False
            continue
        branch, sound = read
        known = found.get(branch.id)
        if known is None:
            found[branch.id] = branch
            damaged |= set() if sound else {branch.id}
        else:
            better = sound and branch.id in damaged
            found[branch.id] = _merge(known, branch, takes, order=branch if better else known)
            damaged -= {branch.id} if better else set()
    return whole


def _read_branch(entry: object, takes: Mapping[str, Take]) -> tuple[Branch, bool] | None:
    """What can be read of a branch, and whether that is all of it; None: not even its id."""
    try:
        branch = parse_branch(entry)
    except FormatError:
        if not isinstance(entry, dict):
            return None
        segments = [segment for part in as_list(entry.get("segments")) if (segment := _segment(part))]
        name, tip = entry.get("name"), entry.get("tip")
        tip = tip if isinstance(tip, str) and tip in takes else None
        plain = Branch(fresh_id(), name if isinstance(name, str) else "", tuple(segments), tip)
        try:
            branch = parse_branch({**entry, **branch_table(plain), "id": entry.get("id")})
        except FormatError:
            return None
        return branch, False
    if branch.tip is not None and branch.tip not in takes:
        return replace(branch, tip=None), False
    return branch, len(branch.segments) >= len(path_to(branch.tip, takes))


def _segment(entry: object) -> Segment | None:
    try:
        return parse_segment(entry)
    except FormatError:
        return None


def _merge(newer: Branch, older: Branch, takes: Mapping[str, Take], order: Branch) -> Branch:
    """One branch of two copies of it. `order`: the copy whose segments come in the right order."""
    first, second = (older.segments, newer.segments) if order is older else (newer.segments, older.segments)
    latest = {segment.id: segment for segment in (*older.segments, *newer.segments)}
    plan = [segment.id for segment in first]
    tip = older.tip if newer.tip is None else newer.tip
    rendered = len(path_to(tip, takes))
    place = 0
    for segment in second:
        if segment.id in plan:
            place = plan.index(segment.id) + 1
        else:                                            # after the one that it followed, but never among rendered ones
            place = min(max(place, rendered), len(plan))
            plan.insert(place, segment.id)
            place += 1
    return replace(newer, name=newer.name or older.name, tip=tip, segments=tuple(latest[key] for key in plan))


def _fill_plan(branch: Branch, takes: Mapping[str, Take]) -> Branch:
    """The branch with a name, and with at least as many segments as it has takes: missing ones are as their takes were asked."""
    asked = tuple(takes[take].segment for take in path_to(branch.tip, takes))
    ids = {segment.id for segment in branch.segments}
    missing = tuple(replace(s, id=fresh_id()) if s.id in ids else s for s in asked[len(branch.segments) :])
    return replace(branch, name=branch.name or "Branch", segments=branch.segments + missing)
