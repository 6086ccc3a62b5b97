"""The functions that change segments which have takes already, and say what becomes of the takes after them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal

from studio.api.calls import Calls
from studio.api.studio_values import EarlyCost
from studio.api.values import Progress
from studio.project.early import BRIDGE, Then
from studio.session import early_changes
from studio.ui.verbs.segments import read_wish

Change = Literal["edit", "insert", "remove", "move"]


class EarlyChangeCalls(Calls):
    """Functions on rendered segments."""

    def early_costs(
        self, film: str, what: Change, segment: str | None = None, to: int = 0, prompt: str = "", seconds: float | None = None
    ) -> list[EarlyCost]:
        """Tell what a change of rendered segments costs, for each way to go on. Nothing is changed.

        Args:
            what: edit: what edit_segment changed; insert: a segment before another one; remove; move.
            segment: the id of the segment that the new one precedes, that is removed or moved; null, for edit.
            to: the place that it is moved to, from 0.
            prompt: of the one that is inserted.
            seconds: that the one that is inserted lasts; null: as long as the one after it.

        Returns:
            The costs.
        """
        with self._answering(film, segment=segment) as session:
            sections = self._sections(session, seconds)
            fields = self._fields({"what": what, "segment": segment, "to": to, "prompt": prompt, "sections": sections})
            found = early_changes.costs(session.project, read_wish(session, fields), session.jobs.estimator)
            return [{"then": then, "takes": cost.takes, "sections": cost.sections, "seconds": cost.seconds}
                    for then, cost in found.items()]

    def change_early(
        self, film: str, what: Change, then: Then, segment: str | None = None, to: int = 0, prompt: str = "",
        seconds: float | None = None, frames: int = BRIDGE,
    ) -> AsyncIterator[Progress]:  # fmt: skip
        """Change rendered segments on a branch of their own, and follow the job that makes its takes. The branch before stays.

        Args:
            what: edit: what edit_segment changed; insert: a segment before another one; remove; move.
            then: the takes after it stay, after a cut (keep), are made again (again), or stay after a bridge into them (bridge).
            segment: the id of the segment that the new one precedes, that is removed or moved; null, for edit.
            to: the place that it is moved to, from 0.
            prompt: of the one that is inserted.
            seconds: that the one that is inserted lasts; null: as long as the one after it.
            frames: of a bridge.

        Returns:
            Events, as the job goes on. The last one says how it ended; where no take is made there is one event.
        """
        return self._follow(
            film, "change_early", what=what, then=then, segment=segment, to=to, prompt=prompt, seconds=seconds, frames=frames)
