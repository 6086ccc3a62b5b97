"""The functions that are about the sound of a film, and about the markers that are placed by ear."""

from __future__ import annotations

from studio.api.calls import Calls, upload_path
from studio.api.values import Film, Upload


class SoundCalls(Calls):
    """Functions on a film's sound and its markers."""

    def set_sound(self, film: str, sound: Upload) -> Film:
        """Put a sound under the film. One that takes another's place begins where that began, as loud.

        Args:
            sound: the uploaded file, any that holds sound; a video is one too. Its first 20 minutes are kept.
        """
        return self._change(film, "use_sound", path=upload_path(sound))

    def place_sound(self, film: str, offset: float | None = None, gain: float | None = None) -> Film:
        """Say where the film's sound begins, and how loud it is. What is null stays.

        Args:
            offset: seconds of the film at which it begins, from -1200 to 7200; negative: the film begins so far into the sound.
            gain: decibels by which it is made louder, from -40 to 12.
        """
        return self._change(film, "place_sound", offset=offset, gain=gain)

    def remove_sound(self, film: str) -> Film:
        """Take the sound off the film."""
        return self._change(film, "remove_sound")

    def add_marker(self, film: str, at: float) -> Film:
        """Place a marker on the timeline, such as one where the sound has a beat.

        Args:
            at: the second of the film, from 0 to 7200.
        """
        return self._change(film, "add_marker", at=at)

    def remove_marker(self, film: str, at: float) -> Film:
        """Remove the marker nearest to a second of the film.

        Args:
            at: the second, to the tenth.
        """
        return self._change(film, "remove_marker", at=at)

    def clear_markers(self, film: str) -> Film:
        """Remove all markers."""
        return self._change(film, "clear_markers")

    def fit_to_markers(self, film: str) -> Film:
        """Let segments that are not rendered end at the markers, as near as whole sections allow.

        Returns:
            The film; its note says how near that is.
        """
        return self._change(film, "fit_to_markers")
