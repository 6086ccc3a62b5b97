"""Timelines in text as other studios write them, read as segments.

FramePack-Studio writes times in brackets: `[0s-2s: she waves]`, `[2s: she turns]`, `[4s-: she leaves]`. Wan2GP writes a line (or a
paragraph) for each window, which may begin with commands: `[/duration=5s] she waves`, `[/duration=4s,/new_shot] the sea`. What is
not understood stays in the prompts as text, and a note says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from studio.full_prompt import full_prompt
from studio.language import sentence
from studio.project import limits
from studio.project.limits import EditError, fresh_id, fresh_seed
from studio.project.model import Project, Segment, Shot
from studio.project.tree import with_segments

_TIMED = re.compile(r"\[\s*(\d+(?:\.\d+)?)\s*s\s*(?:-\s*(?:(\d+(?:\.\d+)?)\s*s\s*)?)?:([^\[\]]*)\]")
_LEAD = re.compile(r"\s*((?:\[\s*/[^\[\]]*\]\s*)+)")
_COMMANDS = re.compile(r"\[\s*(/[^\[\]]*)\]")
_COMMAND = re.compile(r"/(duration|new_shot|overlap|loras_mult|store_mem|load_mem|drop_mem)\b")
_LENGTH = re.compile(r"(\d+(?:\.\d+)?)\s*(s|%)?")
_SHOWN = 60
"""Letters of a text that a note quotes."""


@dataclass(frozen=True)
class TextSegment:
    """A segment of a text: its prompt, and its length in seconds or in frames. With neither it is as long as the one before it."""

    prompt: str
    seconds: float | None = None
    frames: int | None = None
    cut: bool = False              # it begins a new shot


@dataclass(frozen=True)
class TimelineText:
    """What was read, and sentences about what was understood otherwise than it may have been meant."""

    segments: tuple[TextSegment, ...]
    notes: tuple[str, ...] = ()


def read_timeline(text: str) -> TimelineText | None:
    """The timeline in a text; None: it is none, or only plain text."""
    if _TIMED.search(text):
        return _read_times(text)
    lines = text.splitlines()
    return _read_windows(lines) if any(_leads(line) for line in lines) else None


def put_timeline(project: Project, timeline: TimelineText) -> Project:
    """The project with the segments of a text in place of those that are not rendered. They get the LoRAs of the one before them.

    Raises:
        EditError: too many segments, or a prompt or a length that is not accepted.
    """
    kept = project.current().segments[: len(project.path())]
    if len(kept) + len(timeline.segments) > limits.SEGMENTS:
        raise EditError(sentence("A branch holds {most} segments at most. Nothing was changed.", most=limits.SEGMENTS))
    neighbour = kept[-1] if kept else next(iter(project.current().segments), None)
    before = Segment("", frames=project.clock.section_frames) if neighbour is None else neighbour
    made: list[Segment] = []
    for written in timeline.segments:
        wanted = written.frames if written.seconds is None else written.seconds * project.clock.fps
        frames = before.frames if wanted is None else limits.frames(wanted, project.clock)
        shot = Shot() if written.cut and (kept or made) else None
        before = Segment(fresh_id(), limits.prompt(written.prompt), frames, fresh_seed(), before.loras, shot=shot)
        made.append(before)
    return with_segments(project, (*kept, *made))


def _read_times(text: str) -> TimelineText:
    """As FramePack-Studio: a part goes on until the next one begins, whatever end it names."""
    matches = sorted(_TIMED.finditer(text), key=lambda match: float(match[1]))
    found = [(float(m[1]), None if m[2] is None else float(m[2]), " ".join(m[3].split())) for m in matches]
    notes = []
    outside = " ".join(_TIMED.sub(" ", text).split())
    if outside:
        notes.append(sentence("What stands outside the times, “{text}”, was put before every prompt.", text=_short(outside)))
    if found[0][0] > 0:
        notes.append(sentence(
            "Nothing is written before {begin:g} s: the timeline begins with what begins there.", begin=found[0][0]))
    segments = []
    for number, (start, end, prompt) in enumerate(found, 1):
        following = found[number][0] if number < len(found) else None
        if end is not None and end <= start:
            notes.append(sentence("Segment {number} would end before it begins; its end was left out.", number=number))
            end = None
        if following is not None and end is not None and end != following:
            lasts = sentence("goes on until the next begins") if end < following else sentence("ends where the next begins")
            notes.append(sentence(
                "Segment {number} is written until {end:g} s and {lasts}, at {following:g} s.",
                number=number, end=end, lasts=lasts, following=following))
        until = end if following is None else following
        seconds = None if until is None or until <= start else until - start
        segments.append(TextSegment(full_prompt(outside, prompt, ""), seconds))
    return TimelineText(tuple(segments), tuple(notes))


def _read_windows(lines: list[str]) -> TimelineText:
    """As Wan2GP: a window for each line, or for each paragraph where its lines belong together."""
    notes: list[str] = []
    if any(line.lstrip().startswith("#") for line in lines):
        notes.append(sentence("Lines that begin with # are comments; they were left out."))
        lines = [line for line in lines if not line.lstrip().startswith("#")]
    if any(line.lstrip().startswith("!") for line in lines):
        notes.append(sentence("Lines that begin with ! set macros, which are not understood here; they were kept as text."))
    segments = [_window(window, number, notes) for number, window in enumerate(_windows(lines), 1)]
    return TimelineText(tuple(segments), tuple(dict.fromkeys(notes)))


def _windows(lines: list[str]) -> list[str]:
    """The lines of each window together."""
    paragraphs = [part.splitlines() for part in re.split(r"\n\s*\n", "\n".join(lines).strip())]
    by_paragraph = len(paragraphs) > 1 and not any(_leads(line) for part in paragraphs for line in part[1:])
    return ["\n".join(part) for part in paragraphs] if by_paragraph else [line for line in lines if line.strip()]


def _window(text: str, number: int, notes: list[str]) -> TextSegment:
    """A window as a segment; `notes` gets what is to be said about it."""
    lead = _LEAD.match(text)
    prompt = text[lead.end() :].strip() if lead else text.strip()
    segment, kept = TextSegment(prompt), []
    for command in _split_commands(lead[1]) if lead else ():
        name, _, value = command.partition("=")
        name, value = name.strip(), value.strip()
        length = _LENGTH.fullmatch(value) if name == "/duration" else None
        if length and length[2] == "s":
            segment = replace(segment, seconds=float(length[1]), frames=None)
        elif length and not length[2] and float(length[1]).is_integer():
            segment = replace(segment, frames=int(float(length[1])), seconds=None)
            notes.append(sentence("Lengths in frames were counted at this film's frames a second."))
        elif length and length[2] == "%":
            notes.append(sentence(
                "Segment {number}: {value} is a share of a length that the text does not tell; it has the usual length.",
                number=number, value=value))
        elif name == "/new_shot" or (name, value) == ("/overlap", "0"):
            if number > 1:
                segment = replace(segment, cut=True)
                notes.append(sentence(
                    "New shots begin at the reference picture. Choose other pictures for them on their boundaries."))
        else:
            kept.append(f"[{command}]")
            notes.append(sentence(
                "Segment {number}: “[{text}]” is not understood here; it was kept as text.", number=number, text=_short(command)))
    return replace(segment, prompt=" ".join([*kept, segment.prompt]).strip())


def _split_commands(brackets: str) -> list[str]:
    """The commands in the brackets that a window begins with."""
    return [command.strip() for inside in _COMMANDS.findall(brackets) for command in re.split(r",\s*(?=/)", inside)]


def _leads(line: str) -> bool:
    """Whether a line begins with a command that Wan2GP knows."""
    lead = _LEAD.match(line)
    return lead is not None and any(_COMMAND.match(command) for command in _split_commands(lead[1]))


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
