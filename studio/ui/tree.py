"""Where each take sits in the drawn tree: depth down the film, a column per line of takes. It knows only documents."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from studio.project.model import Project, Take


@dataclass(frozen=True)
class Node:
    """A take's place. `loose`: no branch passes through it; `tips`: the names of branches that end here."""

    take: str
    depth: int
    column: int
    on_path: bool
    loose: bool
    tips: tuple[str, ...]


def tree(project: Project) -> list[Node]:
    """Nodes, parents first. The oldest child continues its parent's column, each other child opens one."""
    children: dict[str | None, list[Take]] = defaultdict(list)
    for take in project.takes.values():
        children[take.parent if take.parent in project.takes else None].append(take)
    for siblings in children.values():
        siblings.sort(key=lambda t: t.created)
    tips: dict[str | None, list[str]] = defaultdict(list)
    held: set[str] = set()
    for branch in project.branches:
        tips[branch.tip].append(branch.name)
        held.update(t.id for t in project.lineage(branch.tip))
    path = {t.id for t in project.path()}

    nodes: list[Node] = []
    columns = 0
    # A stack, not recursion: a film may have more takes than Python has frames.
    waiting = [(take, 0, i > 0) for i, take in reversed(list(enumerate(children[None])))]
    column_of: dict[str | None, int] = {None: 0}
    while waiting:
        take, depth, opens = waiting.pop()
        if opens:
            columns += 1
        column = columns if opens else column_of[take.parent if take.parent in project.takes else None]
        column_of[take.id] = column
        nodes.append(Node(take.id, depth, column, take.id in path, take.id not in held, tuple(tips[take.id])))
        waiting += [(child, depth + 1, i > 0) for i, child in reversed(list(enumerate(children[take.id])))]
    return nodes
