"""The film as an editor sees it: its takes in order, with their places, their names and what there is to say about them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from studio.project.model import FIRST_FRAME, REFERENCE, Project, Take
from studio.project.shots import begins_shot
from studio.project.trims import WHOLE, part, shown_frames

REEL = 8
"""Letters of a reel's name in an EDL, at most."""


@dataclass(frozen=True)
class Cut:
    """A take in the film."""

    take: Take
    number: int                   # of its segment, from 1
    shot: int                     # from 1
    start: int                    # frame of the film at which it begins
    frames: int                   # that the film shows of it
    first: int                    # frame of its clip, as it is exported, at which it begins
    clip_frames: int              # of that clip: all of the take, or what is played where it is played several times
    alternates: tuple[Take, ...]  # other takes of the same segment, oldest first

    @property
    def end(self) -> int:
        """The first frame of the film after it."""
        return self.start + self.frames

    @property
    def name(self) -> str:
        """The take's name: its segment and its id, as its files are called."""
        return take_name(self.number, self.take)

    @property
    def reel(self) -> str:
        """The take's name in an EDL: letters and digits, at most 8."""
        return reel_name(self.number, self.take)


def film_cuts(project: Project) -> tuple[Cut, ...]:
    """The takes up to the head, in film order."""
    cuts: list[Cut] = []
    start = shot = 0
    for number, take in enumerate(project.film(), 1):
        shot += begins_shot(take)
        frames, looped = shown_frames(project, take), is_looped(project, take)
        first, clip_frames = (0, frames) if looped else (part(project, take)[0], take.frames)
        cuts.append(Cut(take, number, shot, start, frames, first, clip_frames, other_takes(project, take)))
        start += frames
    return tuple(cuts)


def other_takes(project: Project, take: Take) -> tuple[Take, ...]:
    """Other takes of the same segment, oldest first: after the same take, or on other branches. None is in the trash."""
    found = (
        other for other in project.takes.values()
        if other.id != take.id and other.id not in project.trash
        and (other.parent == take.parent or other.segment.id == take.segment.id)
    )  # fmt: skip
    return tuple(sorted(found, key=lambda other: other.created))


def is_looped(project: Project, take: Take) -> bool:
    """Whether the film plays a take several times, which no cut can say of a clip."""
    return project.trims.get(take.id, WHOLE).loop != "once"


def take_name(number: int, take: Take) -> str:
    """The name of a take's files: its segment, from 1, and its id."""
    return f"{number:03d}-{take.id}"


def reel_name(number: int, take: Take) -> str:
    """The same in 8 letters and digits, as EDLs have them; segments and ids differ, so that two takes hardly share one."""
    return f"{number:03d}{re.sub(r'[^0-9A-Za-z]', '', take.id).upper()}"[:REEL]


def take_text(take: Take) -> str:
    """What a take was asked for, with its wildcards replaced, or the name of the video that it is."""
    return f"Video: {take.segment.video.name}" if take.segment.video else take.words or take.segment.prompt


def take_notes(project: Project, take: Take) -> str:
    """What there is to know of a take beside its prompt, as sentences; empty: nothing."""
    notes = []
    if take.state == "partial":
        notes.append("Not finished.")
    if take.segment.shot:
        notes.append("Begins a new shot.")
    if take.segment.blend:
        notes.append(f"Takes over from the segment before it within {take.segment.blend} frames.")
    if take.bridge:
        notes.append(f"Its first {take.bridge} frames are a bridge to an older take.")
    elif take.copy_of:
        notes.append("Kept from another branch.")
    if take.segment.loras:
        notes.append("LoRAs: " + ", ".join(f"{lora.name} {lora.strength:.2f}" for lora in take.segment.loras) + ".")
    if look := project.looks.get(take.id):
        matches = {FIRST_FRAME: "the first frame of its shot", REFERENCE: "the reference picture"}
        notes.append(f"Its colours are matched to {matches.get(look.match, 'another take')}.")
    if trim := project.trims.get(take.id):
        first, end = part(project, take)
        again = {"repeat": f", {trim.times} times", "there and back": f", there and back, {trim.times} times in all"}
        notes.append(f"Frames {first + 1} to {end} of {take.frames}{again.get(trim.loop, '')}.")
    if take.at_edge:
        notes.append("The camera stopped at the picture's edge.")
    if take.id in project.pins:
        notes.append("Pinned in the memory.")
    if take.id in project.forgotten:
        notes.append("Forgotten by the memory.")
    return " ".join(notes)
