"""What the page shows of the reference picture and of its frame, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.backbones.registry import sees_outside_frame, takes_frame
from studio.project.frames import default_frame, least_width, whole_frame
from studio.session.pictures import opacity_file
from studio.ui.words import Json, file_url

if TYPE_CHECKING:
    from studio.catalogue.cards import ModelCard
    from studio.project.model import Project
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
        "name": picture.name or "Reference picture",
        "width": picture.width,
        "height": picture.height,
        "frame": list(project.frame or whole_frame((picture.width, picture.height), project.size)),
    }


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
