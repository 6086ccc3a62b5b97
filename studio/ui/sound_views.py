"""What the page draws of the film's sound and of its markers, as JSON."""

from __future__ import annotations

from studio.project.sound_edits import find_fit
from studio.project.sound_limits import GAIN
from studio.session import Session
from studio.ui.words import Json, file_url


def sound_view(session: Session) -> Json:
    """The sound, if there is one; the markers; and how many segments could still end at one."""
    project, sound = session.project, session.project.sound
    file = session.sounds.file()
    return {
        "name": sound.name if sound else None,
        "content": sound.sha256 if sound else None,
        "url": file_url(file) if file else None,
        "missing": sound is not None and file is None,
        "seconds": sound.seconds if sound else 0,
        "offset": sound.offset if sound else 0,
        "gain": sound.gain if sound else 0,
        "gains": list(GAIN),
        "markers": list(project.markers),
        "fits": find_fit(project).fitted if project.markers else 0,
    }
