"""The film as a timeline for editors: OpenTimelineIO, Final Cut Pro 7 XML and CMX 3600, written by OpenTimelineIO and its adapters.

Clips are named by paths relative to the timeline's own folder. Rates are whole numbers, as clocks have them, so times are exact and
no timecode drops numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.language import sentence
from studio.names import slug
from studio.project.edits import EditError
from studio.project.model import Project, Take
from studio.project.recipe import public_id
from studio.project.sources import Sound
from studio.session.exports.cut import Cut, reel_name, take_name, take_notes, take_text
from studio.session.lineage import take_record

if TYPE_CHECKING:                     # it is imported where it is used: the page opens before it is there
    from opentimelineio.schema import Timeline, Track

SEGMENTS, ALTERNATES, SOUND = "segments", "alternates", "sound"
"""Folders of clips, beside the timeline."""
CMX_RATES = (24, 25, 30)
"""Frames per second that an EDL can state without dropping numbers."""
FINAL_CUT_RATES = (24, 25, 30, 48, 50, 60)
"""Frames per second that have a timecode."""
COMMENT = 120
"""Letters of a prompt in an EDL, at most: its lines are short."""
KEY = "memorypack_studio"
"""Under which the metadata of clips lies."""
DROP_FRAME = "FCM: NON-DROP FRAME"


def segment_file(cut: Cut) -> str:
    """Where the clip of a segment lies, beside the timeline."""
    return f"{SEGMENTS}/{cut.name}.mp4"


def alternate_file(number: int, take: Take) -> str:
    """Where the clip of another take of segment `number` lies, beside the timeline."""
    return f"{ALTERNATES}/{take_name(number, take)}.mp4"


def sound_file(project: Project) -> str:
    """Where the film's sound lies, beside the timeline; "" for a film without one."""
    return f"{SOUND}/{slug(Path(project.sound.name).stem, 'sound')}{Path(project.sound.file).suffix}" if project.sound else ""


def build_timeline(project: Project, cuts: tuple[Cut, ...], has_clip: Callable[[Take], bool]) -> Timeline:
    """One video track with a clip for each of `cuts`, and one for the film's sound, where it has one.

    Other takes that have a clip are further media references. The film's markers are on the tracks, those of takes on their clips.
    """
    from opentimelineio import schema

    rate = project.clock.fps
    timeline = schema.Timeline(" ".join(project.name.split()), global_start_time=_time(0, rate))
    timeline.metadata[KEY] = {"project": project.name, "project_id": public_id(project.id), "size": list(project.size)}
    track = schema.Track("V1", kind=schema.TrackKind.Video)
    timeline.tracks.append(track)
    for cut in cuts:
        record = {**take_record(project, cut.take), "segment": cut.number, "shot": cut.shot, "star": cut.take.id in project.stars}
        clip = schema.Clip(cut.name, source_range=_span(cut.first, cut.frames, rate), metadata={KEY: record})
        references = {schema.Clip.DEFAULT_MEDIA_KEY: _reference(project, cut.number, cut.take, segment_file(cut), cut.clip_frames)}
        for other in filter(has_clip, cut.alternates):
            file = alternate_file(cut.number, other)
            references[take_name(cut.number, other)] = _reference(project, cut.number, other, file, other.frames)
        clip.set_media_references(references, schema.Clip.DEFAULT_MEDIA_KEY)
        clip.markers.extend(_markers(project, cut))
        track.append(clip)
    for number, second in enumerate(project.markers, 1):
        at = _span(round(second * rate), 1, rate)
        timeline.tracks.markers.append(schema.Marker(f"Marker {number}", at, schema.MarkerColor.RED))
    if project.sound and (sound := _sound_track(project, project.sound, cuts[-1].end)):
        timeline.tracks.append(sound)
    return timeline


def _sound_track(project: Project, sound: Sound, frames: int) -> Track | None:
    """A track with the part of the sound that is heard with a film of so many frames; None: nothing is."""
    from opentimelineio import schema

    rate = project.clock.fps
    begins, length = round(sound.offset * rate), round(sound.seconds * rate)
    gap, first = max(0, begins), max(0, -begins)
    heard = min(length - first, frames - gap)
    if heard <= 0:
        return None
    track = schema.Track("A1", kind=schema.TrackKind.Audio)
    if gap:
        track.append(schema.Gap(source_range=_span(0, gap, rate)))
    reference = schema.ExternalReference(sound_file(project), _span(0, length, rate))
    reference.name = sound.name
    track.append(schema.Clip(sound.name, reference, _span(first, heard, rate), {KEY: {"gain_decibels": sound.gain}}))
    return track


