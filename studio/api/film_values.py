"""Makes the values of `studio.api.values` from a session, with the page's own views."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

from studio.api.setting_values import Marks, Sound
from studio.api.values import Branch, Film, Look, Progress, Segment, Take, Trim
from studio.api.values import File as FileValue
from studio.language import join, plain
from studio.project import edits
from studio.project.model import Project
from studio.project.trims import part
from studio.session import JobView, Session
from studio.ui import views
from studio.ui.picture_views import marks_json
from studio.ui.take_views import take_views


def film_value(session: Session, note: str = "") -> Film:
    """A film as it is now. `note`: what has to be said about the call."""
    project = session.project
    clock, retries = project.clock, project.retries
    stale = edits.stale_takes(project)
    following, blocked = views.next_render(session, session.card)
    return {
        "id": session.id,
        "name": project.name,
        "model": project.model,
        "preset": project.settings.preset,
        "width": project.size[0],
        "height": project.size[1],
        "fps": clock.fps,
        "section_seconds": clock.seconds(clock.section_frames),
        "picture": project.reference.name or "picture" if project.reference else "",
        "from_words": project.from_words,
        "frame": None if project.frame is None else list(project.frame),
        "marks": _marks(project),
        "tags": list(project.tags),
        "style": project.style,
        "cast": project.cast,
        "sound": _sound(project),
        "markers": list(project.markers),
        "retries": {"times": retries.times, "measure": retries.measure, "threshold": retries.threshold},
        "go_on": project.go_on,
        "votes": len(project.votes),
        "branch": project.branch,
        "head": project.head,
        "seconds": clock.seconds(sum(take.frames for take in project.film())),
        "next": following["index"] if following else None,
        "blocked": blocked,
        "segments": _segments(session, stale),
        "takes": _takes(session, stale),
        "branches": _branches(project),
        "job": progress_value(session.job),
        "findings": list(session.findings),
        "note": note,
    }


def _segments(session: Session, stale: frozenset[str]) -> list[Segment]:
    project = session.project
    clock, shown = project.clock, views.segment_views(project, stale, wildcards=session.wildcards)
    return [
        {
            "id": view["id"], "index": view["index"], "prompt": view["prompt"], "seed": view["seed"], "state": view["state"],
            "seconds": clock.seconds(clock.rendered(segment.frames)), "take": view["take"], "shot": segment.shot is not None,
            "loras": [{"id": lora.sha256, "name": lora.name, "strength": lora.strength} for lora in segment.loras],
            "blend": segment.blend, "forget": list(segment.forget), "words": view["filled"],
        }
        for view, segment in zip(shown, project.current().segments, strict=True)
    ]  # fmt: skip


def _takes(session: Session, stale: frozenset[str]) -> list[Take]:
    project = session.project
    return [
        {
            "id": view["id"], "parent": view["parent"], "index": view["depth"], "prompt": view["prompt"], "seed": view["seed"],
            "state": view["state"], "seconds": project.clock.seconds(view["frames"]), "frames": view["frames"],
            "chosen": not view["loose"], "star": view["star"], "pinned": view["pinned"],
            "forgotten": view["id"] in project.forgotten, "thinned": project.takes[view["id"]].thinned,
            "trim": _trim(project, view["id"]), "look": _look(project, view["id"]),
        }
        for view in take_views(project, stale, session.films.poster, session.films.clip)
    ]  # fmt: skip


def _branches(project: Project) -> list[Branch]:
    return [
        {"id": branch.id, "name": branch.name, "takes": [take.id for take in project.lineage(branch.tip)],
         "current": branch.id == project.branch}
        for branch in project.branches
    ]


def _marks(project: Project) -> Marks:
    marks = marks_json(project.marks)
    return {"beyond": marks["beyond"], "subject": marks["subject"], "flows": marks["flows"]}


def _trim(project: Project, take: str) -> Trim | None:
    if take not in project.trims:
        return None
    (first, end), trim = part(project, project.takes[take]), project.trims[take]
    return {"first": first, "end": end, "loop": trim.loop, "times": trim.times}


def _look(project: Project, take: str) -> Look | None:
    look = project.looks.get(take)
    return None if look is None else {"match": look.match, "strength": look.strength, "context": look.context}


def _sound(project: Project) -> Sound | None:
    sound = project.sound
    return None if sound is None else {"name": sound.name, "seconds": sound.seconds, "offset": sound.offset, "gain": sound.gain}


def progress_value(job: JobView | None) -> Progress:
    """How far a job is. None: there is none."""
    if job is None:
        return {
            "state": "idle", "doing": "", "take": "", "takes": [], "index": 0, "section": 0, "sections": 0, "step": 0, "steps": 0,
            "finished": 0, "planned": 0, "seconds_left": None, "total_left": None, "before": 0, "wait": None,
            "retry": 0, "retries": 0, "message": "", "note": "",
        }  # fmt: skip
    return {
        "state": job.state, "doing": plain(job.doing), "take": job.take, "takes": list(job.audition), "index": job.index,
        "section": job.section, "sections": job.sections, "step": job.step, "steps": job.steps, "finished": job.finished,
        "planned": job.planned, "seconds_left": job.seconds_left, "total_left": job.total_left,
        "before": job.before, "wait": job.wait, "retry": job.retry, "retries": job.retries,
        "message": join(job.message, job.remedy), "note": job.note,
    }  # fmt: skip


def file_value(path: Path) -> FileValue:
    """A file under a folder that the page serves."""
    return {"path": str(path), "url": f"/gradio_api/file={quote(os.fsencode(path))}", "orig_name": path.name,
            "meta": {"_type": "gradio.FileData"}}
