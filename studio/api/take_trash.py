"""The functions that are about the trash of a film: takes and branches that were dropped come back, or are deleted."""

from __future__ import annotations

from studio.api.calls import Calls
from studio.api.film_values import film_value
from studio.api.keeping_values import Trash
from studio.api.values import Film
from studio.ui.trash_views import trash_view


class TakeTrashCalls(Calls):
    """Functions on a film's trash."""

    def trash(self, film: str) -> Trash:
        """List what is in a film's trash, what was dropped last first.

        Returns:
            The trash.
        """
        with self._answering(film) as session:
            project, view = session.project, trash_view(session, ())
            return {
                "takes": [
                    {"id": each["id"], "prompt": project.takes[each["id"]].segment.prompt,
                     "index": len(project.lineage(each["id"])) - 1, "when": each["when"], "bytes": each["bytes"],
                     "needed": each["needed"]}
                    for each in view["takes"]],
                "branches": [{"id": each["id"], "name": each["name"], "when": each["when"]} for each in view["branches"]],
            }  # fmt: skip

    def restore_takes(self, film: str, takes: list[str]) -> Film:
        """Take takes out of the trash, with those that they continue.

        Args:
            takes: their ids.
        """
        return self._change(film, "restore_takes", takes=takes)

    def drop_branch(self, film: str, branch: str) -> Film:
        """Move a branch, with the takes that no other has, into the trash.

        Args:
            branch: the branch's id.
        """
        return self._change(film, "drop_branch", branch=branch)

    def restore_branch(self, film: str, branch: str) -> Film:
        """Take a branch out of the trash, with its takes. The head stays where it is.

        Args:
            branch: the branch's id.
        """
        with self._answering(film) as session:
            return film_value(session, self._do(session, "restore_branch", branch=branch))

    def empty_trash(self, film: str, takes: list[str] | None = None, branches: list[str] | None = None) -> Film:
        """Delete takes and branches in the trash for good. This cannot be undone; it removes them from the steps of undo, too.

        Args:
            takes: the takes' ids, with which what continues them goes; null: none.
            branches: the branches' ids; null: none.

        Returns:
            The film; its note says which takes stay because others need them.
        """
        return self._change(film, "empty_trash", takes=takes or None, branches=branches or None)
