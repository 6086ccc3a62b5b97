"""`app.py read-mark`: says whether a video bears the invisible mark of exported films."""

from __future__ import annotations

from pathlib import Path

from studio.commands.guard import complain, say
from studio.session import MediaError
from studio.session.invisible_marks import find_marked

UNREADABLE = 2


def read_mark(video: Path, home: Path) -> int:
    """Say what mark a video bears, and which film here may be it. Returns the process's exit status: 1 where it bears none.

    What cannot be read has a status of its own, UNREADABLE.
    """
    try:
        if not video.is_file():
            raise MediaError(f"There is no file {video}. Name a video.")
        found = find_marked(home, video)
    except MediaError as error:
        return complain(str(error), UNREADABLE)
    say(f"{found.says(video.name)} (Score {found.reading.score:.1f}; a mark counts from {found.least:.1f} on.)")
    return 0 if found.reading.found else 1
