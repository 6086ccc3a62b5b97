"""Which take is rendered next: requests for takes, made from the document."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from studio.language import sentence
from studio.project import limits
from studio.project.limits import EditError, fresh_id, fresh_seed
from studio.project.model import Project, Segment, Take
from studio.project.staleness import find_same_take
from studio.project.tree import check_parent, next_segment, planned_segment, unfinished_take, usable_take


@dataclass(frozen=True)
class TakeRequest:
    """A request to render a take. `take` counts the sections that it has already."""

    take: Take
    sections: int                  # wanted in all
    index: int                     # of its segment
    new_seed: bool = False         # its seed is not the plan's
    audition: bool = False         # it is one of several to choose from: as it was asked, whatever the plan says by then
    retry: int = 0                 # its number among the retries of a take; 0: it is none
    retry_of: str = ""             # the take that it is to be better than
    exact: bool = False            # it is made as it was made before, also in its words, whatever the plan says


def next_request(project: Project) -> TakeRequest:
    """What the button Generate next renders: the segment after the head, or the rest of a partial take there.

    If that would only repeat a finished take, it gets another seed.

    Raises:
        EditError: no reference image, nothing left to render, or the take before cannot be continued.
    """
    index, parent = next_segment(project)
    partial = unfinished_take(project)
    return _rest(project, partial, index) if partial else new_request(project, project.current().segments[index], parent)


def request_after(project: Project, branch: str, last: str) -> TakeRequest | None:
    """The request for the segment after the take `last` on a branch; None: the plan ends there, or the branch or take is gone.

    Raises:
        EditError: no reference image, or `last` cannot be continued any more.
    """
    plan = next((b.segments for b in project.branches if b.id == branch), ())
    index = len(project.lineage(last))
    if index >= len(plan) or last in project.trash:
        return None
    check_parent(project, last)
    return new_request(project, plan[index], last)


def retake(project: Project, take: str, seed: int | None = None) -> TakeRequest:
    """Another take of a segment after the same parent: as it is written now, with a random seed unless one is given.

    Raises:
        EditError: no such take, no reference image, a seed out of range, or its parent cannot be continued any more.
    """
    known = usable_take(project, take)
    check_parent(project, known.parent)
    check_varies(project, planned_segment(project, take), known.parent)
    segment = replace(planned_segment(project, take), seed=fresh_seed() if seed is None else limits.seed(seed))
    return replace(new_request(project, segment, known.parent), new_seed=True)


def check_varies(project: Project, segment: Segment, parent: str | None) -> None:
    """Raises EditError: the segment is a video that is a take already, and another take of it would be the same."""
    if segment.video and find_same_take(project, segment, parent):
        raise EditError(sentence(
            "This segment is a video of yours: another take of it would be the same. Go on with the segment after it."))


def finish(project: Project, take: str) -> TakeRequest:
    """The request for the rest of a partial take, as it was asked for.

    Raises:
        EditError: no such take, it is finished, or other takes continue it.
    """
    known = usable_take(project, take)
    if known.state == "done":
        raise EditError(sentence("This take is finished already. Retake it to get another one."))
    if any(project.children(take)):
        raise EditError(sentence("Other takes continue this one, so it stays as it is. Retake it to get a longer one."))
    request = _rest(project, known, len(project.lineage(take)) - 1)
    if request.sections <= known.sections:
        raise EditError(sentence("This take has all the sections its segment asks for. Make the segment longer to add some."))
    return request


def refresh(project: Project, request: TakeRequest, branch: str) -> TakeRequest:
    """The same request by the document as it is now: the artist may have edited while it waited in a queue.

    Raises:
        EditError: no reference image any more, or its parent cannot be continued any more.
    """
    if request.take.sections:
        return request
    check_parent(project, request.take.parent)
    if request.audition or request.exact or request.take.copy_of:
        return request
    plan = next((b.segments for b in project.branches if b.id == branch), ())
    segment = next((s for s in plan if s.id == request.take.segment.id), request.take.segment)
    if request.new_seed:
        segment = replace(segment, seed=request.take.segment.seed)
    now = request_take(project, segment, request.take.parent)
    return replace(request, take=replace(now, id=request.take.id), sections=project.clock.sections(segment.frames))


def new_request(project: Project, segment: Segment, parent: str | None) -> TakeRequest:
    """The request for a take of a segment, with another seed where it would only repeat a take."""
    repeats = find_same_take(project, segment, parent) is not None
    take = request_take(project, replace(segment, seed=fresh_seed()) if repeats else segment, parent)
    return TakeRequest(take, project.clock.sections(segment.frames), len(project.lineage(parent)), new_seed=repeats)


def _rest(project: Project, partial: Take, index: int) -> TakeRequest:
    wanted = replace(partial.segment, frames=max(partial.segment.frames, planned_segment(project, partial.id).frames))
    return TakeRequest(replace(partial, segment=wanted), project.clock.sections(wanted.frames), index)


def request_take(project: Project, segment: Segment, parent: str | None) -> Take:
    """A take of a segment without sections yet, as the project asks for it now.

    Raises:
        EditError: there is no reference image, and the film is not to begin from words alone.
    """
    if project.reference is None and not project.from_words:
        raise EditError(sentence(
            "A film starts from a picture, or from words alone where its model can. Choose a reference image first."))
    return Take(
        id=fresh_id(),
        parent=parent,
        segment=segment,
        settings=project.settings,
        model=project.model,
        reference=project.reference.sha256 if project.reference else "",
        frame=project.frame,
        marks=project.marks,
        style=project.style,
        cast=project.cast,
        pins=project.pins,
        forgotten=project.forgotten,
        sections=0,
        frames=0,
        state="partial",
        created=datetime.now(UTC).isoformat(timespec="milliseconds"),
        size=project.size,
    )
