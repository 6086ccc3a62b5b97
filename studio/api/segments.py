"""The functions that are about a film's timeline: its segments and its shots."""

from __future__ import annotations

from typing import Literal

from studio.api.calls import Calls, upload_path
from studio.api.setting_values import TimelineText
from studio.api.values import Film, Upload
from studio.project.reuse import Part
from studio.project.timeline_text import read_timeline
from studio.ui.prompt_views import text_segments, timeline_text_view


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
        self, film: str, segment: str, prompt: str | None = None, seconds: float | None = None, seed: int | None = None,
        blend: int | None = None,
    ) -> Film:  # fmt: skip
        """Change a segment. What is null stays. A take of it becomes stale, and stays in the tree.

        Args:
            segment: its id.
            prompt: what happens in it.
            seconds: its length, to the nearest whole section.
            seed: of its noise, from 0 to 4294967295.
            blend: frames over which it takes over from the segment before it; 0: at once.
        """
        return self._change(film, "edit_segment", segment=segment, prompt=prompt, seconds=seconds, seed=seed, blend=blend)

    def remove_segment(self, film: str, segment: str) -> Film:
        """Remove a segment that is not rendered on this branch.

        Args:
            segment: its id.
        """
        return self._change(film, "remove_segment", segment=segment)

    def move_segment(self, film: str, segment: str, to: int) -> Film:
        """Move a segment that is not rendered on this branch.

        Args:
            segment: its id.
            to: the place that it is moved to, from 0.
        """
        return self._change(film, "move_segment", segment=segment, to=to)

    def take_over(self, film: str, segment: str, take: str, part: Part = "all") -> Film:
        """Give a segment what a take was made with.

        Args:
            segment: its id.
            take: the take's id.
            part: all; prompt; seed; or remix, everything but the seed, which is drawn anew.
        """
        return self._change(film, "take_over", segment=segment, take=take, part=part)

    def keep_stale(self, film: str) -> Film:
        """Keep stale takes of the branch as they are: what they were made from is no longer asked about."""
        return self._change(film, "keep_stale")

    def read_timeline(self, film: str, text: str) -> TimelineText:
        """Tell what a text becomes on the timeline, as FramePack-Studio ([0s-2s: she waves]) and Wan2GP write them.

        Nothing is changed.

        Args:
            text: the timeline.

        Returns:
            The segments, and what is understood otherwise.
        """
        with self._answering(film) as session:
            project, found = session.project, read_timeline(self._fields({"text": text}).text("text"))
            view = timeline_text_view(project, found)
            segments = text_segments(project, found) if found else ()
            lengths = [project.clock.seconds(project.clock.rendered(segment.frames)) for segment in segments]
            return {
                "segments": [{"prompt": each.prompt, "seconds": length} for each, length in zip(segments, lengths, strict=True)],
                "seconds": sum(lengths), "replaced": view.get("replaced", 0), "notes": view.get("notes", []),
            }  # fmt: skip

    def put_timeline(self, film: str, text: str) -> Film:
        """Put the segments of a text in place of those that are not rendered; see read_timeline.

        Args:
            text: the timeline.

        Returns:
            The film; its note says what was understood otherwise.
        """
        return self._change(film, "put_timeline", text=text)

    def new_shot(
        self, film: str, segment: str, begins: Literal["reference", "picture", "frame", "words", "none"] = "reference",
        picture: Upload | None = None, take: str | None = None, at: int = 0, frame: list[float] | None = None,
    ) -> Film:  # fmt: skip
        """Let a segment begin a new shot, with a hard cut. What the film remembers stays.

        Args:
            segment: its id.
            begins: where: at the reference picture, at another picture, at a frame of a take, from words alone; none: no cut.
            picture: the uploaded file, for picture.
            take: the take's id, for frame.
            at: the number of its frame from 0, for frame.
            frame: the part of the picture, for picture, as x, y, width and height from 0 to 1; null: chosen by the studio.
        """
        path = upload_path(picture) if picture is not None else None
        return self._change(film, "set_shot", segment=segment, **{"from": begins}, path=path, take=take, at=at, frame=frame)

    def set_shot_frame(self, film: str, segment: str, frame: list[float]) -> Film:
        """Choose the part of a picture at which a segment's new shot begins.

        Args:
            segment: its id.
            frame: x, y, width and height as shares of the picture, from 0 to 1.
        """
        return self._change(film, "set_shot_frame", segment=segment, frame=frame)
