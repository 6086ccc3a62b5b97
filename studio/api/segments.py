"""The functions that are about a film's timeline: its segments and its shots."""

from __future__ import annotations

from typing import Literal

from studio.api.calls import Calls, upload_path
from studio.api.values import Film, Upload


class SegmentCalls(Calls):
    """Functions on the segments of a film."""

    def add_segment(
        self, film: str, prompt: str = "", seconds: float | None = None, seed: int | None = None, after: str | None = None
    ) -> Film:
        """Add a segment to the timeline.

        Args:
            prompt: what happens in it.
            seconds: its length, to the nearest whole section; null: as long as the one before it.
            seed: of its noise, from 0 to 4294967295; null: a random one.
            after: the id of the segment that it follows; null: the last one.
        """
        return self._change(film, "add_segment", prompt=prompt, seconds=seconds, seed=seed, segment=after)

    def edit_segment(
        self, film: str, segment: str, prompt: str | None = None, seconds: float | None = None, seed: int | None = None
    ) -> Film:
        """Change a segment. What is null stays. A take of it becomes stale, and stays in the tree.

        Args:
            segment: its id.
            prompt: what happens in it.
            seconds: its length, to the nearest whole section.
            seed: of its noise, from 0 to 4294967295.
        """
        return self._change(film, "edit_segment", segment=segment, prompt=prompt, seconds=seconds, seed=seed)

    def remove_segment(self, film: str, segment: str) -> Film:
        """Remove a segment that is not rendered on this branch.

        Args:
            segment: its id.
        """
        return self._change(film, "remove_segment", segment=segment)

    def new_shot(
        self, film: str, segment: str, begins: Literal["reference", "picture", "frame", "none"] = "reference",
        picture: Upload | None = None, take: str | None = None, at: int = 0,
    ) -> Film:  # fmt: skip
        """Let a segment begin a new shot, with a hard cut. What the film remembers stays.

        Args:
            segment: its id.
            begins: where: at the reference picture, at another picture, at a frame of a take; none: it continues, without a cut.
            picture: the uploaded file, for picture.
            take: the take's id, for frame.
            at: the number of its frame from 0, for frame.
        """
        path = upload_path(picture) if picture is not None else None
        return self._change(film, "set_shot", segment=segment, **{"from": begins}, path=path, take=take, at=at)
