"""What the page shows of the reference picture, of its frame and of the marks on it, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from studio.backbones.registry import begins_from_words, sees_outside_frame, takes_frame, takes_marks
from studio.flow_words import flow_phrases
from studio.language import sentence
from studio.marks import Marks, Stroke
from studio.project.frames import default_frame, fit_frame, least_width, whole_frame
from studio.project.mark_limits import DEPTH, FLOWS, NAME_LENGTH, NAMES, SPEED, STROKES, WIDTH
from studio.session.models import needs_picture
from studio.session.pictures import opacity_file
from studio.ui.words import Json, file_url

if TYPE_CHECKING:
    from studio.catalogue.cards import ModelCard
    from studio.project.model import Project, Segment
    from studio.session import Session


def reference_view(session: Session) -> Json | None:
    """The reference image, and the part of it that the film begins with; its address is None when the file is gone."""
    picture, project = session.project.reference, session.project
    if picture is None:
        return None
    file = session.folder / picture.file
    return {
        "id": picture.sha256,
        "url": file_url(file),
        "opacity": file_url(opacity_file(file)),
        "name": picture.name or sentence("Reference picture"),
        "checksum": picture.sha256[:12],
        "width": picture.width,
        "height": picture.height,
        "frame": list(project.frame or whole_frame((picture.width, picture.height), project.size)),
    }


def beginning_view(project: Project, card: ModelCard | None, cards: Sequence[ModelCard], choices: Sequence[Json]) -> Json:
    """Whether the film begins from words alone, whether it could, and what is to be said about that, also of other models.

    `choices`: what `model_choice` says of each of the `cards`.
    """
    can = card is not None and begins_from_words(card)
    others = [(not choice["ready"], each) for each, choice in zip(cards, choices, strict=True) if choice["from_words"]]
    _, other = min(others, key=lambda pair: pair[0], default=(True, None))
    if project.from_words:
        words: str = sentence("This film begins from words alone.") if can or card is None else needs_picture(card)
    elif can or card is None or other is None:
        words = ""
    else:
        words = sentence(
            "{model} begins films with a picture. {other} can begin from words alone, too.", model=card.title, other=other.title)
    return {"from_words": project.from_words, "can": can, "words": words}


def beginning_problem(project: Project, card: ModelCard | None) -> str:
    """Why the film cannot begin; "" if it can. Without a model, which another sentence says, only a picture is asked for."""
    if project.from_words:
        return "" if card is None or begins_from_words(card) else needs_picture(card)
    if project.reference is not None:
        return ""
    if card is not None and begins_from_words(card):
        return sentence("Choose a reference picture, or begin from words alone.")
    return sentence("Choose a reference picture: the film starts from it.")


def shot_view(session: Session, segment: Segment, card: ModelCard | None) -> Json | None:
    """Where a segment's new shot begins: in words, and as a picture; None where it continues the one before it."""
    shot, project = segment.shot, session.project
    if shot is None:
        return None
    if shot.picture:
        words, file = shot.picture.name or sentence("a picture"), session.folder / shot.picture.file
        size = shot.picture.width, shot.picture.height
        framing = None
        if card is not None and takes_frame(card):
            whole = whole_frame(size, project.size)
            frame = fit_frame(shot.frame, size, project.size) if shot.frame else whole
            framing = {
                "id": f"{segment.id} {shot.picture.sha256}", "url": file_url(file), "opacity": file_url(opacity_file(file)),
                "width": size[0], "height": size[1], "frame": list(frame), "whole": list(whole),
                "default": list(default_frame(size, project.size, [segment.prompt])), "least": least_width(size, project.size),
                "beyond": sees_outside_frame(card, project.size),
            }
        return {"from": "picture", "words": words, "url": file_url(file), "framing": framing}
    if shot.take:
        place = sentence("a take that is gone")
        if shot.take in project.takes:
            place = sentence("segment {number}, frame {frame}", number=len(project.lineage(shot.take)), frame=shot.at + 1)
        return {"from": "frame", "words": place, "url": file_url(session.films.poster(shot.take))}
    if shot.from_words:
        return {"from": "words", "words": sentence("a beginning from words alone"), "url": None}
    own = session.folder / project.reference.file if project.reference else None
    words = sentence("a beginning from words alone") if project.from_words else sentence("the reference picture")
    return {"from": "reference", "words": words, "url": file_url(own)}


def frame_view(project: Project, card: ModelCard | None) -> Json | None:
    """What the artist may choose of the frame; None where there is no picture, or the model begins with its middle.

    Frames are x, y, width and height as shares of the picture. `beyond`: whether the film knows what lies outside the frame.
    """
    picture = project.reference
    if picture is None or card is None or not takes_frame(card):
        return None
    size = picture.width, picture.height
    prompts = [segment.prompt for segment in project.current().segments]
    return {
        "whole": list(whole_frame(size, project.size)),
        "default": list(default_frame(size, project.size, prompts)),
        "least": least_width(size, project.size),
        "beyond": sees_outside_frame(card, project.size),
    }


def marks_json(marks: Marks) -> Json:
    """The marks as a message of the page has them."""
    subject = marks.subject
    return {
        "beyond": marks.beyond,
        "subject": subject and {"strokes": _points(subject.strokes), "ground": _points(subject.ground), "depth": subject.depth},
        "flows": [
            {"name": flow.name, "stroke": _points((flow.stroke,))[0], "width": flow.width, "speed": flow.speed}
            for flow in marks.flows
        ],
    }


def marks_view(project: Project, card: ModelCard | None) -> Json | None:
    """The marks on the picture, and what they may be; None where there is no picture, or the model never takes marks.

    `off`: why there can be none in films of this size; "" if there can.
    """
    if project.reference is None or card is None or not any(takes_marks(card, size) for size in card.sizes):
        return None
    small = sentence(
        "Films of {width}×{height} have neither subject nor flows. Choose a larger size.",
        width=project.size[0], height=project.size[1])
    return {
        **marks_json(project.marks),
        "limits": {
            "depth": DEPTH, "speed": SPEED, "width": WIDTH, "strokes": STROKES, "flows": FLOWS, "names": NAMES, "name": NAME_LENGTH,
        },
        "off": "" if takes_marks(card, project.size) else small,
    }


def flow_phrase_views(project: Project) -> list[list[object]]:
    """Phrases that start and stop the flows on the picture, as a kind of phrases with its words; empty without flows."""
    names = dict.fromkeys(flow.name for flow in project.marks.flows)
    return [["flow", [phrase for name in names for phrase in flow_phrases(name)]]] if names else []


def _points(strokes: tuple[Stroke, ...]) -> list[list[list[float]]]:
    return [[list(point) for point in stroke] for stroke in strokes]
