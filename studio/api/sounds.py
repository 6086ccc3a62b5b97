"""The functions that are about the sound of a film."""

from __future__ import annotations

from studio.api.calls import Calls, upload_path
from studio.api.values import Film, Upload


class SoundCalls(Calls):
    """Functions on a film's sound."""

    def set_sound(self, film: str, sound: Upload) -> Film:
        """Put a sound under the film. One that takes another's place begins where that began, as loud.

        Args:
            sound: the uploaded file, any that holds sound; a video is one too. Its first 20 minutes are kept.
        """
        return self._change(film, "use_sound", path=upload_path(sound))

    def place_sound(self, film: str, offset: float | None = None, gain: float | None = None) -> Film:
        """Say where the film's sound begins, and how loud it is. What is null stays.

        Args:
            offset: seconds of the film at which it begins; negative: the film begins so far into the sound.
            gain: decibels by which it is made louder, from -40 to 12.
        """
        return self._change(film, "place_sound", offset=offset, gain=gain)

    def remove_sound(self, film: str) -> Film:
        """Take the sound off the film."""
        return self._change(film, "remove_sound")
