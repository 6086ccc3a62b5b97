"""What the page draws, as JSON: pure functions of a session and its job. They know neither Gradio nor the browser."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from studio.project import edits
from studio.project.model import Lora, Project, Segment, Take
from studio.project.tree import unfinished_take
from studio.ui.machine import engine, model, offered, offered_presets, sizes
from studio.ui.tree import tree
from studio.ui.words import Json, clock, link, span

if TYPE_CHECKING:
    from studio.catalogue.cards import ModelCard
    from studio.project.preset import Preset
    from studio.session import JobView, ProjectSummary, Session
    from studio.session.loras import LoraEntry

RECENT = 19  # latent frames FramePack keeps beside the start: 16 at 4x, 2 at 2x, 1 at 1x compression


def board(session: Session, cards: Sequence[ModelCard], presets: Sequence[Preset]) -> Json:
    """Everything but the running job."""
    project = session.project
    stale = edits.stale_takes(project)
    card = next((c for c in cards if c.name == project.model), None)
    film = sum(t.frames for t in project.film())
    following, blocked = upcoming(project)
    estimate = session.estimate() if following else None
    return {
        "id": session.id,
        "name": project.name,
        "engine": engine(session.engine),
        "model": model(project.model, card),
        "models": [offered(c) for c in cards],
        "fps": project.clock.fps,
        "section": project.clock.section_frames,
        "size": list(project.size),
        "sizes": sizes(project.size, card),
        "preset": project.settings.preset,
        "presets": offered_presets(presets, project.settings.preset, card),
        "reference": reference(session),
        "segments": segments(project, stale, lambda lora: session.loras.has(lora.sha256)),
        "takes": takes(project, stale, session.films.poster, session.films.clip),
        "branches": branches(project),
        "branch": project.branch,
        "head": project.head,
        "next": following,
        "blocked": blocked,
        "film": {"frames": film, "length": clock(project.clock.seconds(film))},
        "plan": plan(project),
        "memory": {**memory(project, card), "picture": link(session.films.memory_picture(project.head)) if project.head else None},
        "estimate": None if estimate is None else span(estimate),
        "estimate_all": None if estimate is None else span(estimate * remaining(project)),
        "can_undo": session.can_undo,
        "can_redo": session.can_redo,
        "findings": list(session.findings),
    }


def reference(session: Session) -> Json | None:
    """The reference image; its address is None when the file is gone."""
    picture = session.project.reference
    if picture is None:
        return None
    return {
        "url": link(session.folder / picture.file),
        "name": picture.name or "Reference picture",
        "width": picture.width,
        "height": picture.height,
    }


def upcoming(project: Project) -> tuple[Json | None, str]:
    """What `Generate next` renders: the segment, whether it completes a partial take, whether it starts a branch.

    With nothing to render, the reason.
    """
    if project.reference is None:
        return None, "Choose a reference picture: the film starts from it."
    try:
        index, _ = edits.next_segment(project)
    except edits.EditError as error:
        return None, str(error)
    completes = unfinished_take(project) is not None
    return {"index": index, "completes": completes, "forks": index < len(project.path()) and not completes}, ""


def remaining(project: Project) -> float:
    """What `Generate all` renders, counted in lengths of its first take."""
    index, _ = edits.next_segment(project)
    sections = [project.clock.sections(s.frames) for s in project.current().segments[index:]]
    begun = unfinished_take(project)
    sections[0] -= begun.sections if begun else 0
    return sum(sections) / max(1, sections[0])


def segments(project: Project, stale: frozenset[str], there: Callable[[Lora], bool] = lambda _: True) -> list[Json]:
    """The cards of the timeline, in film order. `there`: whether a LoRA's file is."""
    path = project.path()
    reached = len(project.film())
    return [
        segment(project, i, s, path[i] if i < len(path) else None, stale)
        | {"beyond": reached <= i < len(path), "loras": [worn(lora, there(lora)) for lora in s.loras]}
        for i, s in enumerate(project.current().segments)
    ]


def segment(project: Project, index: int, asked: Segment, take: Take | None, stale: frozenset[str]) -> Json:
    time = project.clock
    sections = time.sections(asked.frames)
    length = clock(time.seconds(time.rendered(asked.frames)))
    return {
        "id": asked.id,
        "index": index,
        "prompt": asked.prompt,
        "seed": asked.seed,
        "sections": sections,
        "length": f"{length} · {sections} section{'' if sections == 1 else 's'}",
        "take": take.id if take else None,
        "state": "planned" if take is None else state(take, stale),
        "badge": "Planned" if take is None else badge(project, take, stale),
        "head": take is not None and take.id == project.head,
    }


