"""A film that begins with a video, as a document: the edit, the file, and what differs from it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from studio.marks import Marks
from studio.project import edits
from studio.project.codec import parse_project, project_table
from studio.project.model import Project
from studio.project.rules import FormatError
from studio.project.shots import Place, place_of_take
from studio.project.sources import Video
from studio.project.take_requests import next_request
from tests.project.builders import REFERENCE, film, rendered

VIDEO = Video("media/0123456789abcdef.video", "0123456789abcdef" * 4, 6.5, "waves.mp4")


def begun(beyond: bool = True) -> Project:
    return edits.begin_with_video(edits.new("A film"), VIDEO, REFERENCE, 72, beyond)


def test_the_document_keeps_the_video() -> None:
    project = begun()
    table = json.loads(json.dumps(project_table(project)))
    assert parse_project(table) == project
    first = table["branches"][0]["segments"][0]
    assert first["video"]["name"] == "waves.mp4" and "video" not in table["branches"][0]["segments"][1]
    first["video"]["newer"] = 1
    assert project_table(parse_project(table))["branches"][0]["segments"][0]["video"]["newer"] == 1
    first["video"]["file"] = "../elsewhere.video"
    with pytest.raises(FormatError, match="leads out of the project"):
        parse_project(table)


def test_a_segment_after_a_long_video_has_one_section() -> None:
    first, new, _ = edits.add_segment(begun(), 1).current().segments
    assert (first.frames, new.frames) == (72, 36)


def test_begin_again_with_another_video() -> None:
    project = edits.edit_segment(begun(), 1, prompt="the wave breaks")
    again = edits.begin_with_video(project, replace(VIDEO, name="sea.mp4"), REFERENCE, 36, False)
    assert [(s.prompt, s.video and s.video.name, s.frames) for s in again.current().segments] == [
        ("", "sea.mp4", 36), ("the wave breaks", None, 36)]
    assert again.marks == Marks() and again.frame is None


def test_places_after_a_video() -> None:
    project = begun()
    ask = next_request(project)
    assert place_of_take(project, ask.take).video == ask.take.id
    take = rendered(project, project.current().segments[0], None, marks=project.marks)
    project = edits.add_take(project, take)
    assert not edits.stale_takes(project)
    after = rendered(project, project.current().segments[1], take.id, marks=project.marks)
    assert place_of_take(project, after) == Place(REFERENCE.sha256, None, Marks(beyond=True), take.id)
    assert place_of_take(project, after) == place_of_take(project, take), "the memory of the video is that of what follows it"


def test_another_picture_takes_the_videos_place() -> None:
    other = replace(REFERENCE, sha256="f" * 64)
    assert all(s.video is None for s in edits.set_reference(begun(), other).current().segments)
    assert edits.set_reference(begun(), REFERENCE).current().segments[0].video == VIDEO
    plain = film("a")
    assert edits.drop_video(plain) is plain
    made = edits.add_take(plain, rendered(plain, plain.current().segments[0], None))
    with pytest.raises(edits.EditError, match="has takes already"):
        edits.begin_with_video(made, VIDEO, REFERENCE, 36, False)