def otio_text(timeline: Timeline) -> str:
    """The timeline as OpenTimelineIO's own JSON."""
    return _written(timeline, "otio_json")


def fcp_text(project: Project, timeline: Timeline) -> str:
    """The timeline as Final Cut Pro 7 XML, which Premiere Pro, Resolve and others read. It holds no alternates.

    Raises:
        EditError: the film has a rate that Final Cut XML cannot state.
    """
    check_final_cut(project)
    width, height = project.size
    shape = {"samplecharacteristics": {"width": str(width), "height": str(height)}}
    copy = timeline.deepcopy()
    copy.metadata["fcp_xml"] = {"media": {"video": {"format": shape}}}
    for clip in (clip for track in copy.video_tracks() for clip in track.find_clips()):
        clip.media_reference.metadata["fcp_xml"] = {"media": {"video": shape}}     # and no sound
        for marker in clip.markers:
            marker.metadata["fcp_xml"] = {"comment": marker.comment}
    return _written(copy, "fcp_xml")


def edl_text(project: Project, timeline: Timeline) -> str:
    """The timeline as a CMX 3600 EDL, with prompts as comments and reels of at most 8 letters; no alternates, no sound.

    Raises:
        EditError: the film has a rate that an EDL cannot state.
    """
    check_edl(project)
    copy = timeline.deepcopy()
    for track in copy.audio_tracks():
        copy.tracks.remove(track)
    for clip in copy.find_clips():
        record = clip.metadata[KEY]
        prompt = next((marker.comment for marker in clip.markers if marker.name == "Prompt"), "")
        clip.metadata["cmx_3600"] = {
            "reel": reel_name(record["segment"], project.takes[record["id"]]),
            "comments": [f"PROMPT: {_line(prompt)}", f"SEED: {record['seed']}", f"MODEL: {_line(record['model'])}"],
        }
        clip.markers.clear()
    title, _, events = _written(copy, "cmx_3600").partition("\n")
    return f"{title}\n{DROP_FRAME}\n{events}"


def check_edl(project: Project) -> None:
    """Raises EditError: the film has a rate that an EDL cannot state."""
    if project.clock.fps not in CMX_RATES:
        raise EditError(sentence(
            "An EDL holds 24, 25 or 30 frames a second, and this film has {fps}. OpenTimelineIO holds any rate.",
            fps=project.clock.fps))


def check_final_cut(project: Project) -> None:
    """Raises EditError: the film has a rate that Final Cut XML cannot state."""
    if project.clock.fps not in FINAL_CUT_RATES:
        raise EditError(sentence(
            "Final Cut XML has no timecode for this film's {fps} frames a second. OpenTimelineIO holds any rate.",
            fps=project.clock.fps))


def _reference(project: Project, number: int, take: Take, file: str, frames: int) -> Any:
    from opentimelineio import schema

    record = {KEY: take_record(project, take)}
    reference = schema.ExternalReference(file, _span(0, frames, project.clock.fps), record)
    reference.name = take_name(number, take)
    return reference


def _markers(project: Project, cut: Cut) -> list[Any]:
    """A marker on a clip's first frame for its prompt, and one for its notes, where it has some."""
    from opentimelineio import schema

    texts = (
        ("Prompt", schema.MarkerColor.GREEN, take_text(cut.take)),
        ("Note", schema.MarkerColor.YELLOW, take_notes(project, cut.take)),
    )
    at = _span(cut.first, 1, project.clock.fps)
    return [schema.Marker(name, at, colour, comment=text) for name, colour, text in texts if text]


def _written(timeline: Timeline, adapter: str) -> str:
    from opentimelineio import adapters

    text: str = adapters.write_to_string(timeline, adapter)
    return text


def _span(first: int, frames: int, rate: int) -> Any:
    from opentimelineio.opentime import TimeRange

    return TimeRange(_time(first, rate), _time(frames, rate))


def _time(frames: int, rate: int) -> Any:
    from opentimelineio.opentime import RationalTime

    return RationalTime(frames, rate)


def _line(text: str) -> str:
    """A text on one line of an EDL."""
    line = " ".join(text.split())
    return line if len(line) <= COMMENT else f"{line[: COMMENT - 1]}…"
