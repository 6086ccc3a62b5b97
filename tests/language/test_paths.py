"""Visitors of a shared studio are told the names of files, and not where these lie."""

from __future__ import annotations

import errno
import os
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import pytest

from studio.language import Sentence, hide_folders, join, localize, sentence, sentences
from studio.memory.snapshot import SnapshotError, read_snapshot
from studio.project import edits
from studio.session import Studio
from studio.ui.api import PageApi
from tests.fake_engine import FakeEngine, card
from tests.shelves import make_film

HOME = "/srv/the films/ab12"
SNAPSHOT = PurePosixPath(HOME) / "takes/7f/snapshot.safetensors"
REFUSED = str(PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(SNAPSHOT)))


@pytest.mark.parametrize(("value", "shown"), [
    (SNAPSHOT, "snapshot.safetensors"),
    (str(SNAPSHOT), "snapshot.safetensors"),
    (PureWindowsPath(r"C:\My films\ab12\clip.mp4"), "clip.mp4"),
    (r"C:\My films\ab12\clip.mp4", "clip.mp4"),
    (r"\\server\share\clip.mp4", "clip.mp4"),
    (REFUSED, "[Errno 13] Permission denied: 'snapshot.safetensors'"),
    ("cannot open /srv/films/a/clip.mp4: no such file", "cannot open clip.mp4: no such file"),
    ("two of them, (/srv/films/a and /srv/films/b/)", "two of them, (a and b)"),
    (r"cannot open C:\films\a\clip.mp4.", "cannot open clip.mp4."),
    (sentence("{file} is missing", file=SNAPSHOT), "snapshot.safetensors is missing"),
    (join("Well.", str(SNAPSHOT)), "Well. snapshot.safetensors"),
])  # fmt: skip
def test_a_file_is_called_by_its_name(value: object, shown: str) -> None:
    said = hide_folders(sentence("So: {value}", value=value))
    assert said == f"So: {shown}" and isinstance(said, Sentence) and HOME not in localize(said, "de")


@pytest.mark.parametrize("text", [
    "day/night", "a / b", "/imagine a sea", "and/or", "3 km/h", "https://example.org/films/a", "media/ab12.png", "1/2", "/",
    "gradio_api/file=/srv/films/a/poster.webp?v=7", PurePosixPath("media/ab12.png"), 7, 0.5, None, "",
])  # fmt: skip
def test_what_is_no_path_stays(text: object) -> None:
    said = sentence("So: {text}", text=text)
    assert hide_folders(said) is said


def test_only_sentences_are_changed() -> None:
    view = {"poster": f"gradio_api/file={SNAPSHOT}", "prompt": str(SNAPSHOT), "numbers": (1, 2.5, None), "nested": [
        {"message": sentences("{number} file in {folder}", "{number} files in {folder}", 3, folder=Path(HOME))}]}
    shown = hide_folders(view)
    assert shown == view | {"nested": [{"message": "3 files in ab12"}]}
    assert shown["nested"][0]["message"].plural and shown["nested"][0]["message"].number == 3


def test_a_snapshot_that_is_missing_and_damaged(tmp_path: Path) -> None:
    (tmp_path / "damaged.safetensors").write_bytes(b"rubbish")
    for name in ("gone", "damaged"):
        with pytest.raises(SnapshotError) as error:
            read_snapshot(tmp_path / f"{name}.safetensors")
        shown = hide_folders(error.value.args[0])
        assert str(tmp_path) in str(error.value)
        assert str(tmp_path) not in shown and shown.startswith(f"The snapshot {name}.safetensors ")


@pytest.mark.parametrize("public", [True, False])
@pytest.mark.parametrize("language", ["en", "de"])
def test_the_page_of_a_shared_studio_names_no_folder(
    studio: Studio, tmp_path: Path, public: bool, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = make_film(studio, "a")
    api = PageApi(Studio(studio.home, FakeEngine(), (card(),), shared=public), (), tmp_path / "uploads", public)
    session.store.close()

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    api.studio.open(session.id).edit(edits.rename, "Sea")
    monkeypatch.setattr("studio.project.files.atomic_write", refuse)
    reply = api.answer({"verb": "rename", "project": session.id, "name": "Lake", "language": language})
    message = reply["notice"]["message"]
    assert not reply["ok"] and (str(studio.home) in message) is not public and session.id in message
