"""The values that the functions return: what a film, a segment, a take and a job are for programs."""

from __future__ import annotations

from typing import TypedDict

from studio.api.setting_values import Marks, Retries, Sound


class Upload(TypedDict):
    """A file that was uploaded.

    Attributes:
        path: as the studio's upload (`/gradio_api/upload`) answered it; `gradio_client.handle_file` uploads and fills it in.
    """

    path: str


class File(TypedDict):
    """A file to download; a Gradio client downloads it and gives its path on the caller's machine.

    Attributes:
        path: where it lies on the studio's machine.
        url: its address.
        orig_name: a name for it.
        meta: says that it is a file.
    """

    path: str
    url: str
    orig_name: str
    meta: dict[str, str]


class Lora(TypedDict):
    """A LoRA on a segment.

    Attributes:
        id: its id: the SHA-256 of its file.
        name: of its file.
        strength: how much of it acts, from -2 to 2.
    """

    id: str
    name: str
    strength: float


class Trim(TypedDict):
    """What the film shows of a take.

    Attributes:
        first: the first frame that is shown, from 0.
        end: the frame after the last one that is shown.
        loop: once, repeat, or there and back.
        times: how often it is played in all.
    """

    first: int
    end: int
    loop: str
    times: int


class Look(TypedDict):
    """The look that a take is held to when it is shown; the take stays as it was made.

    Attributes:
        match: whose colours it has: first (the first frame of its shot), reference, or the id of a take.
        strength: how much, from 0 to 1.
        context: whether the section after it sees it so too.
    """

    match: str
    strength: float
    context: bool


class Segment(TypedDict):
    """A segment of the timeline.

    Attributes:
        id: its id.
        index: its place in the film, from 0.
        prompt: its text.
        seconds: that its take will last, or lasts: whole sections.
        seed: of its noise.
        state: planned, partial, stale (it was changed after its take was made) or done.
        take: the id of its take on the current branch; null: there is none.
        shot: whether a new shot begins with it.
        loras: that act on its takes.
        blend: frames over which it takes over from the segment before it.
        forget: the cells of the memory's map that are forgotten before it; see memory_map.
        words: its prompt with the wildcards replaced; empty: it has none.
    """

    id: str
    index: int
    prompt: str
    seconds: float
    seed: int
    state: str
    take: str | None
    shot: bool
    loras: list[Lora]
    blend: int
    forget: list[int]
    words: str


class Take(TypedDict):
    """A take in the film's tree.

    Attributes:
        id: its id.
        parent: the id of the take that it continues; null: it begins the film.
        index: the place in the film that it is for, from 0.
        prompt: what it was asked for.
        seed: of its noise.
        state: partial, stale, missing (its clip is gone) or done.
        seconds: that it lasts.
        frames: that it has.
        chosen: whether it is on a branch; takes of an audition are on none until one is used.
        star: whether it has a star.
        pinned: whether the memory never forgets what it shows.
        forgotten: whether the memory does not read it any more.
        thinned: whether its memory was removed to make room; make_again makes it again.
        trim: what the film shows of it; null: all of it, once.
        look: that it is held to; null: it is shown as it was made.
    """

    id: str
    parent: str | None
    index: int
    prompt: str
    seed: int
    state: str
    seconds: float
    frames: int
    chosen: bool
    star: bool
    pinned: bool
    forgotten: bool
    thinned: bool
    trim: Trim | None
    look: Look | None


class Branch(TypedDict):
    """A branch of the film.

    Attributes:
        id: its id.
        name: its name.
        takes: the ids of its takes, in film order.
        current: whether it is the one that is worked on.
    """

    id: str
    name: str
    takes: list[str]
    current: bool


class Progress(TypedDict):
    """How far a job is, and an event of one.

    Attributes:
        state: idle (there is no job), queued, running, paused, done, cancelled or failed; after the last four the job has ended.
        doing: the phase, such as denoising, in English.
        take: the id of the take that is being made.
        takes: the ids of all takes of an audition, in order; empty: it is none.
        index: the place of the take's segment, from 0.
        section: the section that is being made, from 0.
        sections: of the take.
        step: denoising steps finished in this section.
        steps: of a section.
        finished: takes that the job has made.
        planned: takes of the job.
        seconds_left: of this take, estimated; null: not known.
        total_left: of the job, in seconds, estimated; null: not known.
        before: while it is queued, jobs that are done first, of other films too.
        wait: how many seconds they take, estimated; null: not known.
        retry: the number of the retry of a drifted take that is being made, from 1; 0: it is none.
        retries: of a take, at most.
        message: what went wrong, and what to do; empty: nothing.
        note: what the studio changed meanwhile; empty: nothing.
    """

    state: str
    doing: str
    take: str
    takes: list[str]
    index: int
    section: int
    sections: int
    step: int
    steps: int
    finished: int
    planned: int
    seconds_left: float | None
    total_left: float | None
    before: int
    wait: float | None
    retry: int
    retries: int
    message: str
    note: str


class Film(TypedDict):
    """A film.

    Attributes:
        id: its id. Whoever knows it can open and change the film.
        name: its name.
        model: the name of its model.
        preset: the name of its preset.
        width: in pixels.
        height: in pixels.
        fps: frames a second.
        section_seconds: a section's length; every take has whole sections.
        picture: the name of its reference picture; empty: there is none.
        from_words: whether it begins from words alone, without a picture.
        frame: the part of it that the film begins with, as x, y, width and height from 0 to 1; null: its middle.
        marks: that are on it.
        tags: by which it is found.
        style: how the whole film looks.
        cast: who is in it.
        sound: that is heard with it; null: none.
        markers: the seconds of the film at which there are markers.
        retries: when a take is made again by itself.
        go_on: whether a job that the end of the studio interrupts goes on by itself.
        votes: how many were given on its takes.
        branch: the id of the current branch.
        head: the id of the take after which the film goes on; null: at the beginning.
        seconds: of film up to the head.
        next: the index of the segment that is generated next; null: there is none.
        blocked: why nothing can be generated next; empty: something can.
        segments: the timeline of the current branch.
        takes: all takes but those in the trash.
        branches: all branches.
        job: how far the film's job is.
        findings: sentences about what was wrong when the film was opened.
        note: what has to be said about this call; empty: nothing.
    """

    id: str
    name: str
    model: str
    preset: str
    width: int
    height: int
    fps: int
    section_seconds: float
    picture: str
    from_words: bool
    frame: list[float] | None
    marks: Marks
    tags: list[str]
    style: str
    cast: str
    sound: Sound | None
    markers: list[float]
    retries: Retries
    go_on: bool
    votes: int
    branch: str
    head: str | None
    seconds: float
    next: int | None
    blocked: str
    segments: list[Segment]
    takes: list[Take]
    branches: list[Branch]
    job: Progress
    findings: list[str]
    note: str
