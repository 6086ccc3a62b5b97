"""Lays out the tree of takes for drawing: depth is the place in the film, and each line of takes has a column."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from studio.project.model import Project, Take


@dataclass(frozen=True)
class TreeNode:
    """Where a take is drawn. `loose`: it is on no branch; `tips`: the names of branches that end here."""

    take: str
    depth: int
    column: int
    on_path: bool
    loose: bool
    tips: tuple[str, ...]


def layout_tree(project: Project) -> list[TreeNode]:
    """A node for each take that is not in the trash, parents first.

    The oldest child continues its parent's column, each other one gets its own.
    """
    children: dict[str | None, list[Take]] = defaultdict(list)
    for take in project.takes.values():
        if take.id in project.trash:
            continue
        children[take.parent if take.parent in project.takes else None].append(take)
    for siblings in children.values():
        siblings.sort(key=lambda t: t.created)
    tips: dict[str | None, list[str]] = defaultdict(list)
    on_branches: set[str] = set()
    for branch in project.branches:
        tips[branch.tip].append(branch.name)
        on_branches.update(t.id for t in project.lineage(branch.tip))
    path = {t.id for t in project.path()}

    nodes: list[TreeNode] = []
    columns = 0
    # A stack, not recursion: a film may have more takes than Python allows nested calls.
    stack = [(take, 0, i > 0) for i, take in reversed(list(enumerate(children[None])))]
    column_of: dict[str | None, int] = {None: 0}
    while stack:
        take, depth, new_column = stack.pop()
        if new_column:
            columns += 1
        column = columns if new_column else column_of[take.parent if take.parent in project.takes else None]
        column_of[take.id] = column
        nodes.append(TreeNode(take.id, depth, column, take.id in path, take.id not in on_branches, tuple(tips[take.id])))
        stack += [(child, depth + 1, i > 0) for i, child in reversed(list(enumerate(children[take.id])))]
    return nodes
