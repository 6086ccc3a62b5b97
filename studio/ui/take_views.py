"""What the page draws of the takes in the tree, as JSON."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from studio.language import join, sentence, sentences
from studio.project.model import FIRST_FRAME, REFERENCE, Project, Take
from studio.project.trims import part, shown_frames
from studio.ui.memory_map_views import memory_facts
from studio.ui.tree import layout_tree
from studio.ui.words import Json, file_url, format_length, format_wait

if TYPE_CHECKING:
    from studio.session import Session

FileOf = Callable[[str], Path | None]
"""Gives a file of the take with an id; None if it is not on the disk."""


def take_state(take: Take, stale: frozenset[str]) -> str:
    """A take's state as a word for the scripts and style sheets: partial, stale or done."""
    return "partial" if take.state == "partial" else "stale" if take.id in stale else "done"


def take_badge(project: Project, take: Take, stale: frozenset[str]) -> str:
    """A take's state in a few words for the artist."""
    if take.state == "partial":
        wanted = max(project.clock.sections(take.segment.frames), take.sections)
        return sentence("{number} of {wanted} sections", number=take.sections, wanted=wanted)
    if take.id in stale:
        return sentence("Stale")
    if take.bridge:
        return sentences("Bridge, {number} frame", "Bridge, {number} frames", take.bridge)
    return sentence("Kept") if take.copy_of else sentence("Done")


def take_words(take: Take) -> str:
    """What a take was asked for, or the name of the video that it is."""
    return sentence("Video: {name}", name=take.segment.video.name) if take.segment.video else take.segment.prompt


def take_views(
    project: Project,
    stale: frozenset[str],
    poster: FileOf,
    clip: FileOf,
    look: Callable[[str], Json] = lambda take: {},
) -> list[Json]:
    """Every take that is not in the trash: where it is drawn in the tree, its files and its facts."""
    views = []
    for node in layout_tree(project):
        take = project.takes[node.take]
        film = clip(take.id)
        views.append({
            "id": take.id,
            "parent": take.parent,
            "depth": node.depth,
            "column": node.column,
            "on_path": node.on_path,
            "loose": node.loose,
            "tips": list(node.tips),
            "head": take.id == project.head,
            "prompt": take_words(take),
            "words": take.words,
            "seed": take.segment.seed,
            "preset": take.settings.preset,
            "copy_of": take.copy_of,
            "bridge": take.bridge,
            "star": take.id in project.stars,
            "thinned": take.thinned,
            "pinned": take.id in project.pins,
            "forgotten": take.id in project.forgotten,
            "memory": memory_facts(take),
            "loras": [f"{lora.name.removesuffix('.safetensors')} {lora.strength:.2f}" for lora in take.segment.loras],
            "state": "missing" if film is None else take_state(take, stale),
            "badge": sentence("Clip is missing") if film is None else take_badge(project, take, stale),
            "length": format_length(project.clock.seconds(take.frames)),
            "frames": take.frames,
            "shown": shown_frames(project, take),
            "trim": trim_view(project, take),
            "seen": seen_look(project, take),
            "ratio": round(take.size[0] / take.size[1], 4) if take.size[1] else None,
            "took": format_wait(take.seconds) if take.seconds else "",
            "poster": file_url(poster(take.id)),
            "clip": file_url(film),
            **(look(take.id) if film else {}),
        })
    return views


def seen_look(project: Project, take: Take) -> str:
    """In which look a take saw the frames before it, in a sentence; "": as they were made."""
    look = take.context_look
    if look is None:
        return ""
    names = {FIRST_FRAME: sentence("the first frame"), REFERENCE: sentence("the reference picture")}
    other = project.lineage(look.match) if look.match in project.takes else ()
    name = names.get(look.match) or (sentence("segment {number}", number=len(other)) if other else sentence("a take that is gone"))
    return sentence("This take saw the frames before it matched to {what}, by {share:.0f} %.", what=name, share=100 * look.strength)


def trim_view(project: Project, take: Take) -> Json | None:
    """What the film shows of a take, and how it is said; None: all of it, once. Frames count from 0; `end` is not shown."""
    trim = project.trims.get(take.id)
    if trim is None:
        return None
    first, end = part(project, take)
    words = sentence("frames {first} to {end}", first=first + 1, end=end) if end - first < take.frames else ""
    again = {
        "repeat": sentence("{times} times", times=trim.times),
        "there and back": sentence("there and back, {times} times", times=trim.times),
    }.get(trim.loop, "")
    return {"first": first, "end": end, "loop": trim.loop, "times": trim.times, "said": join(words, again, separator=", ")}


def look_of(session: Session) -> Callable[[str], Json]:
    """A function that gives the look a take is held to: the clip to be shown, the one that was made, and how far the copy is."""
    looks = session.project.looks

    def view(take: str) -> Json:
        """What the page shows of a take's look; empty: it is held to none."""
        if take not in looks:
            return {}
        held, shown = looks[take], session.held_looks.shown(take)
        made = file_url(session.films.clip(take))
        state = {"match": held.match, "strength": held.strength, "making": shown.making, "problem": shown.problem,
                 "context": held.context}
        return {"look": state, "made": made, "clip": file_url(shown.path) or made}

    return view