def worn(lora: Lora, there: bool) -> Json:
    """A LoRA on a segment."""
    return {"id": lora.sha256, "name": lora.name, "strength": lora.strength, "missing": not there}


def shelved(loras: Iterable[LoraEntry], most: int | None) -> Json:
    """LoRAs to choose from; `most`: bytes of a file that is brought, where there is a limit."""
    entries = [{"id": one.sha256, "name": one.name, "size": one.size, "fits": one.fits, "told": one.description} for one in loras]
    return {"loras": entries, "most": most}


def state(take: Take, stale: frozenset[str]) -> str:
    return "partial" if take.state == "partial" else "stale" if take.id in stale else "done"


def badge(project: Project, take: Take, stale: frozenset[str]) -> str:
    """A take's state in a few words."""
    if take.state == "partial":
        wanted = max(project.clock.sections(take.segment.frames), take.sections)
        return f"{take.sections} of {wanted} sections"
    return "Stale" if take.id in stale else "Done"


def takes(
    project: Project,
    stale: frozenset[str],
    poster: Callable[[str], Path | None],
    clip: Callable[[str], Path | None],
) -> list[Json]:
    """Every take: where it sits in the tree, and what it looks like."""
    found = []
    for node in tree(project):
        take = project.takes[node.take]
        film = clip(take.id)
        found.append({
            "id": take.id,
            "parent": take.parent,
            "depth": node.depth,
            "column": node.column,
            "on_path": node.on_path,
            "loose": node.loose,
            "tips": list(node.tips),
            "head": take.id == project.head,
            "prompt": take.segment.prompt,
            "seed": take.segment.seed,
            "loras": [f"{lora.name.removesuffix('.safetensors')} {lora.strength:.2f}" for lora in take.segment.loras],
            "state": "missing" if film is None else state(take, stale),
            "badge": "Clip is missing" if film is None else badge(project, take, stale),
            "length": clock(project.clock.seconds(take.frames)),
            "frames": take.frames,
            "ratio": round(take.size[0] / take.size[1], 4) if take.size[1] else None,
            "took": span(take.seconds) if take.seconds else "",
            "poster": link(poster(take.id)),
            "clip": link(film),
        })
    return found


def branches(project: Project) -> list[Json]:
    return [
        {"id": b.id, "name": b.name, "takes": len(project.lineage(b.tip)), "current": b.id == project.branch}
        for b in project.branches
    ]


def plan(project: Project) -> Json:
    """How long the whole timeline will be, as it will really be rendered."""
    wanted = project.current().segments
    frames = sum(project.clock.rendered(s.frames) for s in wanted)
    return {"segments": len(wanted), "length": clock(project.clock.seconds(frames))}


def memory(project: Project, card: ModelCard | None) -> Json:
    """What the model sees when it renders the next section."""
    frames = sum(t.frames for t in project.film())
    per_latent = card.section_frames // card.window if card else 4
    seen = min(frames, RECENT * per_latent)
    remembers = card is not None and card.remembers
    time = project.clock
    if not frames:
        sentence = "The next take starts from the reference picture alone."
    elif seen == frames:
        sentence = f"The model sees the reference picture and all of the film so far ({clock(time.seconds(frames))})."
    else:
        before = clock(time.seconds(frames - seen))
        sentence = f"The model sees the reference picture and the last {clock(time.seconds(seen))} of the film. " + (
            f"Of the {before} before that it keeps a memory." if remembers else f"It has no memory of the {before} before that."
        )
    return {
        "sentence": sentence, "recent": seen // per_latent, "of": RECENT, "remembers": remembers,
        "packed": remembers and frames > seen,
    }


def live(job: JobView | None) -> Json | None:
    """The running job, or how the last one ended."""
    if job is None:
        return None
    within = job.step / job.steps if job.steps else 0.0
    return {
        "state": job.state,
        "doing": job.doing,
        "take": job.take,
        "index": job.index,
        "section": job.section,
        "sections": job.sections,
        "step": job.step,
        "steps": job.steps,
        "progress": round(min(1.0, (job.section + within) / job.sections), 4) if job.sections else 0.0,
        "left": None if job.seconds_left is None else span(job.seconds_left),
        "total": None if job.total_left is None else span(job.total_left),
        "preview": job.preview and "data:image/webp;base64," + base64.b64encode(job.preview).decode(),
        "message": job.message,
        "remedy": job.remedy,
        "note": job.note,
        "finished": job.finished,
        "planned": job.planned,
    }


def shelf(summaries: Iterable[ProjectSummary]) -> list[Json]:
    """Projects to choose from."""
    return [{"id": s.id, "name": s.name, "poster": link(s.poster), "changed": s.changed} for s in summaries]
