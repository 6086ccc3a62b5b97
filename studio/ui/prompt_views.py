"""What the page shows of the words that a model is given, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from studio.backbones.registry import reads_cast
from studio.language import join, sentence
from studio.project.timeline_text import TimelineText, put_timeline
from studio.project.wildcards import WildcardError, Wildcards
from studio.ui.words import Json, format_length

if TYPE_CHECKING:
    from studio.catalogue.cards import ModelCard
    from studio.project.model import Clock, Project, Segment, Take
    from studio.project.styles import Style

READS_ALL = sentence("They follow each segment's own prompt: the cast, then the style. Takes made with others become stale.")
NO_LISTS = Wildcards(())


def filled_view(segment: Segment, take: Take | None, wildcards: Wildcards) -> Json:
    """The words that a segment's wildcards give: those of its take, or those that its seed would choose now.

    Returns:
        `filled`: the words, "" without wildcards; `unfilled`: why there are none, "" if there is no trouble.
    """
    if take is not None and (take.segment.prompt, take.segment.seed) == (segment.prompt, segment.seed):
        return {"filled": take.words, "unfilled": ""}
    try:
        filled = wildcards.fill(segment.prompt, segment.seed)
    except WildcardError as error:
        return {"filled": "", "unfilled": error.problem}
    return {"filled": "" if filled == segment.prompt else filled, "unfilled": ""}


def blend_view(segment: Segment, clock: Clock) -> Json:
    """A segment's blend in frames and as a length, and the longest one to choose: the segment's own length."""
    longest = max(clock.rendered(segment.frames), segment.blend)
    return {"blend": segment.blend, "blend_most": longest, "blend_length": format_length(clock.seconds(segment.blend))}


def wildcard_phrases(wildcards: Wildcards) -> list[list[object]]:
    """The wildcards, as a kind of phrases with its words; empty without lists."""
    names = wildcards.names()
    return [["wildcards", [f"__{name}__" for name in names]]] if names else []


def style_views(styles: Sequence[Style], problems: Sequence[str]) -> Json:
    """Styles to choose from, and what is wrong with files of others."""
    shown = [{"name": s.name, "title": sentence(s.title), "description": sentence(s.description), "style": s.style, "cast": s.cast}
             for s in styles]
    return {"styles": shown, "problems": list(problems)}


def text_segments(project: Project, found: TimelineText) -> tuple[Segment, ...]:
    """The segments that a text would become. Raises EditError: as `put_timeline`."""
    return put_timeline(project, found).current().segments[len(project.path()) :]


def timeline_text_view(project: Project, found: TimelineText | None) -> Json:
    """What a text would become: its segments, their length when they are rendered, what they replace, and notes.

    Raises:
        EditError: there are too many, or a prompt or a length is not accepted.
    """
    if found is None:
        return {"segments": []}
    clock, rendered = project.clock, len(project.path())
    segments = text_segments(project, found)
    lengths = [clock.seconds(clock.rendered(segment.frames)) for segment in segments]
    replaced = [segment for segment in project.current().segments[rendered:] if segment.prompt]
    return {
        "segments": [{"prompt": s.prompt, "length": format_length(n)} for s, n in zip(segments, lengths, strict=True)],
        "length": format_length(sum(lengths)),
        "replaced": len(replaced),
        "notes": list(found.notes),
    }


def words_view(project: Project, card: ModelCard | None) -> Json:
    """The film's style and cast, what the model makes of them, in a sentence, and the words that their wildcards gave the head."""
    hint = READS_ALL if card is None or reads_cast(card) else sentence(
        "{model} takes light and weather from the style, where it begins, and moves the camera only if the style says “camera”. "
        "It draws nobody, so it reads no cast.", model=card.title)
    head = project.takes.get(project.head) if project.head else None
    if head and (head.style, head.cast) == (project.style, project.cast):
        gave = "; ".join(text for text in (head.style_words, head.cast_words) if text)
        hint = join(hint, sentence("With its wildcards replaced: {words}.", words=gave)) if gave else hint
    return {"style": project.style, "cast": project.cast, "hint": hint}
