"""What the page says of what a model sees of the film, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.backbones.registry import context_of, encodes_video, memory_words
from studio.language import join, sentence
from studio.language.lists import with_and
from studio.memory.context_sizes import FRAMEPACK_CONTEXT
from studio.ui.words import Json, format_length

if TYPE_CHECKING:
    from studio.catalogue.cards import ModelCard
    from studio.project.model import Project


def memory_view(project: Project, card: ModelCard | None) -> Json:
    """What the model sees of the film when it renders the next section, as a sentence and as counts of latent frames."""
    context = context_of(card) if card else FRAMEPACK_CONTEXT
    film = project.film()
    videos = [place for place, take in enumerate(film) if take.segment.video]
    from_video = bool(videos) and card is not None and not encodes_video(card)      # it sees no more than the last frame of a video
    if from_video:
        film = film[videos[-1] + 1 :]
    first = sentence("the film’s first frame") if project.from_words else sentence("the reference picture")
    began = sentence("the video’s last frame") if from_video else first
    frames = sum(t.frames for t in film)
    seen = min(frames, card.frames_back(project.size, context.recent) if card else 4 * context.recent)
    latents = (card.latents_back(project.size, seen - 1) + 1 if card else seen // 4) if seen else 0
    starts = context.start or not frames
    from_nothing = project.from_words and not frames
    remembers = card is not None and card.has_memory
    time = project.clock
    if from_nothing:
        words = sentence("The next take begins from words alone: there is nothing to see yet.")
    elif not frames:
        words = sentence("The next take starts from {start} alone.", start=began)
    elif seen == frames:
        rest = sentence("all that follows it") if from_video else sentence("all of the film so far")
        words = sentence(
            "The model sees {what} ({length}).", what=with_and([began, rest]) if starts else rest,
            length=format_length(time.seconds(frames)))
    else:
        before = format_length(time.seconds(frames - seen))
        rest = sentence("the last {length} of the film", length=format_length(time.seconds(seen)))
        words = join(
            sentence("The model sees {what}.", what=with_and([began, rest]) if starts else rest),
            sentence(
                "Of the {length} before that it keeps {memory}.", length=before, memory=memory_words(card, project.size))
            if card and remembers else sentence("It has no memory of the {length} before that.", length=before))
    return {
        "sentence": words, "recent": latents, "context": list(context.sizes), "starts": starts and not from_nothing,
        "remembers": remembers, "packed": remembers and frames > seen,
    }
