"""Sample stories to begin with: a picture and a timeline each. It reads assets/examples and knows no project."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.project.story import Story, StoryError, read_story
from studio.ui.words import link

EXAMPLES = Path(__file__).parents[2] / "assets" / "examples"


@dataclass(frozen=True)
class Sample:
    """A story in a folder of its own; the folder's name is its id."""

    id: str
    story: Story


def find_samples(folder: Path = EXAMPLES) -> tuple[Sample, ...]:
    """Stories under `folder`, by name. A bad one is left out: it must not keep the page from opening."""
    found = []
    for path in sorted(folder.glob("*/story.toml")):
        try:
            found.append(Sample(path.parent.name, read_story(path)))
        except StoryError:
            continue
    return tuple(found)


def cards(samples: tuple[Sample, ...]) -> list[dict[str, Any]]:
    """What the first screen shows of each sample."""
    return [
        {
            "id": s.id,
            "name": s.story.name,
            "picture": link(s.story.image),
            "segments": len(s.story.segments),
            "first": s.story.segments[0].prompt if s.story.segments else "",
        }
        for s in samples
    ]
