"""Sample stories from assets/examples for the first screen: a picture and a timeline each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.project.story import Story, StoryError, read_story
from studio.ui.words import file_url

EXAMPLES = Path(__file__).parents[2] / "assets" / "examples"


@dataclass(frozen=True)
class Sample:
    """A sample story; its id is the name of its folder."""

    id: str
    story: Story


def find_samples(folder: Path = EXAMPLES) -> tuple[Sample, ...]:
    """The stories under `folder`, sorted by name. A damaged one is left out, so that the page opens all the same."""
    samples = []
    for path in sorted(folder.glob("*/story.toml")):
        try:
            samples.append(Sample(path.parent.name, read_story(path)))
        except StoryError:
            continue
    return tuple(samples)


def sample_views(samples: tuple[Sample, ...]) -> list[dict[str, Any]]:
    """What the first screen shows of each sample, as JSON."""
    return [
        {
            "id": s.id,
            "name": s.story.name,
            "picture": file_url(s.story.image),
            "segments": len(s.story.segments),
            "first": s.story.segments[0].prompt if s.story.segments else "",
        }
        for s in samples
    ]
