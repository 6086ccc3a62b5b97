"""Edits of a film's sound and of the markers that are placed by ear, and segments that end at them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from studio.language import sentence
from studio.project import limits
from studio.project.limits import SECTIONS, EditError
from studio.project.model import Project
from studio.project.sound_limits import APART, GAIN, MARKERS, OFFSET, known_markers
from studio.project.sources import Sound
from studio.project.tree import with_segments
from studio.project.trims import film_frames


def set_sound(project: Project, sound: Sound | None) -> Project:
    """Let a sound be heard with the film; None: none. One that takes another's place begins where that began."""
    before = project.sound
    if sound and before:
        sound = replace(sound, offset=before.offset, gain=before.gain)
    return replace(project, sound=sound)


def place_sound(project: Project, offset: object, gain: object) -> Project:
    """Set where the sound begins and how loud it is.

    Args:
        project: with a sound.
        offset: seconds of the film; negative: the film begins so far into the sound.
        gain: decibels.

    Raises:
        EditError: the film has no sound, or a number is out of range.
    """
    if project.sound is None:
        raise EditError(sentence("The film has no sound to place. Drop a file with sound first."))
    start = round(limits.within(OFFSET, offset, sentence("The second at which the sound begins")), 3)
    loud = round(limits.within(GAIN, gain, sentence("The loudness in decibels")), 1)
    return replace(project, sound=replace(project.sound, offset=start + 0.0, gain=loud + 0.0))


def add_marker(project: Project, at: object) -> Project:
    """Place a marker at a second of the film.

    Raises:
        EditError: it is no moment of a film, there is a marker already, or there are too many.
    """
    second = round(limits.within((0, OFFSET[1]), at, sentence("The second of a marker")), 3)
    if not second:
        raise EditError(sentence("The film's beginning needs no marker. Place it later."))
    if any(abs(second - marker) < APART for marker in project.markers):
        raise EditError(sentence("There is a marker already."))
    if len(project.markers) >= MARKERS:
        raise EditError(sentence("A film has {most} markers at most. Remove one first; nothing was changed.", most=MARKERS))
    return replace(project, markers=known_markers((*project.markers, second)))


def remove_marker(project: Project, at: float) -> Project:
    """Remove the marker nearest to a second of the film. Raises EditError: there is none near."""
    nearest = min(project.markers, key=lambda marker: abs(marker - at), default=None)
    if nearest is None or abs(nearest - at) > 2 * APART:
        raise EditError(sentence("This marker is not there any more. Nothing was changed."))
    return replace(project, markers=tuple(m for m in project.markers if m != nearest))


def clear_markers(project: Project) -> Project:
    """The film without markers."""
    return replace(project, markers=())


@dataclass(frozen=True)
class Fit:
    """Where segments that are not rendered yet would end."""

    lengths: tuple[int, ...]      # of all segments of the branch, in frames
    fitted: int                   # segments that end near a marker
    off: float                    # seconds by which the worst of them misses its marker; takes have whole sections


def fit_to_markers(project: Project) -> Project:
    """Set the lengths of segments that are not rendered yet so that each ends as near to the next marker as whole sections allow.

    Those behind the last marker keep their length, and so do videos.

    Raises:
        EditError: nothing is left to fit.
    """
    if not project.markers:
        raise EditError(sentence("There are no markers yet. Play the film so far and press M where a segment is to end."))
    fit = find_fit(project)
    if not fit.fitted:
        raise EditError(sentence("No marker lies behind what is rendered, where a segment could still end. Nothing was changed."))
    segments = project.current().segments
    return with_segments(project, tuple(replace(s, frames=n) for s, n in zip(segments, fit.lengths, strict=True)))


def find_fit(project: Project) -> Fit:
    """See `fit_to_markers`."""
    clock, rendered = project.clock, project.path()
    section = clock.seconds(clock.section_frames)
    at, lengths, fitted, off = clock.seconds(film_frames(project, rendered)), [], 0, 0.0
    for index, segment in enumerate(project.current().segments):
        if index < len(rendered):
            lengths.append(segment.frames)
            continue
        length = segment.frames
        marker = next((m for m in project.markers if m >= at + section / 2), None)
        if marker is not None and not segment.video:
            length = min(SECTIONS, max(1, round((marker - at) / section))) * clock.section_frames
            fitted, off = fitted + 1, max(off, abs(at + clock.seconds(length) - marker))
        at += clock.seconds(clock.rendered(length))
        lengths.append(length)
    return Fit(tuple(lengths), fitted, off)
