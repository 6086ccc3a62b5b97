"""Verbs of the film's sound and of the markers that are placed by ear."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from studio.language import sentences
from studio.project import sound_edits as edits
from studio.project.sound_limits import GAIN, OFFSET
from studio.session import Session
from studio.session.sounds import RATE
from studio.ui.fields import Fields
from studio.ui.verbs.verb import Answer, Verb, stroke


def _use(session: Session, fields: Fields) -> Answer:
    """Let an uploaded file be heard with the film; the note says what of it is kept."""
    note = session.sounds.use(fields.upload("path"))
    return {"note": note} if note else {}


def _place(session: Session, fields: Fields) -> None:
    sound = session.project.sound
    offset = fields.number("offset", *OFFSET) if fields.has("offset") else sound.offset if sound else 0
    gain = fields.number("gain", *GAIN) if fields.has("gain") else sound.gain if sound else 0
    session.edit_in_stroke(stroke(fields, "sound"), edits.place_sound, offset, gain)


def _waveform(session: Session, fields: Fields) -> Answer:
    """The waveform: bytes in base64, so many a second."""
    return {"peaks": base64.b64encode(session.sounds.waveform().tobytes()).decode(), "rate": RATE}


def _fit(session: Session, fields: Fields) -> Answer:
    """Fit what is not rendered yet to the markers; the note says how near whole sections come."""
    fit = edits.find_fit(session.project)
    session.edit(edits.fit_to_markers)
    if fit.off < 0.005:
        return {"note": sentences(
            "{number} segment fitted: each ends at its marker.", "{number} segments fitted: each ends at its marker.", fit.fitted)}
    return {"note": sentences(
        "{number} segment fitted: each ends within {off:.2g} seconds of its marker. Takes have whole sections, so it cannot be "
        "nearer.",
        "{number} segments fitted: each ends within {off:.2g} seconds of its marker. Takes have whole sections, so it cannot be "
        "nearer.", fit.fitted, off=fit.off)}


VERBS: Mapping[str, Verb] = {
    "use_sound": _use,
    "remove_sound": lambda s, f: s.edit(edits.set_sound, None),
    "place_sound": _place,
    "waveform": _waveform,
    "add_marker": lambda s, f: s.edit(edits.add_marker, f.number("at", *OFFSET)),
    "remove_marker": lambda s, f: s.edit(edits.remove_marker, f.number("at", *OFFSET)),
    "clear_markers": lambda s, f: s.edit(edits.clear_markers),
    "fit_to_markers": _fit,
}
