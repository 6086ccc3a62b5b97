"""What the page draws, as JSON: pure functions of a session and of its job."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from studio.language import join, plain, sentence, sentences
from studio.project import edits
from studio.project.limits import SECTIONS
from studio.project.model import Clock, Project, Segment, Take
from studio.project.sources import Lora, Video
from studio.project.tree import unfinished_take
from studio.project.trims import film_frames
from studio.ui.context_views import memory_view
from studio.ui.drift_views import retries_view
from studio.ui.memory_map_views import memory_map_view
from studio.ui.model_views import engine_view, model_choice, model_view, preset_choices, settings_view, size_choices
from studio.ui.picture_views import (
    beginning_problem,
    beginning_view,
    flow_phrase_views,
    frame_view,
    marks_view,
    reference_view,
    shot_view,
)
from studio.ui.prompt_views import NO_LISTS, blend_view, filled_view, wildcard_phrases, words_view
from studio.ui.sound_views import sound_view
from studio.ui.take_views import look_of, take_badge, take_state, take_views
from studio.ui.words import Json, file_url, finding_key, format_length, format_size, format_wait

if TYPE_CHECKING:
    from studio.catalogue.cards import ModelCard
    from studio.project.preset import Preset
    from studio.project.wildcards import Wildcards
    from studio.session import JobView, Making, Session
    from studio.session.estimates import Estimate, Estimator
    from studio.session.loras import LoraEntry


def board(
    session: Session, cards: Sequence[ModelCard], presets: Sequence[Preset], choices: Sequence[Json] | None = None
) -> Json:
    """Everything that the page shows of a session, except for the running job.

    Args:
        session: the film.
        cards, presets: the models and presets to choose from.
        choices: what `model_choice` says of each model. None: it is asked now.
    """
    project = session.project
    choices = [model_choice(c) for c in cards] if choices is None else choices
    stale = edits.stale_takes(project)
    card = next((c for c in cards if c.name == project.model), None)
    film = film_frames(project, project.film())
    following, blocked = next_render(session, card)
    return {
        "id": session.id,
        "name": project.name,
        "tags": list(project.tags),
        "engine": engine_view(session.engine, {*job.audition, job.take} if (job := session.job) else ()),
        "model": model_view(project.model, card, flow_phrase_views(project), wildcard_phrases(session.wildcards)),
        "models": list(choices),
        "fps": project.clock.fps,
        "section": project.clock.section_frames,
        "size": list(project.size),
        "sizes": size_choices(project.size, card),
        "preset": project.settings.preset,
        "presets": preset_choices(presets, project.settings.preset, card),
        "settings": settings_view(project.settings, session.presets, card),
        "reference": reference_view(session),
        "beginning": beginning_view(project, card, cards, choices),
        "frame": frame_view(project, card),
        "marks": marks_view(project, card),
        "segments": _segments(session, stale, card),
        "takes": take_views(project, stale, session.films.poster, session.films.clip, look_of(session)),
        "trash": {"takes": len(project.trash), "branches": len(project.dropped_branches)},
        "branches": branch_views(project),
        "branch": project.branch,
        "head": project.head,
        "next": following,
        "again": project.head if project.head and project.takes[project.head].thinned else None,
        "blocked": blocked,
        "film": {"frames": film, "length": format_length(project.clock.seconds(film))},
        "exports": session.exports.problems(),
        "plan": timeline_view(project, session.jobs.estimator),
        "words": words_view(project, card),
        "memory": memory_view(project, card)
        | {"picture": file_url(session.films.memory_picture(project.head)) if project.head else None,
           "map": memory_map_view(project, session.memory_edits.map()), "asks": session.moments.can_ask()},
        "sound": sound_view(session),
        **_estimate_view(session, project, following),
        "go_on": project.go_on,
        "retries": retries_view(project),
        "look_context": session.context_looks.problem,
        "stale": stale_view(project, stale),
        "can_undo": session.can_undo,
        "can_redo": session.can_redo,
        "findings": [{"id": finding_key(finding), "message": finding} for finding in session.findings],
    }


def _estimate_view(session: Session, project: Project, following: Json | None) -> Json:
    """How long the next take and all that are left will take. `following`: what is rendered next; None: nothing."""
    seconds = session.jobs.estimate_next() if following else None
    return {
        "estimate_seconds": seconds,
        "estimate": None if seconds is None else format_wait(seconds),
        "estimate_all": None if seconds is None else format_wait(seconds * remaining(project)),
    }


def _segments(session: Session, stale: frozenset[str], card: ModelCard | None) -> list[Json]:
    """The segments of the timeline, with their shots and what they cost."""
    project, estimator = session.project, session.jobs.estimator
    drawn = segment_views(project, stale, lambda lora: session.loras.has(lora.sha256), session.wildcards)
    return [
        view | {"shot": shot_view(session, segment, card), "estimate": segment_estimate(project, segment, estimator)}
        for view, segment in zip(drawn, project.current().segments, strict=True)
    ]


def next_render(session: Session, card: ModelCard | None) -> tuple[Json | None, str]:
    """What `Generate next` renders: the segment, whether it completes a partial take, and whether it starts a branch.

    Returns None and the reason if there is nothing to render.
    """
    project = session.project
    if session.store.read_only:
        return None, sentence("This film is open for viewing only.")
    if problem := beginning_problem(project, card):
        return None, problem
    try:
        index, _ = edits.next_segment(project)
    except edits.EditError as error:
        return None, str(error)
    completes = unfinished_take(project) is not None
    return {"index": index, "completes": completes, "forks": index < len(project.path()) and not completes}, ""


def stale_view(project: Project, stale: frozenset[str]) -> Json | None:
    """The first segment of the current branch whose take is stale, and the number of its stale takes; None without any."""
    first = next((i for i, take in enumerate(project.path()) if take.id in stale), None)
    return None if first is None else {"first": first, "takes": len(stale)}


def remaining(project: Project) -> float:
    """How long `Generate all` takes, relative to its first take."""
    index, _ = edits.next_segment(project)
    sections = [project.clock.sections(s.frames) for s in project.current().segments[index:]]
    partial = unfinished_take(project)
    sections[0] -= partial.sections if partial else 0
    return sum(sections) / max(1, sections[0])


def segment_views(
    project: Project, stale: frozenset[str], has_file: Callable[[Lora], bool] = lambda _: True, wildcards: Wildcards = NO_LISTS
) -> list[Json]:
    """The segments of the timeline, in film order.

    Args:
        project, stale: the project, and its stale takes.
        has_file: whether a LoRA's file is in the studio.
        wildcards: the lists that prompts may name.
    """
    path, segments = project.path(), project.current().segments
    film_length = len(project.film())
    takes = [*path, *[None] * (len(segments) - len(path))]
    return [
        segment_view(project, i, s, take, stale)
        | {"beyond": film_length <= i < len(path), "loras": [lora_view(lora, has_file(lora)) for lora in s.loras]}
        | filled_view(s, take, wildcards)
        for i, (s, take) in enumerate(zip(segments, takes, strict=True))
    ]


def segment_view(project: Project, index: int, segment: Segment, take: Take | None, stale: frozenset[str]) -> Json:
    """A segment of the timeline, with the take of it on this branch if there is one."""
    time = project.clock
    sections = time.sections(segment.frames)
    length = format_length(time.seconds(time.rendered(segment.frames)))
    return {
        "id": segment.id,
        "index": index,
        "prompt": segment.prompt,
        "seed": segment.seed,
        "sections": sections,
        **blend_view(segment, project.clock),
        "length": join(length, sentences("{number} section", "{number} sections", sections), separator=" · "),
        "take": take.id if take else None,
        "state": "planned" if take is None else take_state(take, stale),
        "badge": sentence("Planned") if take is None else take_badge(project, take, stale),
        "head": take is not None and take.id == project.head,
        "video": segment.video and video_view(segment.video, time),
        "at_edge": take is not None and take.at_edge,
    }


def video_view(video: Video, clock: Clock) -> Json:
    """The video that a segment is, and how many whole sections it fills."""
    return {"name": video.name, "most": max(1, min(int(video.seconds * clock.fps) // clock.section_frames, SECTIONS))}


def lora_view(lora: Lora, has_file: bool) -> Json:
    """A LoRA on a segment."""
    return {"id": lora.sha256, "name": lora.name, "strength": lora.strength, "missing": not has_file}


def lora_choices(loras: Iterable[LoraEntry], max_bytes: int | None) -> Json:
    """LoRAs to choose from. `max_bytes`: of a file that is added, if the studio has a limit."""
    entries = [{"id": entry.sha256, "name": entry.name, "size": entry.size, "fits": entry.fits, "told": entry.description}
               for entry in loras]
    return {"loras": entries, "most": max_bytes}


def branch_views(project: Project) -> list[Json]:
    """The branches, with their numbers of takes."""
    return [
        {"id": b.id, "name": b.name, "takes": len(project.lineage(b.tip)), "current": b.id == project.branch}
        for b in project.branches
    ]


def segment_estimate(project: Project, segment: Segment, estimator: Estimator) -> str:
    """What a segment costs, in words: frames, seconds of film, and, where this machine was measured, time and disk."""
    cost = estimator.estimate(project, project.clock.sections(segment.frames))
    return _costs(project, replace(cost, seconds=None, size=None) if segment.video else cost)      # a video is not rendered


def _costs(project: Project, cost: Estimate) -> str:
    length = format_length(project.clock.seconds(cost.frames))
    parts = [sentences("{number} frame", "{number} frames", cost.frames), sentence("{length} of film", length=length)]
    if cost.seconds is not None:
        parts.append(sentence("about {wait} to make", wait=format_wait(cost.seconds)))
    if cost.size is not None:
        parts.append(sentence("{size} on the disk", size=format_size(cost.size)))
    return join(*parts, separator=" · ")


def timeline_view(project: Project, estimator: Estimator) -> Json:
    """Number of segments, the length of the whole timeline when it is rendered, in full sections, and what that costs, in words."""
    wanted = project.current().segments
    frames = sum(project.clock.rendered(s.frames) for s in wanted)
    made = estimator.estimate(project, sum(project.clock.sections(s.frames) for s in wanted if not s.video))     # videos are not
    costs = _costs(project, replace(made, frames=frames))
    return {"segments": len(wanted), "length": format_length(project.clock.seconds(frames)), "costs": costs}


def job_view(job: JobView | None) -> Json | None:
    """The running job, or how the last one ended."""
    if job is None:
        return None
    return {
        "state": job.state,
        **_making_view(job),
        "making": [_making_view(one) for one in job.making],
        "index": job.index,
        "total": None if job.total_left is None else format_wait(job.total_left),
        "before": job.before,
        "wait": None if job.wait is None else format_wait(job.wait),
        "message": job.message,
        "remedy": job.remedy,
        "note": job.note,
        "retry": job.retry,
        "retries": job.retries,
        "audition": list(job.audition),
        "finished": job.finished,
        "planned": job.planned,
    }


def _making_view(job: JobView | Making) -> Json:
    """How far a take is."""
    within = job.step / job.steps if job.steps else 0.0
    return {
        "doing": plain(job.doing), "doing_words": job.doing,        # the first tells the scripts what is done, the other the artist
        "take": job.take,
        "section": job.section,
        "sections": job.sections,
        "step": job.step,
        "steps": job.steps,
        "progress": round(min(1.0, (job.section + within) / job.sections), 4) if job.sections else 0.0,
        "left": None if job.seconds_left is None else format_wait(job.seconds_left),
        "preview": job.preview and "data:image/webp;base64," + base64.b64encode(job.preview).decode(),
    }
