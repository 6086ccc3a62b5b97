"""Sample stories from assets/examples for the first screen: a picture and a timeline each, and of some the film with its takes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.project.story import Story, StoryError, read_story
from studio.ui.words import file_url

FILM = "film.zip"
"""The project of a story whose takes are made, beside it: `python -m studio.lab world sample` makes it."""
EXAMPLES = Path(__file__).parents[2] / "assets" / "examples"


@dataclass(frozen=True)
class Sample:
    """A sample story; its id is the name of its folder."""

    id: str
    story: Story
    picture: Path

    @property
    def film(self) -> Path | None:
        """The project with its takes; None: they are still to be made."""
        path = self.story.path.with_name(FILM)
        return path if path.is_file() else None


def find_samples(folder: Path = EXAMPLES) -> tuple[Sample, ...]:
    """The stories under `folder`, those with a film first, sorted by name.

    A damaged one is left out, so that the page opens, and so is one without a picture."""
    samples = []
    for path in sorted(folder.glob("*/story.toml")):
        try:
            story = read_story(path)
        except StoryError:
            continue
        if story.image:
            samples.append(Sample(path.parent.name, story, story.image))
    return tuple(sorted(samples, key=lambda sample: sample.film is None))


def sample_views(samples: tuple[Sample, ...]) -> list[dict[str, Any]]:
    """What the first screen shows of each sample, as JSON."""
    return [
        {
            "id": s.id,
            "name": s.story.name,
            "picture": file_url(s.picture),
            "segments": len(s.story.segments),
            "made": s.film is not None,
            "first": s.story.segments[0].prompt if s.story.segments else "",
        }
        for s in samples
    ]
