"""What a program says of a film before it is made: its picture and marks, its settings, its segments and markers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.client.connection import upload
from studio.client.film_memory import OpenFilm

if TYPE_CHECKING:
    from studio.api.setting_values import Marks, Styles, TimelineText
    from studio.api.values import Film as FilmValue


class FilmTimeline(OpenFilm):
    """What a film is to be."""

    def set_reference(self, picture: str | Path, frame: Sequence[float] | None = None) -> FilmValue:
        """Let it begin with a picture file of this machine; `frame`: a part of it as x, y, width, height from 0 to 1."""
        return self._do("set_reference", picture=upload(picture), frame=None if frame is None else list(frame))

    def begin_from_words(self) -> FilmValue:
        """Let it begin from words alone, without a picture, if its model can."""
        return self._do("begin_from_words")

    def use_sample(self, sample: str) -> FilmValue:
        """Let it begin with the picture of a sample story."""
        return self._do("use_sample", sample=sample)

    def clear_reference(self) -> FilmValue:
        """Take the picture off the film."""
        return self._do("clear_reference")

    def begin_with_video(self, video: str | Path) -> FilmValue:
        """Let an empty film begin with a video file of this machine; `events` follows the take that is made of it."""
        return self._do("begin_with_video", video=upload(video))

    def set_frame(self, frame: Sequence[float] | None = None) -> FilmValue:
        """Choose the part of the picture that the film begins with; None: as much of its middle as fits."""
        return self._do("set_frame", frame=None if frame is None else list(frame))

    def set_marks(self, marks: Marks | Mapping[str, Any]) -> FilmValue:
        """Mark what stands in front, what flows, and whether the camera may leave the picture."""
        return self._do("set_marks", marks=dict(marks))

    def subject_mask(self, path: str | Path) -> Path:
        """Save a picture of what belongs to the marked subject under a path of this machine."""
        return self._save(self._ask("subject_mask"), path)

    def set_words(self, name: str | None = None, style: str | None = None, cast: str | None = None) -> FilmValue:
        """Change the film's name, style or cast."""
        return self._do("set_words", name=name, style=style, cast=cast)

    def styles(self) -> Styles:
        """Styles to choose from."""
        return self._ask("styles")

    def use_style(self, style: str) -> FilmValue:
        """Give the film the words of a style."""
        return self._do("use_style", style=style)

    def wildcards(self) -> list[str]:
        """Wildcards that prompts may have."""
        return self._ask("wildcards")

    def set_size(self, width: int, height: int) -> FilmValue:
        """Set the size of the takes that are made next, in pixels."""
        return self._do("set_size", width=width, height=height)

    def set_model(self, model: str) -> FilmValue:
        """Render with another model."""
        return self._do("set_model", model=model)

    def go_on(self, on: bool) -> FilmValue:
        """Say whether a job that the studio's end interrupts goes on by itself."""
        return self._do("go_on", on=on)

    def dismiss(self, finding: int) -> FilmValue:
        """Remove a finding that was read, by its place."""
        return self._do("dismiss", finding=finding)

    def add_segment(
        self, prompt: str = "", seconds: float | None = None, seed: int | None = None, after: str | None = None
    ) -> FilmValue:
        """Add a segment after another one, or at the end."""
        return self._do("add_segment", prompt=prompt, seconds=seconds, seed=seed, after=after)

    def edit_segment(
        self, segment: str, prompt: str | None = None, seconds: float | None = None, seed: int | None = None,
        blend: int | None = None,
    ) -> FilmValue:  # fmt: skip
        """Change a segment."""
        return self._do("edit_segment", segment=segment, prompt=prompt, seconds=seconds, seed=seed, blend=blend)

    def remove_segment(self, segment: str) -> FilmValue:
        """Remove a segment that is not rendered."""
        return self._do("remove_segment", segment=segment)

    def move_segment(self, segment: str, to: int) -> FilmValue:
        """Move a segment that is not rendered to another place."""
        return self._do("move_segment", segment=segment, to=to)

    def take_over(self, segment: str, take: str, part: str = "all") -> FilmValue:
        """Give a segment what a take was made with."""
        return self._do("take_over", segment=segment, take=take, part=part)

    def keep_stale(self) -> FilmValue:
        """Keep stale takes as they are."""
        return self._do("keep_stale")

    def read_timeline(self, text: str) -> TimelineText:
        """What a text of another program becomes on the timeline."""
        return self._ask("read_timeline", text=text)

    def put_timeline(self, text: str) -> FilmValue:
        """Put the segments of a text in place of those that are not rendered."""
        return self._do("put_timeline", text=text)

    def new_shot(
        self, segment: str, begins: str = "reference", picture: str | Path | None = None, take: str | None = None, at: int = 0,
        frame: Sequence[float] | None = None,
    ) -> FilmValue:  # fmt: skip
        """Let a segment begin a new shot: at the reference, a picture file of this machine, a frame of a take, or from words."""
        sent, part = None if picture is None else upload(picture), None if frame is None else list(frame)
        return self._do("new_shot", segment=segment, begins=begins, picture=sent, take=take, at=at, frame=part)

    def set_shot_frame(self, segment: str, frame: Sequence[float]) -> FilmValue:
        """Choose the part of a picture at which a segment's shot begins."""
        return self._do("set_shot_frame", segment=segment, frame=list(frame))

    def add_marker(self, at: float) -> FilmValue:
        """Place a marker at a second of the film."""
        return self._do("add_marker", at=at)

    def remove_marker(self, at: float) -> FilmValue:
        """Remove the marker nearest to a second."""
        return self._do("remove_marker", at=at)

    def clear_markers(self) -> FilmValue:
        """Remove all markers."""
        return self._do("clear_markers")

    def fit_to_markers(self) -> FilmValue:
        """Let segments that are not rendered end at the markers."""
        return self._do("fit_to_markers")
