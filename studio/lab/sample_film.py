"""The film of a sample story: a project with all its takes, which the studio's first screen opens."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from studio.commands.render import render_story
from studio.media import MediaError
from studio.project.story import StoryError
from studio.session import EditError, StoreError
from studio.session.project_zip import pack
from studio.ui.gallery import FILM


class SampleError(Exception):
    """The film cannot be made. The message says why."""


def make_sample(story: Path, models: Path) -> None:
    """Render a story and write its project beside it.

    Args:
        story: its file. models: the folder of models.

    Raises:
        SampleError: the story cannot be used, or rendering failed.
    """
    with TemporaryDirectory() as home:
        try:
            session = render_story(story, models, Path(home))
            pack(session.project, session.store, story.with_name(FILM), story.parent.name)
        except (StoryError, EditError, StoreError, MediaError) as error:
            raise SampleError(str(error)) from error
