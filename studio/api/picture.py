"""The functions that are about the picture that a film begins with: its frame, the marks on it, a video in its place."""

from __future__ import annotations

from studio.api.calls import Calls, upload_path
from studio.api.film_values import file_value
from studio.api.setting_values import Marks
from studio.api.values import File, Film, Upload
from studio.language import sentence
from studio.session import EditError


class PictureCalls(Calls):
    """Functions on a film's picture."""

    def clear_reference(self, film: str) -> Film:
        """Take the picture off the film, with the marks on it. Takes that were made from it become stale."""
        return self._change(film, "clear_reference")

    def begin_with_video(self, film: str, video: Upload) -> Film:
        """Let an empty film begin with a video: its end becomes the first take, which is made at once; events follows that.

        Args:
            video: the uploaded file.

        Returns:
            The film; its note says what of the video is kept.
        """
        return self._change(film, "begin_with_video", path=upload_path(video))

    def set_frame(self, film: str, frame: list[float] | None = None) -> Film:
        """Choose the part of the picture that the film begins with, in the film's shape. Takes made from another become stale.

        Args:
            frame: x, y, width and height as shares of the picture, from 0 to 1; null: as much of its middle as fits.
        """
        return self._change(film, "set_frame", frame=frame)

    def set_marks(self, film: str, marks: Marks) -> Film:
        """Mark the picture: what stands in front of its ground, what flows, and whether the camera may leave it.

        Not every model and size takes marks. Takes made with others become stale.

        Args:
            marks: all of them; those that are left out are removed.
        """
        return self._change(film, "set_marks", marks=marks)

    def subject_mask(self, film: str) -> File:
        """See what of the picture belongs to the marked subject.

        Returns:
            A white PNG of the picture's shape, opaque where the subject is.
        """
        with self._answering(film) as session:
            mask = session.subject_mask()
            if mask is None:
                raise EditError(sentence("No subject is marked on this film’s picture. Mark one first; nothing was changed."))
            path = session.films.export_path("subject.png")
            path.parent.mkdir(parents=True)
            path.write_bytes(mask)
            return file_value(path)
