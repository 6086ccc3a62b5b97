"""Processes that are killed at random moments of renders and saves: nothing finished is lost, and the film is as if nobody had.

STUDIO_KILLS sets how many renders and how many saves are killed (4 without it).
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open

from studio.catalogue.cards import find_models
from studio.lab import tiny
from studio.media.clip import read_clip
from studio.project.rules import check_project
from studio.session import Session, Studio
from tests import folders
from tests.fake_engine import FakeEngine
from tests.faults import children, editing_child
from tests.shelves import make_film, make_studio

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

KILLS = int(os.environ.get("STUDIO_KILLS", "4"))
STORY = """
name = "Small"
image = "start.png"
size = [64, 32]
seed = 5
preset = "draft"
[[segment]]
prompt = "the camera pans left"
frames = 24
[[segment]]
prompt = "night falls"
frames = 12
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    folders.small(root / "small")
    return root


def begun(processes: Any, target: Callable[..., None], *arguments: object) -> tuple[BaseProcess, Any]:
    """A process that has started its work, and the connection on which it reports."""
    here, there = processes.Pipe(duplex=False)
    process = processes.Process(target=target, args=(*arguments, there), daemon=True)
    process.start()
    there.close()
    return process, here


def new_film(models: Path, home: Path) -> Path:
    """The folder of a project as the story tells it, of which nothing is rendered."""
    home.mkdir(parents=True)
    tiny.picture(size=96).save(home / "start.png")
    (home / "story.toml").write_text(STORY)
    session = Studio(home / "projects", FakeEngine(), find_models(models)[0]).from_story(home / "story.toml")
    session.store.close()
    return session.folder


def finished(folder: Path) -> dict[str, int]:
    """Takes that have files of their own, and their sections."""
    notes = [json.loads(path.read_text("utf-8"))["take"] for path in folder.glob("takes/*/take.json")]
    return {take["id"]: take["sections"] for take in notes}


def memory(snapshot: Path) -> dict[str, Any]:
    """What a snapshot holds: its tensors as bytes, and its notes. The file itself may hold them in another order."""
    with safe_open(snapshot, "np") as file:
        return {key: file.get_tensor(key).tobytes() for key in file.keys()} | dict(file.metadata() or {})  # noqa: SIM118


def film_of(models: Path, folder: Path) -> list[tuple[Any, ...]]:
    """Everything of a finished film that must be the same: what was asked, the frames, and what the model remembers."""
    session = Studio(folder.parent, FakeEngine(), find_models(models)[0]).open(folder.name)
    assert session.findings == ()
    check_project(session.project)
    session.store.close()
    takes = session.project.film()
    return [
        (t.segment.prompt, t.segment.seed, t.sections, t.state, read_clip(session.store.take_folder(t.id) / "clip.mp4"),
         memory(session.store.take_folder(t.id) / "snapshot.safetensors"))
        for t in takes
    ]  # fmt: skip


def test_a_render_killed_at_random_moments_gives_the_same_film(models: Path, tmp_path: Path) -> None:
    processes = children.processes()
    dice, whole = random.Random(14), new_film(models, tmp_path / "whole")
    process, started = begun(processes, children.render, models, whole, tmp_path / "whole.mp4")
    started.recv()
    clock = time.monotonic()
    process.join()
    seconds = time.monotonic() - clock
    assert process.exitcode == 0
    wanted, kills, films = film_of(models, whole), 0, 0
    while kills < KILLS:
        films += 1
        home = tmp_path / f"film-{films}"
        folder, known = new_film(models, home), dict[str, int]()
        while True:
            process, started = begun(processes, children.render, models, folder, home / "film.mp4")
            started.recv()
            process.join(dice.uniform(0, seconds) if kills < KILLS else None)
            if process.exitcode is not None:
                assert process.exitcode == 0, (home / "film.log").read_text()
                break
            process.kill()
            process.join()
            kills += 1
            now = finished(folder)
            assert all(now.get(take, 0) >= sections for take, sections in known.items()), "a finished take is lost"
            known = now
        film = film_of(models, folder)
        assert [take[:4] for take in film] == [take[:4] for take in wanted]
        for made, meant in zip(film, wanted, strict=True):
            assert np.array_equal(made[4], meant[4]) and made[5] == meant[5]
        assert np.array_equal(read_clip(home / "film.mp4"), read_clip(tmp_path / "whole.mp4"))
        assert not [path for path in folder.rglob(".*") if path.name != ".open"], "no unfinished files are left"


def test_saves_killed_at_random_moments_lose_no_edit_that_was_saved(tmp_path: Path) -> None:
    processes = editing_child.processes()
    dice = random.Random(41)
    session: Session = make_film(make_studio(tmp_path), "segment 0")
    session.store.close()
    last = 0
    for _ in range(KILLS):
        process, saved = begun(processes, editing_child.edit, tmp_path, session.id, last + 1)
        last = saved.recv()
        time.sleep(dice.uniform(0, 0.05))
        process.kill()
        process.join()
        while True:                                              # what it had sent before
            try:
                last = saved.recv()
            except EOFError:
                break
        again = make_studio(tmp_path).open(session.id)
        again.store.close()
        prompts = [segment.prompt for segment in again.project.current().segments]
        assert again.findings == () and prompts in [[f"segment {n}" for n in range(more)] for more in (last + 1, last + 2)]
        assert again.project.name in (f"{last} segments", f"{last + 1} segments")
        last = len(prompts) - 1
        files = {path.name for path in session.folder.iterdir() if path.is_file()}
        assert files - {"undo.log"} == {".open", "project.json", "project.json.bak"}
        assert again.can_undo                                    # and a step that was saved can be undone
        if last > 300:                                           # a branch holds 400
            session = make_film(make_studio(tmp_path), "segment 0")
            session.store.close()
            last = 0
